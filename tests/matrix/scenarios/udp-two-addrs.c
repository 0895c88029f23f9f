/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <string.h>

#define ROUNDS 2

enum { READY };

static void setup(void)
{
	for (int i = 0; i < 2; i++) {
		const char *ns = i ? "b" : "a";

		for (int n = 11 + i; n < 30; n += 10) {
			sh("ip -n %s address add 10.98.0.%d/24 dev veth0", ns_name(ns), n);
			sh("ip -n %s address add fd98::%d/64 dev veth0 nodad", ns_name(ns), n);
		}
	}
}

/* Of the server's side, the first or second of those that setup() made. */
static const char *addr_of(const struct scene *s, int which)
{
	static const char *const addrs[3][2][2] = {
		{{"10.98.0.11", "10.98.0.21"}, {"10.98.0.12", "10.98.0.22"}},
		{{"fd98::11", "fd98::21"}, {"fd98::12", "fd98::22"}},
		{{"::ffff:10.98.0.11", "::ffff:10.98.0.21"}, {"::ffff:10.98.0.12", "::ffff:10.98.0.22"}},
	};

	return addrs[s->dual ? 2 : s->family == AF_INET6][!strcmp(s->server_ns, "b")][which];
}

static int which;

/* The third is on any address: it gets what neither of the others does. */
static void server(struct scene *s)
{
	int fd = udp_new(s);

	sk_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	udp_bind(fd, which < 2 ? addr_of(s, which) : s->family == AF_INET6 ? "::" : "0.0.0.0", s->port);
	gate_open(s, READY);
	for (int i = 0; i < ROUNDS; i++)
		udp_answer(fd, 100);
	gate_open(s, READY);
	sk_close(fd);
}

static void client(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_new(s);

	for (int i = 0; i < 3; i++)
		gate_wait(s, READY);
	/* the one on any address first: that it talks with the client says nothing of the others' addresses */
	for (int i = 0; i < 3 * ROUNDS; i++) {
		udp_send_to(fd, i % 3 ? addr_of(s, i % 3 - 1) : s->server_addr, s->port, 100);
		udp_recv_from(fd, 100, &from);
	}
	sk_close(fd);
}

static void run(struct scene *s)
{
	static const char *const names[] = {"server-1", "server-2", "server-any"};

	for (which = 0; which < 3; which++)
		spawn(s, names[which], s->server_ns, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-two-addrs", .about = "one port, by processes on two addresses and one on any", .setup = setup, .run = run);
