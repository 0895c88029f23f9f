/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LISTENS, EXECED, SENT };

static void again(int argc, char **argv)
{
	int fd = atoi(argv[0]), execed = atoi(argv[1]), sent = atoi(argv[2]);
	char byte;

	(void)argc;
	if (write(execed, "g", 1) != 1 || read(sent, &byte, 1) != 1)
		fail("gate");
	pause_ms(LATE_MS);
	sk_recv(fd, 400);
	sk_send(fd, 300);
	sk_close(fd);
}

static void client(struct scene *s)
{
	char fds[3][12];
	char *args[] = {fds[0], fds[1], fds[2], NULL};
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	snprintf(fds[0], sizeof(fds[0]), "%d", fd);
	snprintf(fds[1], sizeof(fds[1]), "%d", s->gates[EXECED][1]);
	snprintf(fds[2], sizeof(fds[2]), "%d", s->gates[SENT][0]);
	fcntl(s->gates[EXECED][1], F_SETFD, 0);
	fcntl(s->gates[SENT][0], F_SETFD, 0);
	play_again("tcp-exec", args);
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
