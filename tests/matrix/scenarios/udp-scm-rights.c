/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <unistd.h>

enum { READY, PASSED, SENT };

static int channel[2];

/* Has the descriptor, and does nothing with it until a datagram has come. */
static void taker(struct scene *s)
{
	int fd = sk_take(channel[1]);

	gate_open(s, PASSED);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	answer(fd, 200);
	answer(fd, 200);
	sk_close(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, READY);
	fd = udp_client(s);
	ask(fd, 100);
	sk_pass(channel[0], fd);
	sk_close(fd);
}

static void server(struct scene *s)
{
	struct sockaddr_storage from;
	int fd = udp_server(s);

	gate_open(s, READY);
	udp_recv_from(fd, 100, &from);
	udp_send_at(fd, &from, 100);
	gate_wait(s, PASSED);
	pause_ms(LATE_MS);
	udp_send_at(fd, &from, 200);
	gate_open(s, SENT);
	sk_recv(fd, 200);
	udp_send_at(fd, &from, 200);
	sk_recv(fd, 200);
	sk_close(fd);
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

SCENARIO(.name = "udp-scm-rights", .about = "a socket is passed to another process (SCM_RIGHTS)", .run = run);
