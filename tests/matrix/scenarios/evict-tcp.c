/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that the kernel's map forgot are reset. The same tuples come again, to another server, that accepts late. */
#include "tests/matrix/lib_load.h"

enum { LISTENS, CONNECTED, CROWDED, AGAIN };
#define CONNS 5
#define FIRST_PORT 40000

static const struct net_place a = {"a", 98, 1}, b = {"b", 98, 2};

static void first(struct scene *s)
{
	int listener = tcp_listen(s), fds[CONNS];

	gate_open(s, LISTENS);
	for (int i = 0; i < CONNS; i++) {
		fds[i] = tcp_accept(listener);
		answer(fds[i], 20);
	}
	gate_wait(s, CONNECTED);
	load_crowd(s);
	sk_close(listener);
	gate_open(s, CROWDED);
	for (int i = 0; i < CONNS; i++)
		sk_wait_readable(fds[i]); /* it was reset */
}

static void second(struct scene *s)
{
	int listener = tcp_listen(s);

	gate_open(s, LISTENS);
	for (int i = 0; i < CONNS; i++) {
		int fd;

		pause_ms(LATE_MS);
		fd = tcp_accept(listener);
		answer(fd, 20);
		sk_recv_end(fd);
	}
}

static int connect_from(struct scene *s, int i)
{
	int fd = sk_new(s, SOCK_STREAM, 0);

	sk_bind(fd, s->client_addr, (uint16_t)(FIRST_PORT + i));
	tcp_connect_fd(s, fd);
	return fd;
}

static void client(struct scene *s)
{
	int fds[CONNS];

	for (int i = 0; i < CONNS; i++) {
		fds[i] = connect_from(s, i);
		ask(fds[i], 20);
	}
	gate_open(s, CONNECTED);
	gate_wait(s, CROWDED);
	for (int i = 0; i < CONNS; i++)
		sk_reset(fds[i]);
	gate_wait(s, AGAIN);
	for (int i = 0; i < CONNS; i++) {
		fds[i] = connect_from(s, i);
		ask(fds[i], 20);
		sk_close(fds[i]);
	}
}

static void run(struct scene *s)
{
	pid_t pid;

	net_between(s, &b, &a);
	pid = spawn(s, "first", "a", first);
	gate_wait(s, LISTENS);
	spawn_client(s, client);
	reap(s, pid);
	spawn(s, "second", "a", second);
	gate_wait(s, LISTENS);
	gate_open(s, AGAIN);
}

SCENARIO(.name = "evict-tcp", .about = "tuples of another process, after sockets the kernel's map had forgotten",
	.passes = AT_ONCE | OVER_V4 | OVER_V6, .options = "--map-size " CROWD_MAP, .run = run,
	.says = "[1-9][0-9]* owners evicted in the kernel");
