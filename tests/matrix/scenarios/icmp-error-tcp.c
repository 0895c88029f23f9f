/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_icmp.h"

#include <errno.h>
#include <string.h>

enum { LISTENS, CONNECTED, TOLD };

/* Both are told that what they sent could not be delivered; they go on. */
static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	answer(fd, 100);
	answer(fd, 200);
	sk_recv_end(fd);
}

static struct sockaddr_storage client_end, server_end;

/* In the other namespace than the one that is told. */
static void tell_client(struct scene *s)
{
	icmp_send_error(&client_end, &server_end, IPPROTO_TCP);
	gate_open(s, TOLD);
}

static void tell_server(struct scene *s)
{
	icmp_send_error(&server_end, &client_end, IPPROTO_TCP);
	gate_open(s, TOLD);
}

static void client(struct scene *s)
{
	const char *server_addr = s->dual ? s->server_addr + 7 : s->server_addr; /* without ::ffff: */
	const char *client_addr = s->dual ? s->client_addr + 7 : s->client_addr;
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	ask(fd, 100);
	make_addr(&client_end, client_addr, sk_port(fd));
	make_addr(&server_end, server_addr, s->port);
	spawn(s, "router", s->server_ns, tell_client);
	spawn(s, "router", s->client_ns, tell_server);
	gate_wait(s, TOLD);
	gate_wait(s, TOLD);
	reap_all(s);
	ask(fd, 200);
	sk_close(fd);
}

/* A router between refuses it. */
static void refused(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0), err;

	s->server_addr = icmp_forbidden_addr(s);
	err = tcp_try_connect(s, fd);
	errno = -err;
	if (err != -EHOSTUNREACH && err != -EACCES)
		fail("connect to a forbidden address");
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
	/* a router sends few errors to one address */
	if (!strcmp(s->client_ns, "a"))
		spawn(s, "refused", "a", refused);
}

SCENARIO(.name = "icmp-error-tcp", .about = "errors that quote TCP: of a connection, and a router that refuses one",
	 .passes = AT_CLIENT | AT_SERVER, .setup = icmp_forbid_routes, .one_by_one = true, .run = run);
