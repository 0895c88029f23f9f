/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { READY, DONE };
#define WORKERS 3

static int listener;

/* in accept when pidtap starts */
static void worker(struct scene *s)
{
	int fd;

	gate_open(s, READY);
	fd = tcp_accept(listener);
	answer(fd, 100);
	sk_recv_end(fd);
	sk_close(fd);
	gate_wait(s, DONE);
}

/* The master keeps the listener, and never acts on it. */
static void server(struct scene *s)
{
	listener = tcp_listen(s);
	for (int i = 0; i < WORKERS; i++)
		spawn(s, "worker", NULL, worker);
	reap_all(s);
	sk_close(listener);
}

static void client(struct scene *s)
{
	int fd[WORKERS];

	for (int i = 0; i < WORKERS; i++)
		fd[i] = tcp_connect(s);
	for (int i = 0; i < WORKERS; i++)
		ask(fd[i], 100);
	for (int i = 0; i < WORKERS; i++)
		sk_close(fd[i]);
	gate_open_for(s, DONE, WORKERS);
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	for (int i = 0; i < WORKERS; i++)
		gate_wait(s, READY);
}

static void run(struct scene *s)
{
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-before-prefork", .about = "a listener older than the capture, in accept in several processes", .before = before, .run = run);
