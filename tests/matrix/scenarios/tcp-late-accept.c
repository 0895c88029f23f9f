/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, SENT };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	sk_recv(fd, 1000);
	sk_send(fd, 500);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	sk_send(fd, 1000);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_recv(fd, 500);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-late-accept", .about = "data comes long before the server accepts", .run = run);
