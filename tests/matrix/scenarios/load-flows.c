/* SPDX-License-Identifier: BSD-2-Clause */
/* 50,000 flows open at once, five times what the kernel's map holds by default: 4,000 TCP connections, of which both ends are on
 * this host and so are two flows, then 42,000 UDP sockets. Then the other side sends to the oldest of them, of which the map
 * knows nothing any more, and they answer.
 */
#include "tests/matrix/lib_load.h"

#include <stdlib.h>

enum { TCP_READY, UDP_READY, OPEN, TCP_AGAIN, UDP_AGAIN, ANSWERED, END };
#define CLIENTS 20
#define TCP_EACH 200
#define UDP_EACH 2100
#define UDP_OLD 300 /* the first of these get something back */
#define FEW_FILES 100 /* besides the sockets */
#define QUEUE_BYTES (64 << 20)

static const struct net_place a = {"a", 98, 1}, b = {"b", 98, 2};

/* ---- b ---- */

static void tcp_server(struct scene *s)
{
	int cnt = CLIENTS * load_scaled(TCP_EACH), listener, *fds = calloc((size_t)cnt, sizeof(*fds));

	load_allow_files(cnt + FEW_FILES);
	listener = tcp_listen(s);
	gate_open_for(s, TCP_READY, CLIENTS);
	for (int i = 0; i < cnt; i++)
		fds[i] = tcp_accept(listener);
	gate_wait(s, TCP_AGAIN);
	for (int i = 0; i < cnt; i++)
		sk_send(fds[i], sizeof(int));
	for (int i = 0; i < cnt; i++)
		sk_recv(fds[i], sizeof(int));
	gate_wait(s, END);
}

/* What comes is the number of the socket, of those its process has. */
static void udp_server(struct scene *s)
{
	int each = load_scaled(UDP_EACH), old = load_scaled(UDP_OLD), fd = sk_new(s, SOCK_DGRAM, 0), number, n = 0;
	struct sockaddr_storage *peers = calloc((size_t)(CLIENTS * old), sizeof(*peers)), from;
	uint64_t since = now_ns();
	socklen_t len = sizeof(from);

	sk_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES);
	sk_bind(fd, s->server_addr, s->port);
	truth_sock(fd, "udp", since);
	gate_open_for(s, UDP_READY, CLIENTS);
	for (int i = 0; i < CLIENTS * each; i++) {
		if (recvfrom(fd, &number, sizeof(number), 0, (void *)&from, &len) != sizeof(number))
			fail("recvfrom");
		if (number < old)
			peers[n++] = from;
	}
	gate_wait(s, UDP_AGAIN);
	for (int i = 0; i < n; i++) {
		truth_act(fd, sizeof(number));
		if (sendto(fd, &number, sizeof(number), 0, (void *)&peers[i], len) != sizeof(number))
			fail("sendto");
	}
	for (int i = 0; i < n; i++)
		sk_recv(fd, sizeof(number));
}

/* ---- a ---- */

static int udp_open(struct scene *s, int number)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	uint64_t since = now_ns();

	if (connect(fd, (void *)&to, len))
		fail("connect");
	truth_sock(fd, "udp", since);
	truth_act(fd, sizeof(number));
	if (send(fd, &number, sizeof(number), 0) != sizeof(number))
		fail("send");
	return fd;
}

static void client(struct scene *s)
{
	int tcp_cnt = load_scaled(TCP_EACH), udp_cnt = load_scaled(UDP_EACH), old = load_scaled(UDP_OLD);
	int *tcp = calloc((size_t)tcp_cnt, sizeof(*tcp)), *udp = calloc((size_t)udp_cnt, sizeof(*udp));

	load_allow_files(tcp_cnt + udp_cnt + FEW_FILES);
	gate_wait(s, TCP_READY);
	gate_wait(s, UDP_READY);
	for (int i = 0; i < tcp_cnt; i++)
		tcp[i] = tcp_connect(s);
	for (int i = 0; i < udp_cnt; i++)
		udp[i] = udp_open(s, i);
	gate_open(s, OPEN);
	for (int i = 0; i < tcp_cnt; i++)
		answer(tcp[i], sizeof(int));
	for (int i = 0; i < old; i++)
		answer(udp[i], sizeof(int));
	gate_open(s, ANSWERED);
	gate_wait(s, END);
}

/* One address has not so many ephemeral ports by default. */
static void setup(void)
{
	sh("nsenter --net=%s sh -c 'echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range'", ns_path("a"));
}

static void run(struct scene *s)
{
	net_between(s, &a, &b);
	spawn(s, "tcp-server", "b", tcp_server);
	spawn(s, "udp-server", "b", udp_server);
	for (int i = 0; i < CLIENTS; i++)
		spawn_client(s, client);
	for (int i = 0; i < CLIENTS; i++)
		gate_wait(s, OPEN);
	gate_open(s, TCP_AGAIN);
	gate_open(s, UDP_AGAIN);
	for (int i = 0; i < CLIENTS; i++)
		gate_wait(s, ANSWERED);
	/* both ends of a connection at once: who closed it is known for a while only */
	gate_open_for(s, END, CLIENTS + 1);
}

SCENARIO(.name = "load-flows", .about = "50,000 flows open at once", .passes = AT_ONCE | OVER_V4, .setup = setup,
	.run = run, .says = "[1-9][0-9]* owners evicted in the kernel");
