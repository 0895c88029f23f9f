/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY };

/* Answers as it is, then connects, too. */
static void server(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_server(s);

	gate_open(s, READY);
	udp_answer(fd, 100);
	udp_recv_from(fd, 200, &from);
	udp_connect_at(fd, &from);
	sk_send(fd, 200);
	answer(fd, 300);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, READY);
	fd = udp_client(s);
	ask(fd, 100);
	ask(fd, 200);
	ask(fd, 300);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-connected", .about = "connected sockets on both ends", .run = run);
