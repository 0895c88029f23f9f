/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, FORKED, GO, SENT, LEFT, SENT_AGAIN };

static int conn;

static void child(struct scene *s)
{
	gate_open(s, FORKED);
	gate_wait(s, SENT_AGAIN);
	pause_ms(LATE_MS);
	sk_recv(conn, 700);
	sk_send(conn, 300);
	sk_recv_end(conn);
	sk_close(conn);
}

/* Both hold the connection when pidtap comes; the parent lets go, and only then does the child act. */
static void server(struct scene *s)
{
	int listener = tcp_listen(s);

	gate_open(s, LISTENS);
	conn = tcp_accept(listener);
	sk_close(listener);
	spawn(s, "child", NULL, child);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	sk_close(conn);
	gate_open(s, LEFT);
	reap_all(s);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	gate_wait(s, GO);
	sk_send(fd, 300);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	gate_wait(s, LEFT);
	pause_ms(LATE_MS);
	sk_send(fd, 400);
	sk_wait_acked(fd);
	gate_open(s, SENT_AGAIN);
	sk_recv(fd, 300);
	sk_close(fd);
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
	gate_wait(s, FORKED);
}

static void run(struct scene *s)
{
	gate_open(s, GO);
}

SCENARIO(.name = "tcp-before-shared", .about = "a connection older than the capture, held by two, of whom the first lets go", .before = before, .run = run);
