/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/outfile.c src/out/outfd.c src/base/patient.c src/base/clock.c src/base/buf.c */
#include "out/outfile.h"
#include "tap.h"
#include "written.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#define LINE "0123456789\n"
#define LINE_LEN (sizeof(LINE) - 1)

static int put_line(struct outfile *f)
{
	struct buf line = BUF_INIT;
	int err;

	buf_puts(&line, LINE);
	f->sink->taken++;
	err = outfile_put(f, &line);
	buf_free(&line);
	return err;
}

static void holds(const struct sink *s, uint64_t lines, bool torn, const char *what)
{
	tap_ok(s->packets == lines && s->bytes == lines * LINE_LEN && s->torn == torn, "%s", what);
}

static void test_whole(void)
{
	struct sink s = {0};
	struct outfile f;
	size_t len;
	char *text;
	int fd, err = outfile_init(&f, &s, written_begin(&fd), NULL);

	for (int i = 0; i < 3 && !err; i++)
		err = put_line(&f);
	tap_is_int(err, 0, "three lines");
	holds(&s, 0, false, "none is written yet");
	tap_is_int(outfile_flush(&f), 0, "flush");
	holds(&s, 3, false, "all are");
	put_line(&f);
	f.buf.error = -ENOMEM;
	tap_is_int(put_line(&f), -ENOMEM, "no memory for the next but one");
	holds(&s, 4, false, "what was before it is saved");
	outfile_fini(&f);
	text = written_end(fd, &len);
	tap_is_str(text, LINE LINE LINE LINE, "so they are in the file");
	free(text);
}

/* The file may grow by two lines and a half. */
static void write_too_much(struct outfile *f, int lines)
{
	struct rlimit old, limit;
	off_t now = lseek(f->out.fd, 0, SEEK_END);
	int err;

	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){(rlim_t)now + 2 * LINE_LEN + LINE_LEN / 2, old.rlim_max};
	for (int i = 0; i < lines; i++)
		put_line(f);
	setrlimit(RLIMIT_FSIZE, &limit);
	err = outfile_flush(f);
	setrlimit(RLIMIT_FSIZE, &old);
	tap_is_int(err, -EFBIG, "a file that is full in the middle of a line");
}

static void test_full(void)
{
	struct sink s = {0};
	struct outfile f;
	size_t len;
	char *text;
	int fd;

	outfile_init(&f, &s, written_begin(&fd), NULL);
	write_too_much(&f, 5);
	holds(&s, 2, false, "holds the whole ones");
	outfile_fini(&f);
	text = written_end(fd, &len);
	tap_is_str(text, LINE LINE, "and no half one");
	free(text);
}

/* Nobody reads a pipe of one page. */
static bool is_over(void *ctx, uint64_t since_ns)
{
	(void)ctx;
	(void)since_ns;
	return true;
}

static void test_pipe(void)
{
	const struct patience none = {is_over, NULL};
	const int page = 4096;
	struct sink s = {0};
	struct outfile f;
	int fds[2];

	tap_ok(!pipe(fds) && fcntl(fds[1], F_SETPIPE_SZ, page) == page, "a pipe");
	outfile_init(&f, &s, fds[1], &none);
	for (int i = 0; i < 1000; i++)
		put_line(&f);
	tap_is_int(outfile_flush(&f), -ECANCELED, "nobody reads it");
	holds(&s, (uint64_t)page / LINE_LEN, page % LINE_LEN, "it holds whole lines, and a part of one more");
	outfile_fini(&f);
	close(fds[0]);
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	test_whole();
	test_full();
	test_pipe();
	return tap_done();
}
