/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY, DONE };

static void setup(void)
{
	for (int i = 0; i < 2; i++)
		sh("ip -n %s address add 10.96.0.%d/24 broadcast 10.96.0.255 dev veth0", ns_name(i ? "b" : "a"), 1 + i);
}

/* Each gets a copy of what comes to the broadcast address. */
static void server(struct scene *s)
{
	int fd = udp_new(s);

	sk_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	udp_bind(fd, "0.0.0.0", s->port);
	gate_open(s, READY);
	sk_recv(fd, 100);
	gate_open(s, DONE);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd = udp_new(s);

	sk_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
	gate_wait(s, READY);
	gate_wait(s, READY);
	udp_send_to(fd, "10.96.0.255", s->port, 100);
	gate_wait(s, DONE);
	gate_wait(s, DONE);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-copies", .about = "a broadcast, of which two processes get a copy each",
	 .passes = OVER_V4 | AT_CLIENT | AT_SERVER, .setup = setup, .run = run);
