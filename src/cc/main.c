/* SPDX-License-Identifier: BSD-2-Clause */
#include "cc/cc.h"
#include "base/buf.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define CHUNK 65536

struct opts {
	const char *text;
	const char *out;
	const char *kernel_source;
	char *const *flags;
	int flag_cnt;
	bool version;
};

static const char usage[] = "usage: pidtap-cc --text FILE --out FILE [--kernel-source DIR] [-- CFLAG...]";

static int parse(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = {
		{"text", required_argument, NULL, 't'},
		{"out", required_argument, NULL, 'o'},
		{"kernel-source", required_argument, NULL, 'k'},
		{"version", no_argument, NULL, 'V'},
		{NULL},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		switch (c) {
		case 't':
			o->text = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'k':
			o->kernel_source = optarg;
			break;
		case 'V':
			o->version = true;
			break;
		default:
			return -EINVAL;
		}
	}
	o->flags = argv + optind;
	o->flag_cnt = argc - optind;
	if (o->flag_cnt && strcmp(argv[optind - 1], "--"))
		return -EINVAL;
	return o->version || (o->text && o->out) ? 0 : -EINVAL;
}

static int read_fd(int fd, struct buf *to)
{
	for (;;) {
		uint8_t *at = buf_reserve(to, CHUNK);
		ssize_t n = at ? read(fd, at, CHUNK) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return buf_error(to);
		to->len += (size_t)n;
	}
}

static int read_text(const char *path, struct buf *to)
{
	bool is_stdin = !strcmp(path, "-");
	int err, fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	err = fd < 0 ? -errno : read_fd(fd, to);
	if (err)
		log_err("cannot read %s: %s", is_stdin ? "standard input" : path, strerror(-err));
	if (fd >= 0 && !is_stdin)
		close(fd);
	return err;
}

/* Output must depend on the arguments alone, and libbcc listens to BCC_* variables: the one it needs is all
 * it sees. */
static int set_environment(const char *kernel_source)
{
	if (clearenv() || (kernel_source && setenv("BCC_KERNEL_SOURCE", kernel_source, 1)))
		return -ENOMEM;
	return 0;
}

static int write_out(const char *path, int stdout_fd, const struct bundle *b)
{
	bool is_stdout = !strcmp(path, "-");
	int err = is_stdout ? bundle_write_fd(stdout_fd, b) : bundle_write(path, b);

	if (err)
		log_err("cannot write %s: %s", is_stdout ? "standard output" : path, strerror(-err));
	return err;
}

static int run(const struct opts *o, int stdout_fd)
{
	struct buf text = BUF_INIT;
	struct bundle b = {0};
	int err = read_text(o->text, &text);

	if (err)
		goto out;
	buf_cstr(&text);
	err = buf_error(&text);
	if (!err)
		err = set_environment(o->kernel_source);
	if (!err)
		err = cc_compile((const char *)text.data, o->flags, o->flag_cnt, &b);
	if (err == -ENOMEM)
		log_err("out of memory");
	if (!err)
		err = write_out(o->out, stdout_fd, &b);
out:
	bundle_free(&b);
	buf_free(&text);
	return err;
}

int main(int argc, char **argv)
{
	struct opts o = {0};
	int err, stdout_fd;

	log_init("pidtap-cc", LOG_INFO);
	if (parse(argc, argv, &o)) {
		fprintf(stderr, "%s\n", usage);
		return EXIT_USAGE;
	}
	if (o.version) {
		printf("pidtap-cc %s libbcc %s\n", PIDTAP_VERSION, cc_libbcc_version());
		return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	stdout_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (stdout_fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		log_err("cannot set standard output aside: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	err = run(&o, stdout_fd);
	close(stdout_fd);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
