/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <unistd.h>

enum { LISTENS, TAKEN };

static int channel[2];

/* One process accepts and passes on, another serves; the first dies, then the client goes on. */
static void worker(struct scene *s)
{
	int fd = sk_take(channel[1]);

	gate_open(s, TAKEN);
	sk_recv(fd, 400);
	sk_send(fd, 300);
	sk_recv_end(fd);
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s);

	gate_open(s, LISTENS);
	sk_pass(channel[0], tcp_accept(listener));
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	gate_wait(s, TAKEN);
	pause_ms(LATE_MS);
	sk_send(fd, 400);
	sk_recv(fd, 300);
	sk_close(fd);
}

static void run(struct scene *s)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
		fail("socketpair");
	spawn(s, "worker", s->server_ns, worker);
	spawn_server(s, server);
	spawn_client(s, client);
	reap_all(s);
	close(channel[0]);
	close(channel[1]);
}

SCENARIO(.name = "tcp-scm-accepted", .about = "one process accepts and dies, another got the connection from it", .fresh = true, .run = run);
