/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define DATAGRAM_MAX 65536

socklen_t addr_len(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

int udp_new(const struct scene *s)
{
	return sk_new(s, SOCK_DGRAM, 0);
}

void udp_bind(int fd, const char *addr, uint16_t port)
{
	uint64_t since = now_ns();
	struct sockaddr_storage ss;
	socklen_t len = make_addr(&ss, addr, port);

	if (bind(fd, (void *)&ss, len))
		fail("bind %s %u", addr, port);
	truth_sock(fd, "udp", since);
}

void udp_connect_at(int fd, const struct sockaddr_storage *to)
{
	uint64_t since = now_ns();

	if (connect(fd, (const void *)to, addr_len(to)))
		fail("connect");
	truth_sock(fd, "udp", since);
}

void udp_connect(int fd, const char *addr, uint16_t port)
{
	struct sockaddr_storage ss;

	make_addr(&ss, addr, port);
	udp_connect_at(fd, &ss);
}

void udp_disconnect(int fd)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	uint64_t since = now_ns();

	if (connect(fd, &none, sizeof(none)))
		fail("disconnect");
	truth_sock(fd, "udp", since);
}

int udp_server(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->bind_addr, s->port);
	return fd;
}

int udp_sharer(struct scene *s)
{
	int fd = udp_new(s);

	sk_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	udp_bind(fd, s->bind_addr, s->port);
	return fd;
}

int udp_client(struct scene *s)
{
	int fd = udp_new(s);

	udp_connect(fd, s->server_addr, s->port);
	return fd;
}

static void send_msg(int fd, const struct sockaddr_storage *to, struct msghdr *msg, size_t bytes)
{
	static char data[DATAGRAM_MAX];
	struct iovec iov = {data, bytes};
	uint64_t since = now_ns();
	bool bound = sk_port(fd);

	msg->msg_name = (void *)(uintptr_t)to;
	msg->msg_namelen = addr_len(to);
	msg->msg_iov = &iov;
	msg->msg_iovlen = 1;
	truth_act_to(fd, bytes, to);
	if (sendmsg(fd, msg, 0) != (ssize_t)bytes)
		fail("sendmsg");
	if (!bound)
		truth_sock(fd, "udp", since);
}

void udp_send_at(int fd, const struct sockaddr_storage *to, size_t bytes)
{
	static char data[DATAGRAM_MAX];
	uint64_t since = now_ns();
	bool bound = sk_port(fd);

	truth_act_to(fd, bytes, to);
	if (sendto(fd, data, bytes, 0, (const void *)to, addr_len(to)) != (ssize_t)bytes)
		fail("sendto");
	if (!bound)
		truth_sock(fd, "udp", since);
}

void udp_send_to(int fd, const char *addr, uint16_t port, size_t bytes)
{
	struct sockaddr_storage to;

	make_addr(&to, addr, port);
	udp_send_at(fd, &to, bytes);
}

union info_control {
	char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct cmsghdr align;
};

void udp_send_from(int fd, const char *from, const struct sockaddr_storage *to, size_t bytes)
{
	union info_control control = {.space = {0}};
	struct msghdr msg = {.msg_control = &control};
	struct cmsghdr *c = &control.align;
	struct sockaddr_storage ss;

	make_addr(&ss, from, 0);
	if (ss.ss_family == AF_INET) {
		struct in_pktinfo info = {.ipi_spec_dst = ((struct sockaddr_in *)&ss)->sin_addr};

		*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO};
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg.msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in6_pktinfo info = {.ipi6_addr = ((struct sockaddr_in6 *)&ss)->sin6_addr};

		*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO};
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg.msg_controllen = CMSG_SPACE(sizeof(info));
	}
	send_msg(fd, to, &msg, bytes);
}

void udp_recv_from(int fd, size_t bytes, struct sockaddr_storage *from)
{
	static char data[DATAGRAM_MAX];
	socklen_t len = sizeof(*from);
	ssize_t n = recvfrom(fd, data, sizeof(data), 0, (void *)from, &len);

	if (n < 0)
		fail("recvfrom");
	truth_got(fd, (size_t)n);
	errno = 0;
	if ((size_t)n != bytes)
		fail("a datagram of %zd bytes came, not of %zu", n, bytes);
}

void udp_answer(int fd, size_t bytes)
{
	struct sockaddr_storage from;

	udp_recv_from(fd, bytes, &from);
	udp_send_at(fd, &from, bytes);
}

bool udp_wait(const struct scene *s, int fd, int gate)
{
	struct pollfd polls[2] = {{fd, POLLIN, 0}, {s->gates[gate][0], POLLIN, 0}};

	return poll(polls, 2, -1) > 0 && polls[0].revents;
}

bool udp_has_data(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};

	return poll(&p, 1, 0) == 1;
}
