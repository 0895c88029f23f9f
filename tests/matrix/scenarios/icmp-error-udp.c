/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_icmp.h"
#include "tests/matrix/lib_udp.h"

#include <errno.h>
#include <string.h>

#define ROUNDS 2

/* The kernel sends only so many errors, unless told otherwise. */
static void setup(void)
{
	icmp_forbid_routes();
	sh("nsenter --net=%s sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'",
	   ns_path("a"));
}

static void want_errors(const struct scene *s, int fd)
{
	if (s->family == AF_INET6)
		sk_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	if (s->family == AF_INET || s->dual)
		sk_set(fd, IPPROTO_IP, IP_RECVERR, 1);
}

/* Until the error of what was sent has come. */
static void wait_error(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, 0) >= 0 || (errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != EACCES))
		fail("recv: no error came");
}

/* Nobody has the port. */
static void connected(struct scene *s)
{
	int fd = udp_client(s);

	for (int i = 0; i < ROUNDS; i++) {
		sk_send(fd, 100);
		wait_error(fd);
	}
	sk_close(fd);
}

static void unconnected(struct scene *s)
{
	int fd = udp_new(s);

	want_errors(s, fd);
	for (int i = 0; i < ROUNDS; i++) {
		udp_send_to(fd, s->server_addr, (uint16_t)(s->port + 1), 100);
		wait_error(fd);
	}
	sk_close(fd);
}

/* A router refuses it. */
static void refused(struct scene *s)
{
	int fd = udp_new(s);

	want_errors(s, fd);
	udp_connect(fd, icmp_forbidden_addr(s), s->port);
	sk_send(fd, 100);
	wait_error(fd);
	sk_close(fd);
}

static void run(struct scene *s)
{
	/* a router sends few errors to one address, and none right after others; a namespace has no option for that */
	if (!strcmp(s->name, "client/ip4") || !strcmp(s->name, "client/ip6"))
		reap(s, spawn(s, "refused", "a", refused));
	spawn(s, "connected", s->client_ns, connected);
	spawn(s, "unconnected", s->client_ns, unconnected);
}

SCENARIO(.name = "icmp-error-udp", .about = "errors that quote datagrams: nobody has the port, or a router refuses them",
	 .setup = setup, .one_by_one = true, .run = run);
