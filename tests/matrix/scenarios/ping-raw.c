/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_icmp.h"

#define ROUNDS 3

static uint16_t which;

/* The identifier is whatever the process likes. */
static void client(struct scene *s)
{
	uint16_t id = (uint16_t)(s->port + which);
	int fd = ping_new(s, SOCK_RAW, id);

	for (uint16_t i = 1; i <= ROUNDS; i++) {
		ping_once(s, fd, id, i);
		pause_ms(TURN_MS);
	}
	sk_close(fd);
}

static void run(struct scene *s)
{
	which = 1;
	spawn(s, "ping-1", s->client_ns, client);
	which = 2;
	spawn(s, "ping-2", s->client_ns, client);
}

SCENARIO(.name = "ping-raw", .about = "two pings at once, by raw sockets", .passes = OVER_V4 | OVER_V6, .run = run);
