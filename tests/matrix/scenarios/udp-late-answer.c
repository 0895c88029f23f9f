/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY, CLOSED };

/* As a resolver that gave up: nobody has the port when the answer comes, and the kernel refuses it. */
static void client(struct scene *s)
{
	int fd;

	gate_wait(s, READY);
	fd = udp_client(s);
	sk_send(fd, 100);
	sk_close(fd);
	fd = udp_new(s);
	udp_send_to(fd, s->server_addr, s->port, 100);
	sk_close(fd);
	pause_ms(LATE_MS);
	gate_open(s, CLOSED);
}

static void server(struct scene *s)
{
	struct sockaddr_storage from[2];
	int fd = udp_server(s);

	gate_open(s, READY);
	udp_recv_from(fd, 100, &from[0]);
	udp_recv_from(fd, 100, &from[1]);
	gate_wait(s, CLOSED);
	udp_send_at(fd, &from[0], 100);
	udp_send_at(fd, &from[1], 100);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-late-answer", .about = "answers that come when the client's socket is closed", .run = run);
