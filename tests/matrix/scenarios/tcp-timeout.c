/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <errno.h>
#include <netinet/tcp.h>

/* An address that a machine would answer for, but none does: the neighbour is known and drops what is not its own. */
static void setup(void)
{
	sh("ip -n %s neighbour add 10.98.0.9 lladdr 02:00:00:00:00:09 dev veth0 nud permanent", ns_name("a"));
	sh("ip -n %s neighbour add fd98::9 lladdr 02:00:00:00:00:09 dev veth0 nud permanent", ns_name("a"));
}

static void client(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0), err;

	s->server_addr = s->dual ? "::ffff:10.98.0.9" : s->family == AF_INET ? "10.98.0.9" : "fd98::9";
	sk_set(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
	sk_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500);
	err = tcp_try_connect(s, fd);
	errno = -err;
	if (err != -ETIMEDOUT)
		fail("did not time out");
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-timeout", .about = "SYNs into the void, until connect times out", .passes = AT_CLIENT, .setup = setup, .run = run);
