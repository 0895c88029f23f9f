/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { CONNECTED };

/* in accept when pidtap starts */
static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, CONNECTED);
	fd = tcp_accept(listener);
	answer(fd, 100);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd = tcp_connect(s);

	ask(fd, 100);
	sk_close(fd);
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	gate_wait(s, CONNECTED);
}

static void run(struct scene *s)
{
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-before-listener", .about = "a listener older than the capture, in accept", .before = before, .run = run);
