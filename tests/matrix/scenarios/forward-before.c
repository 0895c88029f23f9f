/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers on any address in a namespace that is not captured, older than the start: one that is to accept, late, and one that only
 * receives. */
#include "tests/matrix/lib_router.h"

enum { LISTENS, GOES };
#define DATAGRAMS 3
#define BYTES 50

static void server(struct scene *s)
{
	int listener, udp, fd;
	uint64_t since;

	s->bind_addr = s->family == AF_INET ? "0.0.0.0" : "::";
	listener = tcp_listen(s);
	since = now_ns();
	udp = sk_new(s, SOCK_DGRAM, 0);
	sk_bind(udp, s->bind_addr, s->port);
	truth_sock(udp, "udp", since);
	gate_open(s, LISTENS);
	gate_wait(s, GOES);
	for (int i = 0; i < DATAGRAMS; i++)
		sk_recv(udp, BYTES);
	sk_wait_readable(listener);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	sk_recv_end(fd);
}

static void before(struct scene *s)
{
	net_between(s, &router_b, &router_c);
	spawn_server(s, server);
	gate_wait(s, LISTENS);
}

static void client(struct scene *s)
{
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	int udp = sk_new(s, SOCK_DGRAM, 0), fd;
	uint64_t since = now_ns();

	if (connect(udp, (void *)&to, len))
		fail("connect");
	truth_sock(udp, "udp", since);
	for (int i = 0; i < DATAGRAMS; i++)
		sk_send(udp, BYTES);
	fd = tcp_connect(s);
	ask(fd, 100);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_client(s, client);
	gate_open(s, GOES);
}

SCENARIO(.name = "forward-before", .about = "to servers on any address that are older than the capture", .passes = AT_ONCE,
	.through = "b c", .sees = {"\\(veth0, proc server:.*, in, attr=host.*UDP"}, .setup = router_setup, .before = before, .run = run);
