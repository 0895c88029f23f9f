/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <errno.h>

enum { LISTENS, SENT };

static void server(struct scene *s)
{
	tcp_listen(s);
	gate_open(s, LISTENS);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
}

static void client(struct scene *s)
{
	char byte;
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	sk_send(fd, 1000);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	if (recv(fd, &byte, 1, 0) != -1 || errno != ECONNRESET)
		fail("not reset");
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-listener-dies", .about = "the server dies before it accepts: a reset", .run = run);
