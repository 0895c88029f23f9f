/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CLOSED, SENT };

static int conn;

static void child(struct scene *s)
{
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	sk_recv(conn, 400);
	sk_send(conn, 300);
	sk_close(conn);
}

static void client(struct scene *s)
{
	gate_wait(s, LISTENS);
	conn = tcp_connect(s);
	ask(conn, 100);
	spawn(s, "child", NULL, child);
	sk_close(conn);
	gate_open(s, CLOSED);
	reap_all(s);
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	gate_wait(s, CLOSED);
	pause_ms(LATE_MS);
	sk_send(fd, 400);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_recv_end(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-fork-after-connect", .about = "the client forks, the child goes on, the parent closes", .run = run);
