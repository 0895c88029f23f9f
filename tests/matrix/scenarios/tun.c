/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtual private network in user space: what is sent to a tun device, a process reads and carries to another one by UDP.
 * The inner packets are those of the sockets in it, never that process's; the outer ones are its.
 */
#include "tests/matrix/lib_tun.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { CARRIES, OVER };
#define DEVICES 3 /* one a pass */
#define FIRST_NET 60
#define MTU 1400

static const struct net_place outer[2] = {{"a", 98, 1}, {"b", 98, 2}};

static void setup(void)
{
	for (int i = 0; i < 2 * DEVICES; i++) {
		const char *ns = i % 2 ? "b" : "a";

		tun_add(ns, i / 2);
		sh("ip -n %s link set tun%d mtu %d", ns_name(ns), i / 2, MTU);
		tun_addr(ns, i / 2, FIRST_NET + i / 2, 1 + i % 2);
	}
}

static int device_of(const struct scene *s)
{
	return s->dual ? 2 : s->family == AF_INET6;
}

/* A connected UDP socket from one end of the network outside to the other. */
static int wire_open(struct scene *s)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);

	sk_bind(fd, s->client_addr, s->port);
	if (connect(fd, (void *)&to, len))
		fail("connect");
	truth_sock(fd, "udp", since);
	return fd;
}

static void carry(struct scene *s)
{
	int tun = tun_open(device_of(s)), wire = wire_open(s);
	struct pollfd fds[3] = {{tun, POLLIN, 0}, {wire, POLLIN, 0}, {s->gates[OVER][0], POLLIN, 0}};
	char packet[MTU];
	ssize_t n;

	gate_open(s, CARRIES);
	while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
		if (fds[0].revents) {
			n = read(tun, packet, sizeof(packet));
			truth_act(wire, (size_t)n);
			if (n <= 0 || send(wire, packet, (size_t)n, 0) != n)
				fail("out of the tunnel");
		}
		if (fds[1].revents) {
			n = recv(wire, packet, sizeof(packet), 0);
			truth_got(wire, (size_t)n);
			if (n <= 0 || write(tun, packet, (size_t)n) != n)
				fail("into the tunnel");
		}
	}
}

static void carry_in(struct scene *s, int end)
{
	net_between(s, &outer[end], &outer[!end]);
	spawn(s, "vpn", outer[end].ns, carry);
}

static void run(struct scene *s)
{
	const struct net_place here = {"a", FIRST_NET + device_of(s), 1}, there = {"b", FIRST_NET + device_of(s), 2};

	carry_in(s, 0);
	carry_in(s, 1);
	gate_wait(s, CARRIES);
	gate_wait(s, CARRIES);
	net_between(s, &here, &there);
	net_tcp(s, 5000);
	net_udp(s);
	net_between(s, &there, &here);
	net_tcp(s, 5000);
	net_udp_connected(s);
	gate_open(s, OVER);
}

SCENARIO(.name = "tun", .about = "a virtual private network in user space, its inner and outer packets", .passes = AT_ONCE,
	.sees = {"\\(tun0, ", "\\(tun1, ", "\\(tun2, ", "\\(veth0, proc vpn:"}, .lacks = tun_lacks, .setup = setup, .run = run);
