/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_router.h"

enum { LISTENS };

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	sk_wait_readable(listener);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	sk_close(fd);
}

static void run(struct scene *s)
{
	net_between(s, &router_b, &router_c);
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "forward-late", .about = "TCP likewise, the server accepts late", .passes = AT_ONCE, .through = "b c",
	.setup = router_setup, .run = run);
