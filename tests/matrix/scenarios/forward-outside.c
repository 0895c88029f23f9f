/* SPDX-License-Identifier: BSD-2-Clause */
/* A container, b, talks through a to a host out there, that no process here is: its packets come out of a tun device. Who is at
 * the other end of that hands them on to c, with other addresses.
 *
 *   b 10.98.0.2 -- 10.98.0.1 a tun0 [ 10.77.0.2 == 10.0.0.79 tun0 c ]
 *
 * The words of both addresses have the same sum (RFC 6296), so that no checksum changes.
 */
#include "tests/matrix/lib_router.h"
#include "tests/matrix/lib_tun.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { CARRIES, OVER };
#define MTU 1500
#define V4_SOURCE 12 /* where addresses are in the header; the destination follows */
#define V6_SOURCE 8

static const struct net_place outside = {"c", 77, 2};
static const char *const there[2] = {"10.77.0.2", "fd77::2"}, *const really[2] = {"10.0.0.79", "fd00::79"};

static void setup(void)
{
	ns_add("c");
	for (int i = 0; i < 2; i++)
		tun_add(i ? "c" : "a", 0);
	net_forward("a");
	net_gateway("b", 98, 1);
	sh("ip -n %s link set tun0 up", ns_name("a"));
	sh("ip -n %s link set tun0 up", ns_name("c"));
	for (int v6 = 0; v6 < 2; v6++) {
		sh("ip -n %s address add %s dev tun0", ns_name("c"), really[v6]);
		sh("ip -n %s -%d route add default dev tun0", ns_name("c"), v6 ? 6 : 4);
		sh("ip -n %s -%d route add %s dev tun0", ns_name("a"), v6 ? 6 : 4, there[v6]);
	}
}

/* Destinations on the way out of a, sources on the way back. */
static void translate(uint8_t *packet, bool back)
{
	bool v6 = packet[0] >> 4 == 6;
	size_t size = v6 ? 16 : 4, at = (v6 ? V6_SOURCE : V4_SOURCE) + (back ? 0 : size);
	uint8_t from[16], to[16];
	int family = v6 ? AF_INET6 : AF_INET;

	inet_pton(family, back ? really[v6] : there[v6], from);
	inet_pton(family, back ? there[v6] : really[v6], to);
	if (!memcmp(packet + at, from, size))
		memcpy(packet + at, to, size);
}

static void carry(int from, int to, bool back)
{
	uint8_t packet[MTU];
	ssize_t n = read(from, packet, sizeof(packet));

	if (n <= 0)
		fail("tun read");
	translate(packet, back);
	if (write(to, packet, (size_t)n) != n)
		fail("tun write");
}

static void world(struct scene *s)
{
	struct pollfd fds[3] = {{tun_open(0), POLLIN, 0}, {-1, POLLIN, 0}, {s->gates[OVER][0], POLLIN, 0}};

	enter_ns("c");
	fds[1].fd = tun_open(0);
	gate_open(s, CARRIES);
	while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
		for (int back = 0; back < 2; back++)
			if (fds[back].revents)
				carry(fds[back].fd, fds[!back].fd, back);
	}
}

static void run(struct scene *s)
{
	spawn(s, "world", "a", world);
	gate_wait(s, CARRIES);
	net_between(s, &router_b, &outside);
	s->bind_addr = s->dual ? "::" : really[s->family == AF_INET6];
	net_tcp(s, 5000);
	net_udp(s);
	gate_open(s, OVER);
}

SCENARIO(.name = "forward-outside", .about = "a container and a host out there: the one end there is", .passes = AT_ONCE,
	.one_by_one = true, .through = "b", .sees = {"\\(veth0, proc client:.*, in, attr=host", "\\(tun0, proc client:.*, in, attr=host"},
	.lacks = tun_lacks, .setup = setup, .run = run);
