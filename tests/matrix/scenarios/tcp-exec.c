/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, EXECED, SENT };

static void again(int fd)
{
	sk_recv(fd, 400);
	sk_send(fd, 300);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	play_again(s, "tcp-exec", fd, EXECED, SENT);
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	gate_wait(s, EXECED);
	pause_ms(LATE_MS);
	sk_send(fd, 400);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_recv_end(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-exec", .about = "the client runs another program that inherits the connection", .again = again, .run = run);
