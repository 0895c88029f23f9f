/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CLOSED };

static void server(struct scene *s)
{
	int listener = tcp_listen(s);

	gate_open(s, LISTENS);
	gate_wait(s, CLOSED);
	pause_ms(LATE_MS);
	sk_close(listener);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	sk_send(fd, 1000);
	sk_wait_acked(fd);
	sk_close(fd);
	gate_open(s, CLOSED);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-never-accept", .about = "the server never accepts; the client gives up", .run = run);
