/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_router.h"

#include <errno.h>

static void client(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0), err = tcp_try_connect(s, fd);

	errno = -err;
	if (err != -ECONNREFUSED)
		fail("was not refused");
	sk_close(fd);
}

static void run(struct scene *s)
{
	router_bystander(s);
	net_between(s, &router_b, &router_c);
	reap(s, spawn_client(s, client));
	router_bystander_end(s);
}

SCENARIO(.name = "forward-refused", .about = "TCP likewise, where nobody listens: the one end there is", .passes = AT_ONCE,
	.through = "b", .sees = {"\\(veth0, proc client:.*, in, attr=host"}, .setup = router_setup, .run = run);
