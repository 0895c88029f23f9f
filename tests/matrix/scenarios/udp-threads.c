/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

enum { READY };

static int sock;

static void talk(struct scene *s)
{
	(void)s;
	pause_ms(TURN_MS);
	ask(sock, 200);
}

static void serve(struct scene *s)
{
	(void)s;
	udp_answer(sock, 200);
}

static void server(struct scene *s)
{
	sock = udp_server(s);
	gate_open(s, READY);
	in_thread(s, "serve-1", serve);
	in_thread(s, "serve-2", serve);
	udp_answer(sock, 300);
	sk_close(sock);
}

static void client(struct scene *s)
{
	gate_wait(s, READY);
	sock = udp_client(s);
	in_thread(s, "talk-1", talk);
	in_thread(s, "talk-2", talk);
	pause_ms(TURN_MS);
	ask(sock, 300);
	sk_close(sock);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-threads", .about = "threads send on a socket of their process in turns", .run = run);
