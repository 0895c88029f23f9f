/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#define SERVERS 3
#define CLIENTS 6
#define ROUNDS 2

enum { READY, DONE };

/* Whichever of them the kernel chose for a client answers it. */
static void server(struct scene *s)
{
	int fd = udp_sharer(s);

	gate_open(s, READY);
	while (udp_wait(s, fd, DONE))
		udp_answer(fd, 100);
	sk_close(fd);
}

/* Half of them connected; the first answer tells pidtap who serves a client. */
static void client(struct scene *s)
{
	struct sockaddr_storage from;

	for (int i = 0; i < SERVERS; i++)
		gate_wait(s, READY);
	for (int i = 0; i < CLIENTS; i++) {
		int fd = i % 2 ? udp_client(s) : udp_new(s);

		for (int round = 0; round < ROUNDS; round++) {
			if (i % 2)
				sk_send(fd, 100);
			else
				udp_send_to(fd, s->server_addr, s->port, 100);
			udp_recv_from(fd, 100, &from);
		}
		sk_close(fd);
	}
	gate_open_for(s, DONE, SERVERS);
}

static void run(struct scene *s)
{
	for (int i = 0; i < SERVERS; i++)
		spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-reuseport", .about = "several servers share a port (SO_REUSEPORT), and answer", .run = run);
