/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections made, served, handed over and ended in all the ways that have a hook of their own. */
#include "tests/live/strict.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#define POLL_MS 50

/* All ways to send; `n` chooses. `file`: holds a message. */
static void send_by(int fd, int file, unsigned int n)
{
	char data[STRICT_BYTES] = "";
	struct iovec iov = {data, sizeof(data)};
	struct mmsghdr msgs = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
	off_t from = 0;

	switch (n % 4) {
	case 0:
		send(fd, data, sizeof(data), 0);
		break;
	case 1:
		sendmsg(fd, &msgs.msg_hdr, 0);
		break;
	case 2:
		sendmmsg(fd, &msgs, 1, 0);
		break;
	default:
		sendfile(fd, file, &from, STRICT_BYTES);
	}
}

static int make_file(void)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, STRICT_BYTES))
		die("memfd_create");
	return fd;
}

/* Answers until the client ends, and does not close. */
static void serve(int conn, int file, unsigned int n)
{
	char data[STRICT_BYTES];

	while (recv(conn, data, sizeof(data), 0) > 0)
		send_by(conn, file, n++);
}

static void pass_on(int to, int conn)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.buf = ""};
	struct iovec iov = {"", 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = sizeof(control.buf)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(conn));
	memcpy(CMSG_DATA(c), &conn, sizeof(conn));
	sendmsg(to, &msg, 0);
}

/* Serves what another process accepted. */
static void serve_passed(int from, int file)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = {&byte, 1};
	int conn;

	for (;;) {
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
			.msg_controllen = sizeof(control.buf)};

		if (recvmsg(from, &msg, 0) <= 0)
			_exit(0);
		if (!CMSG_FIRSTHDR(&msg))
			continue;
		memcpy(&conn, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(conn));
		serve(conn, file, 0);
		close(conn);
	}
}

static int listen_at(const char *here)
{
	const int on = 1;
	struct sockaddr_storage addr;
	socklen_t len = make_addr(&addr, here, STRICT_PORT);
	int fd = make_socket(addr.ss_family, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)); /* for kp_reqsk_add */
	if (bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 64))
		die("listen");
	tell_sock(fd);
	return fd;
}

/* Each connection is served in another way; all who serve tell the listener's port. */
static void handle(int conn, int file, int other, unsigned int n)
{
	switch (n % 4) {
	case 0:
		serve(conn, file, n);
		break;
	case 1: /* a child, that ends with it open */
		if (!player_fork()) {
			tell(STRICT_PORT);
			serve(conn, file, n);
			_exit(0);
		}
		break;
	case 2: {
		int copy = dup(conn);

		close(conn);
		conn = copy;
		serve(conn, file, n);
		break;
	}
	default:
		pass_on(other, conn);
	}
	close(conn);
}

void play_tcp_server(const char *addr)
{
	int listener = listen_at(addr), file = make_file(), pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	if (!player_fork()) {
		tell(STRICT_PORT);
		close(pair[0]);
		close(listener);
		serve_passed(pair[1], file);
	}
	close(pair[1]);
	say_ready();
	for (unsigned int n = 0; going_on();) {
		struct pollfd p = {listener, POLLIN, 0};
		int conn;

		if (poll(&p, 1, POLL_MS) <= 0)
			continue;
		conn = n & 1 ? accept(listener, NULL, NULL) : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (conn >= 0)
			handle(conn, file, pair[0], n++);
	}
}

/* `n`: how it sends, and how it ends: by close, by a reset, by the end of its process. */
static void talk(int fd, int file, unsigned int n)
{
	const struct linger reset = {.l_onoff = 1};
	char data[STRICT_BYTES];

	tell_sock(fd);
	for (int i = 0; i < 3; i++) {
		send_by(fd, file, n);
		if (recv(fd, data, sizeof(data), 0) <= 0)
			break;
	}
	if (n % 3 == 1)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (n % 3 == 2 && !player_fork()) {
		tell_sock(fd);
		usleep(1); /* the parent closes meanwhile, or not */
		_exit(0);
	}
	close(fd);
}

void play_tcp_client(const char *addr)
{
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, addr, STRICT_PORT);
	int file = make_file();

	for (unsigned int n = 0; going_on(); n++) {
		int fd = make_socket(to.ss_family, SOCK_STREAM, 0);

		if (!connect(fd, (struct sockaddr *)&to, len)) {
			talk(fd, file, n);
			continue;
		}
		tell_sock(fd); /* it was in vain, as it took too long */
		close(fd);
	}
}

/* Answered by resets. The port is told before: afterwards the socket has none. */
void play_tcp_refused(const char *addr)
{
	struct sockaddr_storage to, from;
	socklen_t len = make_addr(&to, addr, STRICT_PORT + 1);

	make_addr(&from, "0.0.0.0", 0);
	while (going_on()) {
		int fd = make_socket(to.ss_family, SOCK_STREAM, 0);

		if (bind(fd, (struct sockaddr *)&from, len))
			die("bind");
		tell_sock(fd);
		connect(fd, (struct sockaddr *)&to, len);
		close(fd);
		usleep(10000);
	}
}
