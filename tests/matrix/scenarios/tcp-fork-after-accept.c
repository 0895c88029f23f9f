/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CLOSED, SENT };

static int listener, conn;

/* The child acts only when its parent has let go and data has come. */
static void child(struct scene *s)
{
	sk_close(listener);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	sk_recv(conn, 400);
	sk_send(conn, 300);
	sk_recv_end(conn);
}

static void server(struct scene *s)
{
	listener = tcp_listen(s);
	gate_open(s, LISTENS);
	conn = tcp_accept(listener);
	answer(conn, 100);
	spawn(s, "child", NULL, child);
	sk_close(conn);
	gate_open(s, CLOSED);
	reap_all(s);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	gate_wait(s, CLOSED);
	pause_ms(LATE_MS);
	sk_send(fd, 400);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_recv(fd, 300);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-fork-after-accept", .about = "the child serves, the parent closes", .run = run);
