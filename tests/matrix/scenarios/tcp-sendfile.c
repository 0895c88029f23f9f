/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { LISTENS };
#define BYTES 30000

static int file_of(size_t bytes)
{
	int fd = memfd_create("data", 0);

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		fail("memfd");
	return fd;
}

static void send_file(int to, size_t bytes)
{
	int file = file_of(bytes);

	truth_act(to, bytes);
	while (bytes) {
		ssize_t n = sendfile(to, file, NULL, bytes);

		if (n <= 0)
			fail("sendfile");
		bytes -= (size_t)n;
	}
	close(file);
}

static void move(int from, int to, size_t bytes)
{
	while (bytes) {
		ssize_t n = splice(from, NULL, to, NULL, bytes, 0);

		if (n <= 0)
			fail("splice");
		bytes -= (size_t)n;
	}
}

/* through a pipe, as splice wants it */
static void splice_to(int to, size_t bytes)
{
	int file = file_of(bytes), p[2];

	if (pipe(p))
		fail("pipe");
	move(file, p[1], bytes);
	truth_act(to, bytes);
	move(p[0], to, bytes);
}

static void splice_from(int from, size_t bytes)
{
	int null = open("/dev/null", O_WRONLY), p[2];

	if (null < 0 || pipe(p))
		fail("pipe");
	for (size_t left = bytes; left;) {
		ssize_t n = splice(from, NULL, p[1], NULL, left, 0);

		if (n <= 0)
			fail("splice");
		move(p[0], null, (size_t)n);
		left -= (size_t)n;
	}
	truth_got(from, bytes);
}

static void server(struct scene *s)
{
	int listener = tcp_listen(s), fd;

	gate_open(s, LISTENS);
	fd = tcp_accept(listener);
	splice_from(fd, BYTES);
	splice_to(fd, BYTES);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	send_file(fd, BYTES);
	splice_from(fd, BYTES);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-sendfile", .about = "sendfile and splice", .run = run);
