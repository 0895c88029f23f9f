/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct keylog {
	struct sink sink;
	struct outfd out;
};

int keylog_create(const char *path)
{
	/* O_NOFOLLOW: keys must not go where a link in a folder of others leads */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	/* one that was there, too: it holds keys from now on */
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && fchmod(fd, 0600)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* One write a line, where the file takes it: programs that append to it by SSLKEYLOGFILE do the same, and lines stay whole. */
static int keylog_secret(struct sink *s, const struct secret *secret)
{
	struct keylog *k = (struct keylog *)s;
	char line[SECRET_LINE_MAX];
	size_t done, len = secret_line(secret, line);
	int err = outfd_write(&k->out, line, len, &done);

	explicit_bzero(line, sizeof(line));
	if (!err)
		s->bytes += len;
	s->torn = err && done;
	return err;
}

static void keylog_close(struct sink *s)
{
	struct keylog *k = (struct keylog *)s;

	outfd_close(&k->out);
	free(k);
}

static const struct sink_ops keylog_ops = {
	.name = "key log",
	.secret = keylog_secret,
	.close = keylog_close,
};

int keylog_open(int fd, const struct patience *patience, struct sink **out)
{
	struct keylog *k = calloc(1, sizeof(*k));

	if (!k) {
		close(fd);
		return -ENOMEM;
	}
	k->sink.ops = &keylog_ops;
	outfd_init(&k->out, fd, patience);
	*out = &k->sink;
	return 0;
}
