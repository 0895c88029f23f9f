/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#define ROUNDS 4

enum { READY, GO, CLOSED, TURN };

static bool connects;

/* Two of them, in turns: the port is the next one's as soon as it is closed. The packets come neither right before nor right
 * after that, so that the log can tell whose they are. */
static void client(struct scene *s)
{
	struct sockaddr_storage from;
	bool connected = connects;

	for (int i = 0; i < ROUNDS; i++) {
		int fd;

		gate_wait(s, TURN + connected);
		fd = udp_new(s);
		udp_bind(fd, s->client_addr, (uint16_t)(s->port + 1));
		pause_ms(TURN_MS);
		if (connected) {
			udp_connect(fd, s->server_addr, s->port);
			sk_send(fd, 100);
		} else {
			udp_send_to(fd, s->server_addr, s->port, 100);
		}
		udp_recv_from(fd, 100, &from);
		pause_ms(TURN_MS);
		sk_close(fd);
		gate_open(s, TURN + !connected);
	}
}

static void server(struct scene *s)
{
	int fd = udp_server(s);

	gate_open(s, READY);
	for (int i = 0; i < 2 * ROUNDS; i++)
		udp_answer(fd, 100);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	gate_wait(s, READY);
	spawn(s, "client-1", s->client_ns, client);
	connects = true;
	spawn(s, "client-2", s->client_ns, client);
	gate_open(s, TURN);
}

SCENARIO(.name = "udp-port-reuse", .about = "a port is used by another process as soon as it is closed", .run = run);
