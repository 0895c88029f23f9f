/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <net/if.h>

enum { READY };

static void setup(void)
{
	for (int i = 0; i < 2; i++)
		sh("ip -n %s address add fe80::9%d/64 dev veth0 nodad", ns_name(i ? "b" : "a"), 1 + i);
}

/* Of this namespace, or of the other one. */
static struct sockaddr_storage link_addr(bool of_a, uint16_t port)
{
	struct sockaddr_storage ss;

	make_addr(&ss, of_a ? "fe80::91" : "fe80::92", port);
	((struct sockaddr_in6 *)&ss)->sin6_scope_id = if_nametoindex("veth0");
	return ss;
}

static void server_at(struct scene *s, bool in_a)
{
	struct sockaddr_storage at = link_addr(in_a, (uint16_t)(s->port + in_a));
	uint64_t since = now_ns();
	int fd = udp_new(s);

	if (bind(fd, (void *)&at, sizeof(struct sockaddr_in6)))
		fail("bind");
	truth_sock(fd, "udp", since);
	gate_open(s, READY);
	udp_answer(fd, 100);
	udp_answer(fd, 100);
	sk_close(fd);
}

static void client_at(struct scene *s, bool in_a)
{
	struct sockaddr_storage to = link_addr(!in_a, (uint16_t)(s->port + !in_a)), from;
	int fd = udp_new(s);

	udp_connect_at(fd, &to);
	ask(fd, 100);
	sk_close(fd);
	fd = udp_new(s);
	udp_send_at(fd, &to, 100);
	udp_recv_from(fd, 100, &from);
	sk_close(fd);
}

static void server_a(struct scene *s)
{
	server_at(s, true);
}

static void server_b(struct scene *s)
{
	server_at(s, false);
}

static void client_a(struct scene *s)
{
	client_at(s, true);
}

static void client_b(struct scene *s)
{
	client_at(s, false);
}

static void run(struct scene *s)
{
	spawn(s, "server-a", "a", server_a);
	spawn(s, "server-b", "b", server_b);
	gate_wait(s, READY);
	gate_wait(s, READY);
	spawn(s, "client-a", "a", client_a);
	spawn(s, "client-b", "b", client_b);
}

SCENARIO(.name = "udp-link-local", .about = "link-local addresses with a scope, both ways", .passes = AT_ONCE | OVER_V6,
	 .setup = setup, .run = run);
