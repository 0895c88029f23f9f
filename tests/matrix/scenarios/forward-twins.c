/* SPDX-License-Identifier: BSD-2-Clause */
/* A namespace that is nowhere near has the address of c, and what listens there: whose a packet is cannot be known before its
 * taker has answered. To name one of the other would be wrong, and c's a guess.
 *
 *   b 10.98.0.2 -- 10.98.0.1 a 10.95.0.1 -- 10.95.0.2 c      d 10.95.0.2
 */
#include "tests/matrix/lib_router.h"

#include <errno.h>

enum { LISTENS, TWIN_LISTENS, OVER };
#define DATAGRAMS 3
#define BYTES 50

static void setup(void)
{
	router_setup();
	ns_add("d");
	sh("ip -n %s address add 10.95.0.2/32 dev lo", ns_name("d"));
	sh("ip -n %s address add fd95::2/128 dev lo nodad", ns_name("d"));
}

static const char *any_addr(const struct scene *s)
{
	return s->family == AF_INET ? "0.0.0.0" : "::";
}

static int udp_bound(struct scene *s, uint16_t port)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();

	sk_bind(fd, any_addr(s), port);
	truth_sock(fd, "udp", since);
	return fd;
}

/* Takes all and says nothing. */
static void server(struct scene *s)
{
	int fd = udp_bound(s, s->port);

	gate_open(s, LISTENS);
	for (int i = 0; i < DATAGRAMS; i++)
		sk_recv(fd, BYTES);
}

/* What c has, and a port that c has not. */
static void twin(struct scene *s)
{
	int tcp = sk_new(s, SOCK_STREAM, 0);

	udp_bound(s, s->port);
	sk_bind(tcp, any_addr(s), s->port);
	tcp_listen_fd(tcp);
	gate_open(s, TWIN_LISTENS);
	gate_wait(s, OVER);
}

static void udp_client(struct scene *s)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	uint64_t since = now_ns();

	if (connect(fd, (void *)&to, len))
		fail("connect");
	truth_sock(fd, "udp", since);
	for (int i = 0; i < DATAGRAMS; i++)
		sk_send(fd, BYTES);
	sk_close(fd);
}

static void tcp_client(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0), err = tcp_try_connect(s, fd);

	errno = -err;
	if (err != -ECONNREFUSED)
		fail("was not refused");
	sk_close(fd);
}

static void run(struct scene *s)
{
	pid_t pid;

	net_between(s, &router_b, &router_c);
	spawn(s, "twin", "d", twin);
	gate_wait(s, TWIN_LISTENS);
	pid = spawn_server(s, server);
	gate_wait(s, LISTENS);
	reap(s, spawn_client(s, udp_client));
	reap(s, pid);
	reap(s, spawn_client(s, tcp_client));
	gate_open(s, OVER);
}

SCENARIO(.name = "forward-twins", .about = "forwarded to an address that two namespaces have: never the other one's",
	.passes = AT_ONCE, .through = "b c", .sees = {"\\(veth1, proc client:.*, out, attr=host"}, .setup = setup, .run = run);
