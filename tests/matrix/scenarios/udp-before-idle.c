/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { BOUND, READY, GO, SENT };
#define DATAGRAMS 3

/* The end that is judged by what it was before pidtap came: it never acts again, and takes nothing. */
static void idle(struct scene *s, int fd)
{
	gate_open(s, READY);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	sk_close(fd);
}

static bool server_is_idle(const struct scene *s)
{
	return s->server_ns[0] == 'a';
}

static void send_to(int fd, const struct sockaddr_storage *to, socklen_t len)
{
	static const char data[100];

	truth_act(fd, sizeof(data));
	if (sendto(fd, data, sizeof(data), 0, (const void *)to, len) != sizeof(data))
		fail("sendto");
}

/* Bound; not connected to who talks to it. */
static void server(struct scene *s)
{
	uint64_t since = now_ns();
	int fd = sk_new(s, SOCK_DGRAM, 0);
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char data[100];

	sk_bind(fd, s->bind_addr, s->port);
	truth_sock(fd, "udp", since);
	gate_open(s, BOUND);
	if (server_is_idle(s)) {
		idle(s, fd);
		return;
	}
	if (recvfrom(fd, data, sizeof(data), 0, (void *)&from, &len) != sizeof(data))
		fail("recvfrom");
	gate_wait(s, GO);
	for (int i = 0; i < DATAGRAMS; i++)
		send_to(fd, &from, len);
	gate_open(s, SENT);
	sk_close(fd);
}

static void client(struct scene *s)
{
	uint64_t since = now_ns();
	int fd = sk_new(s, SOCK_DGRAM, 0);
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);

	gate_wait(s, BOUND);
	send_to(fd, &to, len);
	truth_sock(fd, "udp", since);
	if (!server_is_idle(s)) {
		idle(s, fd);
		return;
	}
	gate_wait(s, GO);
	for (int i = 0; i < DATAGRAMS; i++)
		send_to(fd, &to, len);
	gate_open(s, SENT);
	sk_close(fd);
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

SCENARIO(.name = "udp-before-idle", .about = "unconnected sockets older than the capture, one end of which never acts", .before = before, .run = run);
