/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_net.h"

#include <netinet/udp.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* include/uapi/linux/udp.h */
#endif

enum { READY };
#define SEGMENT 1400
#define BYTES (40 * SEGMENT)

static const char *lacks(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = SEGMENT;
	bool can = !setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size));

	close(fd);
	if (!can)
		return "UDP_SEGMENT (4.18)";
	return net_is_linux(5, 11) ? NULL : "UDP GSO on veth devices (seen on 6.1, not on 5.10)";
}

static void server(struct scene *s)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();

	sk_bind(fd, s->bind_addr, s->port);
	truth_sock(fd, "udp", since);
	gate_open(s, READY);
	sk_recv(fd, BYTES);
}

static void client(struct scene *s)
{
	int fd = sk_new(s, SOCK_DGRAM, 0);
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	uint64_t since = now_ns();

	gate_wait(s, READY);
	if (connect(fd, (void *)&to, len))
		fail("connect");
	truth_sock(fd, "udp", since);
	sk_set(fd, IPPROTO_UDP, UDP_SEGMENT, SEGMENT);
	sk_send(fd, BYTES);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "gso-udp", .about = "40 datagrams in one send", .lacks = lacks,
	.sees = {"\\(veth0, .*, out, .*UDP, length 56000", "\\(veth0, .*, in, .*UDP, length 56000"}, .run = run);
