/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS };

static int conn;

static void talk(struct scene *s)
{
	(void)s;
	pause_ms(TURN_MS);
	ask(conn, 200);
}

static void serve(struct scene *s)
{
	(void)s;
	answer(conn, 200);
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s);

	gate_open(s, LISTENS);
	conn = tcp_accept(listener);
	in_thread(s, "serve-1", serve);
	in_thread(s, "serve-2", serve);
	answer(conn, 300);
	sk_recv_end(conn);
}

static void client(struct scene *s)
{
	gate_wait(s, LISTENS);
	conn = tcp_connect(s);
	in_thread(s, "talk-1", talk);
	in_thread(s, "talk-2", talk);
	pause_ms(TURN_MS);
	ask(conn, 300);
	sk_close(conn);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-threads", .about = "threads send on a connection of their process in turns", .run = run);
