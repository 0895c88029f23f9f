/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY, EXECED, SENT };

static void again(int fd)
{
	answer(fd, 200);
	answer(fd, 200);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, READY);
	fd = udp_client(s);
	ask(fd, 100);
	play_again(s, "udp-exec", fd, EXECED, SENT);
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
