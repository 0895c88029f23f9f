/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CONNECTED, GO };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	answer(fd, 200);
	sk_recv_end(fd);
}

/* Both are connected before either goes on. */
static void client(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0);

	sk_bind(fd, s->client_addr, (uint16_t)(s->port + 1));
	tcp_connect_fd(s, fd);
	ask(fd, 100);
	gate_open(s, CONNECTED);
	gate_wait(s, GO);
	ask(fd, 200);
	sk_close(fd);
}

static void run(struct scene *s)
{
	static const char *const namespaces[] = {"a", "b"};

	for (int i = 0; i < 2; i++)
		spawn(s, i ? "server-b" : "server-a", namespaces[i], server);
	for (int i = 0; i < 2; i++)
		gate_wait(s, LISTENS);
	for (int i = 0; i < 2; i++)
		spawn(s, i ? "client-b" : "client-a", namespaces[i], client);
	for (int i = 0; i < 2; i++)
		gate_wait(s, CONNECTED);
	gate_open_for(s, GO, 2);
}

SCENARIO(.name = "tcp-equal-tuples", .about = "equal tuples in two namespaces at once", .passes = AT_LO, .run = run);
