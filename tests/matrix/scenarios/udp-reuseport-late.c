/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#define SERVERS 3
#define CLIENTS 4

enum { READY, DONE };

/* Takes what the kernel gave it long after that. */
static void server(struct scene *s)
{
	int fd = udp_sharer(s);

	gate_open(s, READY);
	while (udp_wait(s, fd, DONE)) {
		pause_ms(LATE_MS);
		udp_answer(fd, 100);
	}
	sk_close(fd);
}

static void client(struct scene *s)
{
	struct sockaddr_storage from;

	for (int i = 0; i < SERVERS; i++)
		gate_wait(s, READY);
	for (int i = 0; i < CLIENTS; i++) {
		int fd = i % 2 ? udp_client(s) : udp_new(s);

		udp_send_to(fd, s->server_addr, s->port, 100);
		udp_recv_from(fd, 100, &from);
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

SCENARIO(.name = "udp-reuseport-late", .about = "several servers share a port (SO_REUSEPORT), and take what comes late", .run = run);
