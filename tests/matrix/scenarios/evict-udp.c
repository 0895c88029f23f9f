/* SPDX-License-Identifier: BSD-2-Clause */
/* A server that the kernel's map forgot acts again, for one peer only, and closes. What it was to the others, the next server on
 * the port is.
 */
#include "tests/matrix/lib_load.h"

enum { READY, ASKED, CROWDED, ASK_ONE, ASK_REST, DONE };
#define PEERS 10
#define BYTES 20

static const struct net_place a = {"a", 98, 1}, b = {"b", 98, 2};

static int server_open(struct scene *s)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();

	sk_bind(fd, s->server_addr, s->port);
	truth_sock(fd, "udp", since);
	gate_open(s, READY);
	return fd;
}

static void answer_one(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char data[BYTES];

	if (recvfrom(fd, data, sizeof(data), 0, (void *)&from, &len) != BYTES)
		fail("recvfrom");
	truth_got(fd, BYTES);
	truth_act(fd, BYTES);
	if (sendto(fd, data, sizeof(data), 0, (void *)&from, len) != BYTES)
		fail("sendto");
}

static void first(struct scene *s)
{
	int fd = server_open(s);

	for (int i = 0; i < PEERS; i++)
		answer_one(fd);
	gate_wait(s, ASKED);
	load_crowd(s);
	gate_open(s, CROWDED);
	answer_one(fd);
	gate_wait(s, ASK_ONE);
	sk_close(fd);
}

/* It acts on none of them before it got all. */
static void second(struct scene *s)
{
	int fd = server_open(s);

	gate_wait(s, DONE);
	sk_recv(fd, (PEERS - 1) * BYTES);
}

static void client(struct scene *s)
{
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	int fds[PEERS];

	for (int i = 0; i < PEERS; i++) {
		fds[i] = sk_new(s, SOCK_DGRAM, 0);
		if (connect(fds[i], (void *)&to, len))
			fail("connect");
		ask(fds[i], BYTES);
	}
	gate_open(s, ASKED);
	gate_wait(s, CROWDED);
	ask(fds[0], BYTES);
	gate_open(s, ASK_ONE);
	gate_wait(s, ASK_REST);
	for (int i = 1; i < PEERS; i++)
		sk_send(fds[i], BYTES);
	gate_open(s, DONE);
}

static void run(struct scene *s)
{
	pid_t pid;

	net_between(s, &b, &a);
	pid = spawn(s, "first", "a", first);
	gate_wait(s, READY);
	spawn_client(s, client);
	reap(s, pid);
	pid = spawn(s, "second", "a", second);
	gate_wait(s, READY);
	gate_open(s, ASK_REST);
	reap(s, pid);
}

SCENARIO(.name = "evict-udp", .about = "a port of another process, after a socket the kernel's map had forgotten",
	.passes = AT_ONCE | OVER_V4 | OVER_V6, .options = "--map-size " CROWD_MAP, .run = run,
	.says = "[1-9][0-9]* owners evicted in the kernel");
