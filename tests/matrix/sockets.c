/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets, and the truth about them. */
#include "tests/matrix/matrix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define POLL_MS 1 /* between two looks at a queue that is waited for */
#define CHUNK 65536
#define BACKLOG 128

socklen_t make_addr(struct sockaddr_storage *ss, const char *addr, uint16_t port)
{
	struct sockaddr_in6 *v6 = (void *)ss;
	struct sockaddr_in *v4 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	errno = 0;
	if (inet_pton(AF_INET6, addr, &v6->sin6_addr) != 1)
		fail("'%s' is no address", addr);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

void sk_set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		fail("setsockopt %d %d", level, option);
}

int sk_new(const struct scene *s, int type, int proto)
{
	int fd = socket(s->family, type, proto);

	if (fd < 0)
		fail("socket");
	if (s->family == AF_INET6)
		sk_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !s->dual);
	return fd;
}

void sk_bind(int fd, const char *addr, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = make_addr(&ss, addr, port);

	if (port)
		sk_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (void *)&ss, len))
		fail("bind %s %u", addr, port);
}

uint16_t sk_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (void *)&ss, &len))
		fail("getsockname");
	/* at the same place in both */
	return ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

/* ---- TCP ---- */

int tcp_listen_fd(int fd)
{
	uint64_t since = now_ns();

	if (listen(fd, BACKLOG))
		fail("listen");
	truth_sock(fd, "tcp", since);
	return fd;
}

int tcp_listen(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0);

	sk_bind(fd, s->bind_addr, s->port);
	return tcp_listen_fd(fd);
}

static int do_connect(struct scene *s, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = make_addr(&ss, s->server_addr, s->port);

	return connect(fd, (void *)&ss, len) ? -errno : 0;
}

void tcp_connect_fd(struct scene *s, int fd)
{
	uint64_t since = now_ns();

	if (do_connect(s, fd))
		fail("connect to %s port %u", s->server_addr, s->port);
	truth_sock(fd, "tcp", since);
}

int tcp_connect(struct scene *s)
{
	int fd = sk_new(s, SOCK_STREAM, 0);

	tcp_connect_fd(s, fd);
	return fd;
}

/* A socket whose connect failed has forgotten its port; that it is the only one that goes there must do. */
int tcp_try_connect(struct scene *s, int fd)
{
	const char *raddr = s->server_addr;
	uint64_t since = now_ns();
	char port[8];
	int err = do_connect(s, fd);

	snprintf(port, sizeof(port), "%u", s->port);
	if (!strncmp(raddr, "::ffff:", 7))
		raddr += 7;
	truth_sock_as(fd, "tcp", since, "any", "any", raddr, port);
	return err;
}

/* Until accept has returned, it is the listener's. */
int tcp_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		fail("accept");
	truth_sock(fd, "tcp", now_ns());
	truth_from(fd, listener);
	return fd;
}

void sk_reset(int fd)
{
	struct linger off = {1, 0};

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off)))
		fail("SO_LINGER");
	sk_close(fd);
}

void sk_wait_acked(int fd)
{
	int left = 1;

	for (;;) {
		if (ioctl(fd, SIOCOUTQ, &left))
			fail("SIOCOUTQ");
		if (!left)
			return;
		pause_ms(POLL_MS);
	}
}

/* ---- any ---- */

void sk_send(int fd, size_t bytes)
{
	static char data[CHUNK];

	truth_act(fd, bytes);
	while (bytes) {
		ssize_t n = send(fd, data, bytes < CHUNK ? bytes : CHUNK, 0);

		if (n < 0)
			fail("send");
		bytes -= (size_t)n;
	}
}

static size_t recv_some(int fd, size_t max)
{
	static char data[CHUNK];
	ssize_t n = recv(fd, data, max < CHUNK ? max : CHUNK, 0);

	if (n < 0)
		fail("recv");
	if (n)
		truth_got(fd, (size_t)n);
	return (size_t)n;
}

void sk_recv(int fd, size_t bytes)
{
	while (bytes) {
		size_t n = recv_some(fd, bytes);

		errno = 0;
		if (!n)
			fail("recv: the other end closed, %zu bytes are missing", bytes);
		bytes -= n;
	}
}

void sk_recv_end(int fd)
{
	while (recv_some(fd, CHUNK))
		;
}

void sk_wait_readable(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};

	if (poll(&p, 1, -1) != 1)
		fail("poll");
}

void sk_close(int fd)
{
	ino_t ino = sock_ino(fd);

	close(fd);
	truth_drop(ino);
}

void ask(int fd, size_t bytes)
{
	sk_send(fd, bytes);
	sk_recv(fd, bytes);
}

void answer(int fd, size_t bytes)
{
	sk_recv(fd, bytes);
	sk_send(fd, bytes);
}

union fd_control {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

void sk_pass(int channel, int fd)
{
	struct iovec iov = {"f", 1};
	union fd_control control = {.space = {0}};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(channel, &msg, 0) != 1)
		fail("sendmsg of a descriptor");
}

int sk_take(int channel)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union fd_control control = {.space = {0}};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	uint64_t since = now_ns();
	int fd;

	if (recvmsg(channel, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		fail("recvmsg of a descriptor");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	truth_hold(fd, since);
	return fd;
}
