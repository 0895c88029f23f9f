/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <errno.h>
#include <string.h>

#define SERVERS 3
#define SIZE 100

enum { READY, ANSWERED };

static uint16_t which;

/* Takes and answers with sendmmsg's other half, too. */
static void server(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->bind_addr, (uint16_t)(s->port + which));
	gate_open(s, READY);
	udp_answer(fd, SIZE);
	gate_open(s, ANSWERED);
	udp_answer(fd, SIZE);
	gate_open(s, ANSWERED);
	sk_close(fd);
}

struct batch {
	char data[SERVERS][SIZE];
	struct iovec iov[SERVERS];
	struct sockaddr_storage addr[SERVERS];
	struct mmsghdr msgs[SERVERS];
};

static void make_batch(struct scene *s, struct batch *b)
{
	memset(b, 0, sizeof(*b));
	for (int i = 0; i < SERVERS; i++) {
		b->iov[i] = (struct iovec){b->data[i], SIZE};
		b->msgs[i].msg_hdr.msg_namelen = make_addr(&b->addr[i], s->server_addr, (uint16_t)(s->port + i));
		b->msgs[i].msg_hdr.msg_name = &b->addr[i];
		b->msgs[i].msg_hdr.msg_iov = &b->iov[i];
		b->msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

static void send_batch(struct scene *s, int fd)
{
	uint64_t since = now_ns();
	bool bound = sk_port(fd);
	struct batch b;

	make_batch(s, &b);
	for (int i = 0; i < SERVERS; i++)
		truth_act_to(fd, SIZE, &b.addr[i]);
	if (sendmmsg(fd, b.msgs, SERVERS, 0) != SERVERS)
		fail("sendmmsg");
	if (!bound)
		truth_sock(fd, "udp", since);
}

static void recv_batch(struct scene *s, int fd)
{
	struct batch b;
	int n;

	make_batch(s, &b);
	n = recvmmsg(fd, b.msgs, SERVERS, 0, NULL);
	errno = 0;
	if (n != SERVERS)
		fail("recvmmsg: %d messages", n);
	for (int i = 0; i < n; i++)
		truth_got(fd, b.msgs[i].msg_len);
}

static void client(struct scene *s)
{
	int fd = udp_new(s);

	for (int i = 0; i < SERVERS; i++)
		gate_wait(s, READY);
	for (int round = 0; round < 2; round++) {
		send_batch(s, fd);
		for (int i = 0; i < SERVERS; i++)
			gate_wait(s, ANSWERED);
		recv_batch(s, fd);
	}
	sk_close(fd);
}

static void run(struct scene *s)
{
	for (which = 0; which < SERVERS; which++)
		spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-sendmmsg", .about = "sendmmsg to several servers at once, answers by recvmmsg", .run = run);
