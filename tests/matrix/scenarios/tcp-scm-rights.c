/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <unistd.h>

enum { LISTENS, PASSED, SENT };

static int channel[2];

/* Has the descriptor, and does nothing with it until data has come. */
static void taker(struct scene *s)
{
	int fd = sk_take(channel[1]);

	gate_open(s, PASSED);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	sk_recv(fd, 400);
	sk_send(fd, 300);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	sk_pass(channel[0], fd);
	sk_close(fd);
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	gate_wait(s, PASSED);
	pause_ms(LATE_MS);
	sk_send(fd, 400);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_recv_end(fd);
}

static void run(struct scene *s)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
		fail("socketpair");
	spawn(s, "taker", s->client_ns, taker);
	spawn_server(s, server);
	spawn_client(s, client);
	reap_all(s);
	close(channel[0]);
	close(channel[1]);
}

SCENARIO(.name = "tcp-scm-rights", .about = "a connection is passed to another process (SCM_RIGHTS)", .run = run);
