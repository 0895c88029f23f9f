/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CONNECTED, GO };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	gate_open(s, CONNECTED);
	answer(fd, 200);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	gate_wait(s, GO);
	ask(fd, 200);
	sk_close(fd);
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

SCENARIO(.name = "tcp-before-active", .about = "a connection older than the capture, both ends act", .before = before, .run = run);
