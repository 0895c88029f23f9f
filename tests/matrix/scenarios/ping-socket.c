/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_icmp.h"

#define ROUNDS 3

/* Everybody may. */
static void setup(void)
{
	for (int i = 0; i < 2; i++)
		sh("nsenter --net=%s sh -c 'echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range'", ns_path(i ? "b" : "a"));
}

static void client(struct scene *s)
{
	int fd = ping_new(s, SOCK_DGRAM, 0);

	for (uint16_t i = 1; i <= ROUNDS; i++) {
		ping_once(s, fd, 0, i);
		pause_ms(TURN_MS);
	}
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn(s, "ping-1", s->client_ns, client);
	spawn(s, "ping-2", s->client_ns, client);
}

SCENARIO(.name = "ping-socket", .about = "two pings at once, by ping sockets", .passes = OVER_V4 | OVER_V6, .setup = setup,
	 .run = run);
