/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <poll.h>

#define SERVERS 3
#define CLIENTS 4

enum { READY, DONE };

static void server(struct scene *s)
{
	int fd = udp_new(s), done = s->gates[DONE][0];
	struct pollfd polls[2] = {{fd, POLLIN, 0}, {done, POLLIN, 0}};

	sk_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	udp_bind(fd, s->bind_addr, s->port);
	gate_open(s, READY);
	while (poll(polls, 2, -1) > 0 && (polls[0].revents || !polls[1].revents))
		if (polls[0].revents)
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
