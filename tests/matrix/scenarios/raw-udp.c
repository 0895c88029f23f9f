/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#define REAL 100  /* the scorer tells made-up datagrams by their length */
#define MADE_UP 76

enum { READY, BOUND, DONE };

/* Answers everybody. */
static void server(struct scene *s)
{
	int fd = udp_server(s);

	gate_open(s, READY);
	udp_answer(fd, REAL);
	udp_answer(fd, MADE_UP);
	udp_answer(fd, MADE_UP);
	sk_close(fd);
}

/* Has the first of the ports that are made up: answers come to it. */
static void bystander(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->client_addr, (uint16_t)(s->port + 1));
	udp_connect(fd, s->server_addr, s->port);
	gate_wait(s, READY);
	ask(fd, REAL);
	gate_open(s, BOUND);
	sk_recv(fd, MADE_UP);
	gate_wait(s, DONE);
	sk_close(fd);
}

/* The kernel makes the header of IP. A checksum of zero says that there is none (RFC 768); IPv6 wants one, which the kernel
 * does. */
static void send_made_up(struct scene *s, uint16_t port)
{
	struct {
		struct udphdr udp;
		char data[MADE_UP];
	} packet = {.udp = {.source = htons(port), .dest = htons(s->port), .len = htons(sizeof(packet))}};
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, 0);
	uint64_t since = now_ns();
	int fd = socket(s->family, SOCK_RAW, IPPROTO_UDP);
	char text[8];

	if (fd < 0)
		fail("raw socket");
	if (s->family == AF_INET6)
		sk_set(fd, IPPROTO_IPV6, IPV6_CHECKSUM, offsetof(struct udphdr, check));
	snprintf(text, sizeof(text), "%u", port);
	truth_sock_as(fd, "made", since, "any", text, "any", "0");
	truth_act(fd, MADE_UP);
	if (sendto(fd, &packet, sizeof(packet), 0, (void *)&to, len) != (ssize_t)sizeof(packet))
		fail("sendto on a raw socket");
	pause_ms(TURN_MS);
	sk_close(fd);
}

static void raw(struct scene *s)
{
	gate_wait(s, BOUND);
	send_made_up(s, (uint16_t)(s->port + 1));
	send_made_up(s, (uint16_t)(s->port + 2));
	gate_open(s, DONE);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn(s, "bystander", s->client_ns, bystander);
	spawn(s, "raw", s->client_ns, raw);
}

SCENARIO(.name = "raw-udp", .about = "datagrams made up by a raw socket, from another process's port and from nobody's",
	 .passes = OVER_V4 | OVER_V6, .run = run);
