/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <poll.h>

enum { LISTENS, DONE };
#define WORKERS 3
#define CONNECTIONS 3

/* Serves whatever the kernel gives it, long after that, until all is done. */
static void worker(struct scene *s)
{
	int listener = sk_new(s, SOCK_STREAM, 0), fd;
	struct pollfd p[2] = {{s->gates[DONE][0], POLLIN, 0}, {listener, POLLIN, 0}};

	sk_set(listener, SOL_SOCKET, SO_REUSEPORT, 1);
	sk_bind(listener, s->bind_addr, s->port);
	tcp_listen_fd(listener);
	gate_open(s, LISTENS);
	while (poll(p, 2, -1) > 0 && !p[0].revents) {
		pause_ms(LATE_MS);
		fd = tcp_accept(listener);
		answer(fd, 200);
		sk_recv_end(fd);
		sk_close(fd);
	}
}

static void client(struct scene *s)
{
	for (int i = 0; i < WORKERS; i++)
		gate_wait(s, LISTENS);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = tcp_connect(s);

		ask(fd, 200);
		sk_close(fd);
	}
	gate_open(s, DONE);
}

static void run(struct scene *s)
{
	for (int i = 0; i < WORKERS; i++)
		spawn(s, "worker", s->server_ns, worker);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-reuseport-late", .about = "several processes listen on one port and accept late", .run = run);
