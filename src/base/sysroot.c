/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sysroot.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

int sysroot_path(const struct sysroot *root, char *out, size_t size, const char *fmt, ...)
{
	int head = snprintf(out, size, "%s", root->prefix);
	va_list ap;
	int tail;

	if (head < 0 || (size_t)head >= size)
		return -ENAMETOOLONG;
	va_start(ap, fmt);
	tail = vsnprintf(out + head, size - (size_t)head, fmt, ap);
	va_end(ap);
	return tail < 0 || (size_t)tail >= size - (size_t)head ? -ENAMETOOLONG : 0;
}

int sysroot_open(const struct sysroot *root, const char *path)
{
	char full[PATH_MAX];
	int fd, err = sysroot_path(root, full, sizeof(full), "%s", path);

	if (err)
		return err;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool stat_path(const struct sysroot *root, const char *path, struct stat *st)
{
	char full[PATH_MAX];

	return !sysroot_path(root, full, sizeof(full), "%s", path) && !stat(full, st);
}

bool sysroot_exists(const struct sysroot *root, const char *path)
{
	struct stat st;

	return stat_path(root, path, &st);
}

bool sysroot_is_dir(const struct sysroot *root, const char *path)
{
	struct stat st;

	return stat_path(root, path, &st) && S_ISDIR(st.st_mode);
}

static int read_all(int fd, size_t max, struct buf *b)
{
	for (;;) {
		uint8_t *to = buf_reserve(b, CHUNK);
		ssize_t n;

		if (!to)
			return -ENOMEM;
		n = read(fd, to, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		if (b->len > max)
			return -EFBIG;
	}
}

int sysroot_read(const struct sysroot *root, const char *path, size_t max, char **data, size_t *len)
{
	struct buf b = BUF_INIT;
	int err, fd = sysroot_open(root, path);

	if (fd < 0)
		return fd;
	err = read_all(fd, max, &b);
	close(fd);
	buf_cstr(&b);
	if (!err)
		err = buf_error(&b);
	if (err) {
		buf_free(&b);
		return err;
	}
	if (len)
		*len = b.len;
	*data = (char *)b.data;
	return 0;
}
