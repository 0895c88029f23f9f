/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	sk_recv_end(fd);
}

/* exit closes the socket */
static void client(struct scene *s)
{
	gate_wait(s, LISTENS);
	tcp_connect(s);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-die-at-once", .about = "a client connects and is gone", .run = run);
