/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <string.h>

#define ROUNDS 3

enum { READY };

/* A second address on each side. The kernel sends answers from the first one, whichever was asked. */
static void setup(void)
{
	for (int i = 0; i < 2; i++) {
		const char *ns = i ? "b" : "a";

		sh("ip -n %s address add 10.98.0.%d/24 dev veth0", ns_name(ns), 11 + i);
		sh("ip -n %s address add fd98::%d/64 dev veth0 nodad", ns_name(ns), 11 + i);
	}
}

/* The second one of where the server is. */
static const char *second_addr(const struct scene *s)
{
	bool at_a = !strcmp(s->server_ns, "a");

	if (s->family == AF_INET6 && !s->dual)
		return at_a ? "fd98::11" : "fd98::12";
	if (s->dual)
		return at_a ? "::ffff:10.98.0.11" : "::ffff:10.98.0.12";
	return at_a ? "10.98.0.11" : "10.98.0.12";
}

static void server(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_new(s);

	udp_bind(fd, s->family == AF_INET6 ? "::" : "0.0.0.0", s->port);
	gate_open(s, READY);
	for (int i = 0; i < 2 * ROUNDS; i++)
		udp_answer(fd, 100);
	/* as a server that knows which of its addresses was asked */
	for (int i = 0; i < ROUNDS; i++) {
		udp_recv_from(fd, 200, &from);
		udp_send_from(fd, second_addr(s), &from, 200);
	}
	sk_close(fd);
}

static void client(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_new(s);

	gate_wait(s, READY);
	for (int i = 0; i < 3 * ROUNDS; i++) {
		size_t bytes = i < 2 * ROUNDS ? 100 : 200;

		udp_send_to(fd, i < ROUNDS ? s->server_addr : second_addr(s), s->port, bytes);
		udp_recv_from(fd, bytes, &from);
	}
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-server-any", .about = "a server on any address, asked at two, that answers from one or the other",
	 .setup = setup, .run = run);
