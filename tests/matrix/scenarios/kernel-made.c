/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_icmp.h"
#include "tests/matrix/lib_udp.h"

#include <errno.h>

enum { READY, DONE };

static void setup(void)
{
	for (int i = 0; i < 2; i++)
		sh("nsenter --net=%s sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'",
		   ns_path(i ? "b" : "a"));
	/* neighbours are to be looked for */
	sh("ip -n %s neighbour flush dev veth0", ns_name("a"));
}

/* Processes of a that have to do with none of it: they listen to other ports, and to all ICMP. */
static void bystander(struct scene *s)
{
	int tcp = sk_new(s, SOCK_STREAM, 0), udp = udp_new(s);

	ping_new(s, SOCK_RAW, s->port);
	sk_bind(tcp, s->bind_addr, (uint16_t)(s->port + 1));
	tcp_listen_fd(tcp);
	udp_bind(udp, s->bind_addr, (uint16_t)(s->port + 1));
	gate_open(s, READY);
	gate_wait(s, DONE);
}

/* From b: pings a, and tries ports that nobody has. */
static void visitor(struct scene *s)
{
	int fd = ping_new(s, SOCK_RAW, (uint16_t)(s->port + 2));

	gate_wait(s, READY);
	for (uint16_t i = 1; i <= 2; i++)
		ping_once(s, fd, (uint16_t)(s->port + 2), i);
	sk_close(fd);
	fd = sk_new(s, SOCK_STREAM, 0);
	if (tcp_try_connect(s, fd) != -ECONNREFUSED)
		fail("connect to a closed port");
	sk_close(fd);
	fd = udp_client(s);
	sk_send(fd, 100);
	sk_wait_readable(fd);
	sk_close(fd);
	gate_open(s, DONE);
}

static void run(struct scene *s)
{
	spawn(s, "bystander", s->server_ns, bystander);
	spawn(s, "visitor", s->client_ns, visitor);
}

SCENARIO(.name = "kernel-made", .about = "what the kernel sends: ARP, neighbour discovery, echo replies, resets, unreachables",
	 .passes = AT_SERVER | OVER_V4 | OVER_V6, .setup = setup, .run = run);
