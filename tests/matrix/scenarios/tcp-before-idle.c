/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CONNECTED, GO, SENT };

static void idle(struct scene *s)
{
	gate_open(s, CONNECTED);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
}

/* The end that is judged by what it was before pidtap came: it never acts again. */
static void act(struct scene *s, int fd)
{
	gate_wait(s, GO);
	sk_send(fd, 1000);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_wait_readable(fd); /* the other is gone */
	sk_close(fd);
}

static bool server_is_idle(const struct scene *s)
{
	return s->server_ns[0] == 'a';
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	sk_recv(fd, 100);
	if (server_is_idle(s))
		idle(s);
	else
		act(s, fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	sk_send(fd, 100);
	sk_wait_acked(fd);
	if (server_is_idle(s))
		act(s, fd);
	else
		idle(s);
}

static void before(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
	gate_wait(s, CONNECTED);
}

static void run(struct scene *s)
{
	gate_open(s, GO);
}

SCENARIO(.name = "tcp-before-idle", .about = "a connection older than the capture, of which one end never acts", .before = before, .run = run);
