/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, CHANGED, SENT };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	gate_wait(s, CHANGED);
	sk_send(fd, 400);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	set_uid(65534);
	pause_ms(LATE_MS);
	gate_open(s, CHANGED);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	sk_send(fd, 300);
	sk_recv(fd, 400);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-setuid", .about = "the client changes its uid after connect", .run = run);
