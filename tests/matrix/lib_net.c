/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define POLL_MS 2
#define UP_MS 10000
#define DATAGRAMS 3
#define DATAGRAM_BYTES 100

/* No other exchange is on its way meanwhile. */
#define GATE_READY (GATE_CNT - 2)

/* ---- topology ---- */

void net_veth(const char *ns1, const char *dev1, const char *ns2, const char *dev2)
{
	char first[128];

	snprintf(first, sizeof(first), "%s", ns_name(ns1));
	sh("ip -n %s link add %s type veth peer name %s netns %s", first, dev1, dev2, ns_name(ns2));
}

void net_addr(const char *ns, const char *dev, int net, int host)
{
	sh("ip -n %s address add 10.%d.0.%d/24 dev %s", ns_name(ns), net, host, dev);
	sh("ip -n %s address add fd%d::%d/64 dev %s nodad", ns_name(ns), net, host, dev);
	sh("ip -n %s link set %s up", ns_name(ns), dev);
}

void net_gateway(const char *ns, int net, int host)
{
	sh("ip -n %s route add default via 10.%d.0.%d", ns_name(ns), net, host);
	sh("ip -n %s -6 route add default via fd%d::%d", ns_name(ns), net, host);
}

void net_forward(const char *ns)
{
	sh("nsenter --net=%s sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'",
	   ns_path(ns));
}

void net_wait_up(const char *ns, const char *dev)
{
	for (int ms = 0; ms < UP_MS; ms += POLL_MS) {
		if (sh_ok("ip -n %s -o link show dev %s | grep -q LOWER_UP", ns_name(ns), dev))
			return;
		pause_ms(POLL_MS);
	}
	errno = 0;
	fail("%s in %s does not come up", dev, ns);
}

bool net_can(const char *command)
{
	return sh_ok("unshare -n sh -c 'ip link set lo up; ip %s' >/dev/null 2>&1", command);
}

bool net_is_linux(unsigned int major, unsigned int minor)
{
	unsigned int at[2] = {0, 0};
	struct utsname u;

	if (!uname(&u))
		sscanf(u.release, "%u.%u", &at[0], &at[1]);
	return at[0] != major ? at[0] > major : at[1] >= minor;
}

/* ---- places ---- */

static char *address(const struct scene *s, const struct net_place *at)
{
	const char *format = s->dual ? "::ffff:10.%d.0.%d" : s->family == AF_INET ? "10.%d.0.%d" : "fd%d::%d";
	char text[INET6_ADDRSTRLEN], *out;

	snprintf(text, sizeof(text), format, at->net, at->host);
	if (asprintf(&out, "%s", text) < 0)
		fail("out of memory");
	return out;
}

void net_between(struct scene *s, const struct net_place *client, const struct net_place *server)
{
	s->client_ns = client->ns;
	s->client_addr = address(s, client);
	s->server_ns = server->ns;
	s->server_addr = address(s, server);
	s->bind_addr = s->dual ? "::" : s->server_addr;
}

static void exchange(struct scene *s, void (*server)(struct scene *s), void (*client)(struct scene *s))
{
	pid_t pid = spawn_server(s, server);

	gate_wait(s, GATE_READY);
	reap(s, spawn_client(s, client));
	reap(s, pid);
}

/* ---- TCP ---- */

static size_t tcp_bytes;

static void tcp_server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, GATE_READY);
	fd = tcp_accept(listener);
	answer(fd, tcp_bytes);
	sk_recv_end(fd);
}

static void tcp_client(struct scene *s)
{
	int fd = tcp_connect(s);

	ask(fd, tcp_bytes);
	sk_close(fd);
}

void net_tcp(struct scene *s, size_t bytes)
{
	tcp_bytes = bytes;
	exchange(s, tcp_server, tcp_client);
}

/* ---- UDP ---- */

static void udp_server(struct scene *s)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();
	char data[DATAGRAM_BYTES];

	sk_bind(fd, s->bind_addr, s->port);
	truth_sock(fd, "udp", since);
	gate_open(s, GATE_READY);
	for (int i = 0; i < DATAGRAMS; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);

		if (recvfrom(fd, data, sizeof(data), 0, (void *)&from, &len) != DATAGRAM_BYTES)
			fail("recvfrom");
		truth_got(fd, DATAGRAM_BYTES);
		truth_act(fd, DATAGRAM_BYTES);
		if (sendto(fd, data, sizeof(data), 0, (void *)&from, len) != DATAGRAM_BYTES)
			fail("sendto");
	}
}

/* Neither bound nor connected: the kernel chooses port and address when it sends. */
static void udp_client(struct scene *s)
{
	char data[DATAGRAM_BYTES] = "";
	int fd = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);

	for (int i = 0; i < DATAGRAMS; i++) {
		truth_act(fd, sizeof(data));
		if (sendto(fd, data, sizeof(data), 0, (void *)&to, len) != DATAGRAM_BYTES)
			fail("sendto");
		if (!i)
			truth_sock(fd, "udp", since);
		sk_recv(fd, sizeof(data));
	}
	sk_close(fd);
}

static void udp_connected_client(struct scene *s)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);

	sk_bind(fd, s->client_addr, 0);
	if (connect(fd, (void *)&to, len))
		fail("connect");
	truth_sock(fd, "udp", since);
	for (int i = 0; i < DATAGRAMS; i++)
		ask(fd, DATAGRAM_BYTES);
	sk_close(fd);
}

void net_udp(struct scene *s)
{
	exchange(s, udp_server, udp_client);
}

void net_udp_connected(struct scene *s)
{
	s->bind_addr = s->server_addr;
	exchange(s, udp_server, udp_connected_client);
}
