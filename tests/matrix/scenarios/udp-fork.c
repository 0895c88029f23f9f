/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY, CLOSED, SENT };

static int sock;

/* The child acts only when its parent has let go and a datagram has come. */
static void child(struct scene *s)
{
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	udp_answer(sock, 200);
	udp_answer(sock, 200);
	sk_close(sock);
}

static void server(struct scene *s)
{
	sock = udp_server(s);
	gate_open(s, READY);
	udp_answer(sock, 100);
	spawn(s, "child", NULL, child);
	sk_close(sock);
	gate_open(s, CLOSED);
	reap_all(s);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, READY);
	fd = udp_client(s);
	ask(fd, 100);
	gate_wait(s, CLOSED);
	pause_ms(LATE_MS);
	sk_send(fd, 200);
	gate_open(s, SENT);
	sk_recv(fd, 200);
	ask(fd, 200);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-fork", .about = "the child goes on serving, the parent closes", .run = run);
