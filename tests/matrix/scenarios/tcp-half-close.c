/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, SHUT };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	sk_recv_end(fd);
	gate_wait(s, SHUT);
	pause_ms(LATE_MS);
	sk_send(fd, 20000);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	sk_send(fd, 500);
	shutdown(fd, SHUT_WR);
	gate_open(s, SHUT);
	sk_recv_end(fd);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-half-close", .about = "one direction is shut down, the other goes on", .run = run);
