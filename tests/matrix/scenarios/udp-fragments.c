/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#define SIZE 4000 /* three of 1500 bytes */

enum { READY };

static void setup(void)
{
	sh("ip -n %s link set lo mtu 1500", ns_name("a"));
}

static void server(struct scene *s)
{
	int fd = udp_server(s);

	gate_open(s, READY);
	for (int i = 0; i < 3; i++)
		udp_answer(fd, SIZE);
	sk_close(fd);
}

/* One to be answered, by a connected socket and by one that is not. */
static void client(struct scene *s)
{
	struct sockaddr_storage from;
	int fd;

	gate_wait(s, READY);
	fd = udp_client(s);
	ask(fd, SIZE);
	sk_close(fd);
	fd = udp_new(s);
	for (int i = 0; i < 2; i++) {
		udp_send_to(fd, s->server_addr, s->port, SIZE);
		udp_recv_from(fd, SIZE, &from);
	}
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

/* Later fragments have no ports: passes at once would be taken for each other. */
SCENARIO(.name = "udp-fragments", .about = "datagrams of three fragments, both ways", .setup = setup, .one_by_one = true,
	 .run = run);
