/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <poll.h>

enum { LISTENS, GONE };

/* What it sends meets a socket that nobody holds: a reset. */
static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;
	struct pollfd p = {.events = 0};

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	sk_recv_end(fd);
	gate_wait(s, GONE);
	sk_send(fd, 100);
	p.fd = fd;
	if (poll(&p, 1, -1) != 1 || !(p.revents & POLLERR))
		fail("not reset");
	sk_close(fd);
}

static void client(struct scene *s)
{
	gate_wait(s, LISTENS);
	sk_send(tcp_connect(s), 100);
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

SCENARIO(.name = "tcp-rst-after-exit", .about = "data comes for a process that is gone: a reset", .run = run);
