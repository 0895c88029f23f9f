/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#define ROUNDS 3

enum { READY };

static void tcp_server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, READY);
	fd = tcp_accept(listener);
	for (int i = 0; i < ROUNDS; i++)
		answer(fd, 100);
	sk_recv_end(fd);
}

static void dgram_server(struct scene *s)
{
	int fd = udp_server(s);

	gate_open(s, READY);
	for (int i = 0; i < ROUNDS; i++)
		udp_answer(fd, 100);
	sk_close(fd);
}

/* From one port, too. */
static void tcp_client(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0);

	sk_bind(fd, s->client_addr, (uint16_t)(s->port + 1));
	tcp_connect_fd(s, fd);
	for (int i = 0; i < ROUNDS; i++)
		ask(fd, 100);
	sk_close(fd);
}

static void dgram_client(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->client_addr, (uint16_t)(s->port + 1));
	udp_connect(fd, s->server_addr, s->port);
	for (int i = 0; i < ROUNDS; i++)
		ask(fd, 100);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn(s, "tcp-server", s->server_ns, tcp_server);
	spawn(s, "udp-server", s->server_ns, dgram_server);
	gate_wait(s, READY);
	gate_wait(s, READY);
	spawn(s, "tcp-client", s->client_ns, tcp_client);
	spawn(s, "udp-client", s->client_ns, dgram_client);
}

SCENARIO(.name = "udp-and-tcp", .about = "UDP and TCP on the same two ports, by different processes", .run = run);
