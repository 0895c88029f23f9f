/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#define SERVERS 3
#define CLIENTS 4

enum { READY, DONE };

static void server(struct scene *s)
{
	int fd = udp_sharer(s);

	gate_open(s, READY);
	while (udp_wait(s, fd, DONE))
		sk_recv(fd, 100);
	sk_close(fd);
}

static void client(struct scene *s)
{
	for (int i = 0; i < SERVERS; i++)
		gate_wait(s, READY);
	for (int i = 0; i < CLIENTS; i++) {
		int fd = udp_client(s);

		sk_send(fd, 100);
		sk_send(fd, 100);
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

SCENARIO(.name = "udp-reuseport-silent", .about = "several servers share a port (SO_REUSEPORT), and never send", .run = run);
