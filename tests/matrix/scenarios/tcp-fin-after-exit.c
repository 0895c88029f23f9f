/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, GONE };

/* A small window: most of what the client sends waits in its kernel until it is gone. */
static void server(struct scene *s)
{
	int listener = sk_new(s, SOCK_STREAM, 0), fd;

	sk_set(listener, SOL_SOCKET, SO_RCVBUF, 4096);
	sk_bind(listener, s->bind_addr, s->port);
	tcp_listen_fd(listener);
	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	gate_wait(s, GONE);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = sk_new(s, SOCK_STREAM, 0);
	sk_set(fd, SOL_SOCKET, SO_SNDBUF, 200000);
	tcp_connect_fd(s, fd);
	sk_send(fd, 50000);
}

static void run(struct scene *s)
{
	pid_t pid;

	spawn_server(s, server);
	pid = spawn_client(s, client);
	reap(s, pid);
	pause_ms(LATE_MS);
	gate_open(s, GONE);
}

SCENARIO(.name = "tcp-fin-after-exit", .about = "data and FIN leave when their process is gone", .run = run);
