/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, DONE };

/* listens since before pidtap, and never accepts */
static void server(struct scene *s)
{
	int listener = tcp_listen(s);

	gate_open(s, LISTENS);
	gate_wait(s, DONE);
	pause_ms(LATE_MS);
	sk_close(listener);
}

static void client(struct scene *s)
{
	int fd = tcp_connect(s);

	sk_send(fd, 500);
	sk_wait_acked(fd);
	sk_close(fd);
	gate_open(s, DONE);
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	gate_wait(s, LISTENS);
}

static void run(struct scene *s)
{
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-before-unaccepted", .about = "a listener older than the capture, that never accepts", .before = before, .run = run);
