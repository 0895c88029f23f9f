/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY, SENT };

/* Takes what comes, and sends nothing. */
static void server(struct scene *s)
{
	int fd = udp_server(s);

	gate_open(s, READY);
	for (int i = 0; i < 3; i++)
		sk_recv(fd, 100);
	gate_wait(s, SENT);
	sk_close(fd);
}

/* Does not even take anything. */
static void sleeper(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->bind_addr, (uint16_t)(s->port + 1));
	gate_open(s, READY);
	gate_wait(s, SENT);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, READY);
	gate_wait(s, READY);
	fd = udp_client(s);
	for (int i = 0; i < 3; i++) {
		sk_send(fd, 100);
		pause_ms(LATE_MS / 3);
	}
	sk_close(fd);
	fd = udp_new(s);
	udp_send_to(fd, s->server_addr, (uint16_t)(s->port + 1), 100);
	pause_ms(LATE_MS);
	udp_send_to(fd, s->server_addr, (uint16_t)(s->port + 1), 100);
	sk_close(fd);
	gate_open_for(s, SENT, 2);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn(s, "sleeper", s->server_ns, sleeper);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-receive-only", .about = "servers that never send", .run = run);
