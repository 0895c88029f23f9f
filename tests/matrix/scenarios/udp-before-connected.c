/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { BOUND, HEARD, READY, GO, SENT };
#define DATAGRAMS 3

static bool server_is_idle(const struct scene *s)
{
	return s->server_ns[0] == 'a';
}

/* The end that is judged by what it was before pidtap came never acts again, and takes nothing. */
static void talk(struct scene *s, int fd, bool idle)
{
	if (idle) {
		gate_open(s, READY);
		gate_wait(s, SENT);
		pause_ms(LATE_MS);
	} else {
		gate_wait(s, GO);
		for (int i = 0; i < DATAGRAMS; i++)
			sk_send(fd, 100);
		gate_open(s, SENT);
	}
	sk_close(fd);
}

/* Connects to the first that talks to it. */
static void server(struct scene *s)
{
	uint64_t since = now_ns();
	int fd = sk_new(s, SOCK_DGRAM, 0);
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char byte;

	sk_bind(fd, s->bind_addr, s->port);
	gate_open(s, BOUND);
	if (recvfrom(fd, &byte, 1, 0, (void *)&from, &len) != 1 || connect(fd, (void *)&from, len))
		fail("connect back");
	truth_sock(fd, "udp", since);
	gate_open(s, HEARD);
	talk(s, fd, server_is_idle(s));
}

static void client(struct scene *s)
{
	uint64_t since = now_ns();
	int fd = sk_new(s, SOCK_DGRAM, 0);
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);

	gate_wait(s, BOUND);
	if (connect(fd, (void *)&to, len))
		fail("connect");
	truth_sock(fd, "udp", since);
	sk_send(fd, 1);
	gate_wait(s, HEARD);
	talk(s, fd, !server_is_idle(s));
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
	gate_wait(s, READY);
}

static void run(struct scene *s)
{
	gate_open(s, GO);
}

SCENARIO(.name = "udp-before-connected", .about = "connected datagram sockets older than the capture, one end of which never acts", .before = before, .run = run);
