/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <unistd.h>

enum { LISTENS };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd, again;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	again = dup(fd);
	close(fd);
	answer(again, 100);
	sk_send(again, 400);
	sk_recv_end(again);
}

/* the copy is closed first, then the original */
static void client(struct scene *s)
{
	int fd, first, second;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	first = dup(fd);
	second = dup(fd);
	close(first);
	ask(fd, 100);
	close(fd);
	sk_recv(second, 400);
	sk_close(second);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-dup", .about = "descriptors are copied, the originals closed", .run = run);
