/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, ANSWERED, CHILD_ANSWERED };
#define TURNS 3

static int conn;

static void child(struct scene *s)
{
	for (int i = 0; i < TURNS; i++) {
		gate_wait(s, ANSWERED);
		pause_ms(TURN_MS);
		ask(conn, 200);
		gate_open(s, CHILD_ANSWERED);
	}
}

static void client(struct scene *s)
{
	gate_wait(s, LISTENS);
	conn = tcp_connect(s);
	spawn(s, "child", NULL, child);
	for (int i = 0; i < TURNS; i++) {
		ask(conn, 100);
		gate_open(s, ANSWERED);
		gate_wait(s, CHILD_ANSWERED);
		pause_ms(TURN_MS);
	}
	reap_all(s);
	sk_close(conn);
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	for (int i = 0; i < TURNS; i++) {
		answer(fd, 100);
		answer(fd, 200);
	}
	sk_recv_end(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-shared", .about = "parent and child send on one connection in turns", .run = run);
