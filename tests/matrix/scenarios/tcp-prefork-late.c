/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, SENT };
#define WORKERS 4

static int listener;

static void worker(struct scene *s)
{
	int fd;

	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	sk_close(listener);
	answer(fd, 200);
	sk_recv_end(fd);
}

static void server(struct scene *s)
{
	listener = tcp_listen(s);
	for (int i = 0; i < WORKERS; i++)
		spawn(s, "worker", NULL, worker);
	sk_close(listener);
	gate_open(s, LISTENS);
	reap_all(s);
}

static void client(struct scene *s)
{
	int fd[WORKERS];

	gate_wait(s, LISTENS);
	for (int i = 0; i < WORKERS; i++)
		fd[i] = tcp_connect(s);
	for (int i = 0; i < WORKERS; i++)
		sk_send(fd[i], 200);
	gate_open_for(s, SENT, WORKERS);
	for (int i = 0; i < WORKERS; i++)
		sk_recv(fd[i], 200);
	for (int i = 0; i < WORKERS; i++)
		sk_close(fd[i]);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-prefork-late", .about = "the same, long after the data came; the parent closed the listener", .run = run);
