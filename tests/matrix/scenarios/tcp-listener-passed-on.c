/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { GIVEN_UP, GIVEN_UP_AGAIN, LISTENS };

static int listener;

/* It acts on the listener long after somebody came to it. */
static void second(struct scene *s)
{
	int fd;

	gate_wait(s, GIVEN_UP_AGAIN);
	pause_ms(LATE_MS);
	gate_open(s, LISTENS);
	sk_wait_readable(listener);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	sk_recv_end(fd);
	sk_close(fd);
	sk_close(listener);
}

/* It never acts on it. */
static void first(struct scene *s)
{
	gate_wait(s, GIVEN_UP);
	pause_ms(LATE_MS);
	spawn(s, "second", NULL, second);
	sk_close(listener);
	gate_open(s, GIVEN_UP_AGAIN);
	reap_all(s);
}

static void server(struct scene *s)
{
	listener = tcp_listen(s);
	spawn(s, "first", NULL, first);
	sk_close(listener);
	gate_open(s, GIVEN_UP);
	reap_all(s);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-listener-passed-on", .about = "a listener that its owner, and who had it then, have closed", .run = run);
