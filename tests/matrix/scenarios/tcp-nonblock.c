/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

enum { LISTENS };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 300);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	int fd = sk_new(s, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p = {fd, POLLOUT, 0};
	uint64_t since = now_ns();

	gate_wait(s, LISTENS);
	if (!connect(fd, (void *)&to, len) || errno != EINPROGRESS)
		fail("connect does not return at once");
	if (poll(&p, 1, -1) != 1)
		fail("poll");
	truth_sock(fd, "tcp", since);
	fcntl(fd, F_SETFL, 0);
	ask(fd, 300);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-nonblock", .about = "connect that does not block", .run = run);
