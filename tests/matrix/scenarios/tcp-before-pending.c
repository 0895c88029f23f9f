/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CONNECTED, GO, SENT, RESET };

/* Two connections wait in its queue when pidtap comes. Of these it accepts one, and late. */
static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	answer(fd, 500);
	gate_wait(s, RESET);
	sk_close(listener);
	sk_recv_end(fd);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int first, second;

	gate_wait(s, LISTENS);
	first = tcp_connect(s);
	second = tcp_connect(s);
	gate_open(s, CONNECTED);
	gate_wait(s, GO);
	sk_send(first, 500);
	sk_send(second, 500);
	sk_wait_acked(first);
	sk_wait_acked(second);
	gate_open(s, SENT);
	sk_recv(first, 500);
	sk_reset(second);
	gate_open(s, RESET);
	sk_close(first);
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
	gate_wait(s, CONNECTED);
}

static void run(struct scene *s)
{
	gate_open(s, GO);
}

SCENARIO(.name = "tcp-before-pending", .about = "connections older than the capture, that nobody had accepted", .before = before, .run = run);
