/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/outfd.c src/base/clock.c */
#include "out/outfd.h"
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
	int times;  /* how often it was asked */
	int end_at; /* from when on it says `ms` */
	int ms;
};

static int answer(void *ctx)
{
	struct asked *a = ctx;

	return ++a->times < a->end_at ? -1 : a->ms;
}

/* Of PIPE_PAGES pages; fds[1] blocks. */
static bool make_pipe(int *fds)
{
	return !pipe(fds) && fcntl(fds[1], F_SETPIPE_SZ, PIPE_PAGES * PAGE) == PIPE_PAGES * PAGE;
}

static void test_stalled(void)
{
	struct asked a = {.end_at = 3, .ms = 0};
	const struct patience patience = {answer, &a};
	struct outfd o;
	size_t done;
	int fds[2];

	tap_ok(make_pipe(fds), "a pipe");
	outfd_init(&o, fds[1], &patience);
	tap_is_int(outfd_write(&o, data, BIG, &done), -ECANCELED, "nobody reads, and patience ends");
	tap_is_int(done, PIPE_PAGES * PAGE, "what the pipe takes is counted");
	tap_is_int(a.times, 3, "patience was asked again and again");
	tap_is_int(outfd_write(&o, data, 1, &done), -ECANCELED, "it stays so");
	tap_ok(!done && a.times == 3, "without a further try");
	close(fds[0]);
	close(fds[1]);
}

struct reader {
	int fd;
	size_t got;
};

static void *read_late(void *arg)
{
	uint8_t buf[777];
	struct reader *r = arg;
	ssize_t n;

	usleep(300000); /* some looks at patience: the time is not judged */
	while ((n = read(r->fd, buf, sizeof(buf))) > 0)
		r->got += (size_t)n;
	return NULL;
}

/* A reader that comes to it late, or slowly, is waited for also when the end was asked for, as long as it reads. */
static void test_slow(int ms, const char *what)
{
	struct asked a = {.end_at = 1, .ms = ms};
	const struct patience patience = {answer, &a};
	struct reader r = {0};
	pthread_t thread;
	struct outfd o;
	size_t done;
	int fds[2];

	tap_ok(make_pipe(fds), "a pipe");
	r.fd = fds[0];
	pthread_create(&thread, NULL, read_late, &r);
	outfd_init(&o, fds[1], &patience);
	tap_is_int(outfd_write(&o, data, BIG, &done), 0, "%s", what);
	close(fds[1]);
	pthread_join(thread, NULL);
	tap_ok(done == BIG && r.got == BIG && a.times, "it got all of it");
	close(fds[0]);
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
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	outfd_init(&o, fd, NULL);
	tap_is_int(outfd_write(&o, data, BIG, &done), -ENOSPC, "a full device");
	close(fd);
}

static void test_stream(void)
{
	struct asked a = {.end_at = 1, .ms = 0};
	const struct patience patience = {answer, &a};
	char got[6] = "";
	int fds[2];
	FILE *f;

	tap_ok(make_pipe(fds), "a pipe");
	f = outfd_stream(fds[1], &patience);
	tap_ok(f && fputs("hello", f) > 0 && !fflush(f) && read(fds[0], got, 5) == 5 && !strcmp(got, "hello"), "a stream");
	tap_ok(fwrite(data, 1, BIG, f) < BIG, "nobody reads: the stream says so");
	tap_is_int(errno, ECANCELED, "and why");
	fclose(f);
	tap_ok(fcntl(fds[1], F_GETFD) >= 0, "the descriptor stays open");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	test_stalled();
	test_slow(-1, "a late reader is waited for");
	test_slow(60000, "also when it is asked to end");
	test_file();
	test_stream();
	return tap_done();
}
