/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { BOUND, TALKED, GO };

/* unconnected: to who asked */
static void answer_one(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char data[100];

	if (recvfrom(fd, data, sizeof(data), 0, (void *)&from, &len) != sizeof(data))
		fail("recvfrom");
	truth_got(fd, sizeof(data));
	truth_act(fd, sizeof(data));
	if (sendto(fd, data, sizeof(data), 0, (void *)&from, len) != sizeof(data))
		fail("sendto");
}

static void server(struct scene *s)
{
	uint64_t since = now_ns();
	int fd = sk_new(s, SOCK_DGRAM, 0);

	sk_bind(fd, s->bind_addr, s->port);
	truth_sock(fd, "udp", since);
	gate_open(s, BOUND);
	for (int i = 0; i < 3; i++)
		answer_one(fd);
	sk_close(fd);
}

static void client(struct scene *s)
{
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	uint64_t since = now_ns();
	int fd = sk_new(s, SOCK_DGRAM, 0);

	gate_wait(s, BOUND);
	if (connect(fd, (void *)&to, len))
		fail("connect");
	truth_sock(fd, "udp", since);
	ask(fd, 100);
	gate_open(s, TALKED);
	gate_wait(s, GO);
	ask(fd, 100);
	ask(fd, 100);
	sk_close(fd);
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
	gate_wait(s, TALKED);
}

static void run(struct scene *s)
{
	gate_open(s, GO);
}

SCENARIO(.name = "udp-before-active", .about = "datagram sockets older than the capture, both ends act", .before = before, .run = run);
