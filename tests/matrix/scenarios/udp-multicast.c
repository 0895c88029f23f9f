/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <net/if.h>

enum { READY, DONE };

static const char *group_of(const struct scene *s)
{
	return s->family == AF_INET6 ? "ff02::9898" : "239.98.0.1";
}

static void join(const struct scene *s, int fd)
{
	int ifindex = (int)if_nametoindex("veth0");

	if (s->family == AF_INET6) {
		struct ipv6_mreq m = {.ipv6mr_interface = (unsigned int)ifindex};
		struct sockaddr_storage ss;

		make_addr(&ss, group_of(s), 0);
		m.ipv6mr_multiaddr = ((struct sockaddr_in6 *)&ss)->sin6_addr;
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof(m)))
			fail("IPV6_JOIN_GROUP");
	} else {
		struct sockaddr_storage ss;
		struct ip_mreqn m = {.imr_ifindex = ifindex};

		make_addr(&ss, group_of(s), 0);
		m.imr_multiaddr = ((struct sockaddr_in *)&ss)->sin_addr;
		if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)))
			fail("IP_ADD_MEMBERSHIP");
	}
}

/* One that is a member, and answers from its own address. */
static void member(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->family == AF_INET6 ? "::" : "0.0.0.0", s->port);
	join(s, fd);
	gate_open(s, READY);
	udp_answer(fd, 100);
	udp_answer(fd, 100);
	gate_wait(s, DONE);
	sk_close(fd);
}

/* Of the sender's own namespace. Its copy never was on a wire: it is not captured, by others neither. */
static void neighbour(struct scene *s)
{
	int fd = udp_new(s);
	char data[100];

	udp_bind(fd, s->family == AF_INET6 ? "::" : "0.0.0.0", s->port);
	join(s, fd);
	gate_open(s, READY);
	for (int i = 0; i < 2; i++)
		if (recv(fd, data, sizeof(data), 0) != sizeof(data))
			fail("recv");
	gate_wait(s, DONE);
	sk_close(fd);
}

static void sender(struct scene *s)
{
	int ifindex = (int)if_nametoindex("veth0"), fd = udp_new(s);
	struct sockaddr_storage to, from;

	gate_wait(s, READY);
	gate_wait(s, READY);
	make_addr(&to, group_of(s), s->port);
	if (s->family == AF_INET6) {
		((struct sockaddr_in6 *)&to)->sin6_scope_id = (uint32_t)ifindex;
	} else {
		struct ip_mreqn m = {.imr_ifindex = ifindex};

		if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof(m)))
			fail("IP_MULTICAST_IF");
	}
	for (int i = 0; i < 2; i++) {
		udp_send_at(fd, &to, 100);
		udp_recv_from(fd, 100, &from);
	}
	gate_open_for(s, DONE, 2);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn(s, "member", s->server_ns, member);
	spawn(s, "neighbour", s->client_ns, neighbour);
	spawn(s, "sender", s->client_ns, sender);
}

SCENARIO(.name = "udp-multicast", .about = "a multicast group: a member answers, another is where the sender is",
	 .passes = OVER_V4 | OVER_V6 | AT_CLIENT | AT_SERVER, .one_by_one = true, .run = run);
