/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { READY, EXECED, SENT };

static void again(int argc, char **argv)
{
	int fd = atoi(argv[0]), execed = atoi(argv[1]), sent = atoi(argv[2]);
	char byte;

	(void)argc;
	if (write(execed, "g", 1) != 1 || read(sent, &byte, 1) != 1)
		fail("gate");
	pause_ms(LATE_MS);
	answer(fd, 200);
	answer(fd, 200);
	sk_close(fd);
}

static void client(struct scene *s)
{
	char fds[3][12];
	char *args[] = {fds[0], fds[1], fds[2], NULL};
	int fd;

	gate_wait(s, READY);
	fd = udp_client(s);
	ask(fd, 100);
	snprintf(fds[0], sizeof(fds[0]), "%d", fd);
	snprintf(fds[1], sizeof(fds[1]), "%d", s->gates[EXECED][1]);
	snprintf(fds[2], sizeof(fds[2]), "%d", s->gates[SENT][0]);
	fcntl(s->gates[EXECED][1], F_SETFD, 0);
	fcntl(s->gates[SENT][0], F_SETFD, 0);
	play_again("udp-exec", args);
}

static void server(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_server(s);

	gate_open(s, READY);
	udp_recv_from(fd, 100, &from);
	udp_send_at(fd, &from, 100);
	gate_wait(s, EXECED);
	pause_ms(LATE_MS);
	udp_send_at(fd, &from, 200);
	gate_open(s, SENT);
	sk_recv(fd, 200);
	udp_send_at(fd, &from, 200);
	sk_recv(fd, 200);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-exec", .about = "the client runs another program that inherits the socket", .again = again, .run = run);
