/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#define SERVERS 3
#define ROUNDS 3

enum { READY };

static uint16_t which;

static void server(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->bind_addr, (uint16_t)(s->port + which));
	gate_open(s, READY);
	for (int i = 0; i < ROUNDS; i++)
		udp_answer(fd, 100);
	sk_close(fd);
}

/* One socket for all; the answers are taken when all were asked. */
static void client(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_new(s);

	for (int i = 0; i < SERVERS; i++)
		gate_wait(s, READY);
	for (int i = 0; i < ROUNDS; i++) {
		for (int to = 0; to < SERVERS; to++)
			udp_send_to(fd, s->server_addr, (uint16_t)(s->port + to), 100);
		for (int to = 0; to < SERVERS; to++)
			udp_recv_from(fd, 100, &from);
	}
	sk_close(fd);
}

static void run(struct scene *s)
{
	for (which = 0; which < SERVERS; which++)
		spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-unconnected", .about = "one socket talks to several servers by sendto", .run = run);
