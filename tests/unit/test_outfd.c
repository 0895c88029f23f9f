/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/outfd.c src/base/patient.c src/base/clock.c */
#include "out/outfd.h"
#include "base/clock.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define PAGE 4096
#define PIPE_PAGES 4
#define BIG (64 * PAGE)

static uint8_t data[BIG];

struct asked {
	int times;
	int over_at; /* from which time on it is over; 0: never */
	int tell;    /* gets a byte the first time; 0: nobody does */
	uint64_t since_ns; /* of the last time */
};

static bool is_over(void *ctx, uint64_t since_ns)
{
	struct asked *a = ctx;

	a->since_ns = since_ns;
	if (!a->times++ && a->tell && write(a->tell, "x", 1) != 1)
		return true;
	return a->over_at && a->times >= a->over_at;
}

/* Of PIPE_PAGES pages; fds[1] blocks. */
static bool make_pipe(int *fds)
{
	return !pipe(fds) && fcntl(fds[1], F_SETPIPE_SZ, PIPE_PAGES * PAGE) == PIPE_PAGES * PAGE;
}

static void test_stalled(void)
{
	struct asked a = {.over_at = 3};
	const struct patience patience = {is_over, &a};
	uint64_t begin_ns = clock_mono_ns();
	struct outfd o;
	size_t done;
	int fds[2];

	tap_ok(make_pipe(fds), "a pipe");
	outfd_init(&o, fds[1], &patience);
	tap_is_int(outfd_write(&o, data, BIG, &done), -ECANCELED, "nobody reads, and patience is over");
	tap_is_int(done, PIPE_PAGES * PAGE, "what the pipe takes is counted");
	tap_ok(a.times == 3 && a.since_ns >= begin_ns, "patience was asked again and again");
	tap_is_int(outfd_write(&o, data, 1, &done), -ECANCELED, "it stays so");
	tap_ok(!done && a.times == 3, "without a further try");
	close(fds[0]);
	outfd_close(&o);
	tap_ok(fcntl(fds[1], F_GETFD) < 0, "it is closed");
}

/* A terminal says that it is writable as soon as one byte fits. */
static void test_terminal(void)
{
	struct asked a = {.over_at = 2};
	const struct patience patience = {is_over, &a};
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct outfd o;
	size_t done;

	tap_ok(master >= 0 && !grantpt(master) && !unlockpt(master), "a terminal");
	outfd_init(&o, open(ptsname(master), O_RDWR | O_NOCTTY), &patience);
	tap_is_int(outfd_write(&o, data, BIG, &done), -ECANCELED, "nobody reads it");
	tap_ok(done && done < BIG, "some bytes it took");
	outfd_close(&o);
	close(master);
}

struct reader {
	int fd;
	int begin; /* a byte comes when it is time */
	size_t got;
};

static void *read_late(void *arg)
{
	struct reader *r = arg;
	uint8_t buf[777];
	ssize_t n = read(r->begin, buf, 1);

	while (n > 0 && (n = read(r->fd, buf, sizeof(buf))) > 0)
		r->got += (size_t)n;
	return NULL;
}

static void test_late(bool nonblock)
{
	struct asked a = {0};
	const struct patience patience = {is_over, &a};
	struct reader r = {0};
	pthread_t thread;
	struct outfd o;
	size_t done;
	int fds[2], begin[2];

	tap_ok(make_pipe(fds) && !pipe(begin), "a pipe");
	a.tell = begin[1];
	r.begin = begin[0];
	if (nonblock)
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
	r.fd = fds[0];
	pthread_create(&thread, NULL, read_late, &r);
	outfd_init(&o, fds[1], &patience);
	tap_is_int(outfd_write(&o, data, BIG, &done), 0, "a late reader is waited for, %s", nonblock ? "non-blocking" : "blocking");
	outfd_close(&o);
	pthread_join(thread, NULL);
	tap_ok(done == BIG && r.got == BIG && a.times, "it got all of it");
	close(fds[0]);
	close(begin[0]);
	close(begin[1]);
}

/* Reads a byte each time patience is asked: too little to make room in the pipe. */
struct nibbler {
	int fd;
	int times;
	uint64_t first_ns, last_ns; /* since when it is said to have read nothing */
};

static bool nibble(void *ctx, uint64_t since_ns)
{
	struct nibbler *n = ctx;
	char byte;

	if (!n->times)
		n->first_ns = since_ns;
	n->last_ns = since_ns;
	return ++n->times == 4 || read(n->fd, &byte, 1) != 1;
}

static void test_nibbler(void)
{
	struct nibbler n = {0};
	const struct patience patience = {nibble, &n};
	struct outfd o;
	size_t done;
	int fds[2];

	tap_ok(make_pipe(fds), "a pipe");
	n.fd = fds[0];
	outfd_init(&o, fds[1], &patience);
	tap_is_int(outfd_write(&o, data, BIG, &done), -ECANCELED, "until it is over");
	tap_ok(done == PIPE_PAGES * PAGE && n.last_ns > n.first_ns, "who reads a byte has read, also if that makes no room");
	close(fds[0]);
	outfd_close(&o);
}

static void test_file(void)
{
	char path[] = "/tmp/pidtap-test-XXXXXX";
	int fd = mkstemp(path);
	struct outfd o;
	size_t done;

	unlink(path);
	outfd_init(&o, fd, NULL);
	tap_ok(!o.waits && !outfd_write(&o, data, BIG, &done) && done == BIG, "a file takes all");
	tap_is_int(lseek(fd, 0, SEEK_CUR), BIG, "and has it");
	outfd_close(&o);
	outfd_init(&o, open("/dev/full", O_WRONLY), NULL);
	tap_is_int(outfd_write(&o, data, BIG, &done), -ENOSPC, "a full device");
	outfd_close(&o);
}

int main(void)
{
	test_stalled();
	test_terminal();
	test_late(false);
	test_late(true);
	test_nibbler();
	test_file();
	return tap_done();
}
