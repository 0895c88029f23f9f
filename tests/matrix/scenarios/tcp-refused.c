/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <errno.h>

/* SYN and RST are the client's; the other end is nobody's. */
static void client(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0);
	int err = tcp_try_connect(s, fd);

	errno = -err;
	if (err != -ECONNREFUSED)
		fail("not refused");
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-refused", .about = "nobody listens: SYN and RST", .run = run);
