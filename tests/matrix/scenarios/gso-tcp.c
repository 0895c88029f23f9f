/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS };
#define BYTES 2000000

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, BYTES);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, BYTES);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "gso-tcp", .about = "much data, in packets of up to 64 KiB", .options = "-s 128",
	.sees = {"\\(veth0, .*, out, .*length [56]\\d{4}$", "\\(veth0, .*, in, .*length [56]\\d{4}$"}, .run = run);
