/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY, MOVED, SENT, LEFT };

static int which;

/* The first one goes on sending to a client that is not connected to it any more. */
static void server(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_new(s), me = which;

	udp_bind(fd, s->bind_addr, (uint16_t)(s->port + me));
	gate_open(s, READY);
	udp_recv_from(fd, 100, &from);
	udp_send_at(fd, &from, 100);
	if (!me) {
		gate_wait(s, MOVED);
		udp_send_at(fd, &from, 200);
		gate_open(s, SENT);
		udp_answer(fd, 300);
		gate_wait(s, LEFT);
		udp_send_at(fd, &from, 200);
		gate_open(s, SENT);
	}
	sk_close(fd);
}

/* Connected to one, then to the other, then to none; without its port, which went with the connection, and which another
 * process has taken meanwhile. */
static void client(struct scene *s)
{
	struct sockaddr_storage from;
	int fd;

	gate_wait(s, READY);
	gate_wait(s, READY);
	fd = udp_client(s);
	ask(fd, 100);
	udp_connect(fd, s->server_addr, (uint16_t)(s->port + 1));
	pause_ms(LATE_MS);
	gate_open(s, MOVED);
	gate_wait(s, SENT);
	ask(fd, 100);
	udp_disconnect(fd);
	udp_send_to(fd, s->server_addr, s->port, 300);
	udp_recv_from(fd, 300, &from);
	pause_ms(LATE_MS);
	gate_open(s, LEFT);
	gate_wait(s, SENT);
	sk_close(fd);
}

static void run(struct scene *s)
{
	for (which = 0; which < 2; which++)
		spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-reconnect", .about = "a socket is connected to one server, then to another, then to none", .run = run);
