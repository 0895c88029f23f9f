/* SPDX-License-Identifier: BSD-2-Clause */
/* 20 processes, 2,000 connections a second: of IPv4 the clients are in a, of IPv6 the servers. */
#include "tests/matrix/lib_load.h"

enum { LISTENS, START };
#define CLIENTS 10 /* a pass; as many servers */
#define PER_SECOND 100 /* of each */
#define SECONDS 10

static int number; /* of this client and server */

static void server(struct scene *s)
{
	int listener, conns = load_scaled(PER_SECOND * SECONDS);

	s->port = (uint16_t)(s->port + number);
	listener = tcp_listen(s);
	gate_open(s, LISTENS);
	while (conns--) {
		int fd = tcp_accept(listener);

		answer(fd, 100);
		sk_recv_end(fd);
		sk_close(fd);
	}
}

static void client(struct scene *s)
{
	int conns = load_scaled(PER_SECOND * SECONDS);

	s->port = (uint16_t)(s->port + number);
	gate_wait(s, START);
	for (int i = 0; i < conns; i++) {
		int fd;

		load_pace(i, load_scaled(PER_SECOND));
		fd = tcp_connect(s);
		ask(fd, 100);
		sk_close(fd);
	}
}

static void run(struct scene *s)
{
	static const struct net_place a = {"a", 98, 1}, b = {"b", 98, 2};
	bool v4 = s->family == AF_INET;

	net_between(s, v4 ? &a : &b, v4 ? &b : &a);
	for (number = 0; number < CLIENTS; number++)
		spawn_server(s, server);
	for (number = 0; number < CLIENTS; number++)
		spawn_client(s, client);
	for (int i = 0; i < CLIENTS; i++)
		gate_wait(s, LISTENS);
	gate_open_for(s, START, CLIENTS);
}

SCENARIO(.name = "load-short", .about = "2,000 short connections a second", .passes = AT_ONCE | OVER_V4 | OVER_V6, .run = run);
