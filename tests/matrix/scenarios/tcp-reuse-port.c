/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, ACCEPT_1, ACCEPT_2 };

static int listener;

static void worker_1(struct scene *s)
{
	int fd;

	gate_wait(s, ACCEPT_1);
	fd = tcp_accept(listener);
	answer(fd, 100);
	/* a reset ends it: no TIME_WAIT keeps the port */
	sk_wait_readable(fd);
}

/* accepts when the data is long there */
static void worker_2(struct scene *s)
{
	int fd;

	gate_wait(s, ACCEPT_2);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	sk_recv_end(fd);
}

static void server(struct scene *s)
{
	listener = tcp_listen(s);
	spawn(s, "worker-1", NULL, worker_1);
	spawn(s, "worker-2", NULL, worker_2);
	gate_open(s, LISTENS);
	reap_all(s);
}

static int connect_by_port(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0);

	sk_bind(fd, s->client_addr, (uint16_t)(s->port + 1));
	tcp_connect_fd(s, fd);
	return fd;
}

static void client_1(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = connect_by_port(s);
	gate_open(s, ACCEPT_1);
	ask(fd, 100);
	sk_reset(fd);
}

static void client_2(struct scene *s)
{
	int fd = connect_by_port(s);

	sk_send(fd, 100);
	gate_open(s, ACCEPT_2);
	sk_recv(fd, 100);
	sk_close(fd);
}

static void run(struct scene *s)
{
	pid_t pid;

	spawn_server(s, server);
	pid = spawn(s, "client-1", s->client_ns, client_1);
	reap(s, pid);
	spawn(s, "client-2", s->client_ns, client_2);
}

SCENARIO(.name = "tcp-reuse-port", .about = "the same ports again at once, by other processes, after a reset", .run = run);
