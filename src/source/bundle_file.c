/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO that nobody writes to must not hang. */
static int open_regular(const char *path, size_t *size, char *why, size_t why_size)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		err = -errno;
		snprintf(why, why_size, "%s", err == -ELOOP ? "a symbolic link" : strerror(-err));
	} else if (!S_ISREG(st.st_mode)) {
		err = -EINVAL;
		snprintf(why, why_size, "not a regular file");
	} else if (st.st_size > BUNDLE_FILE_MAX) {
		err = -EINVAL;
		snprintf(why, why_size, "too large to be a bundle");
	} else {
		*size = (size_t)st.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int read_whole(int fd, uint8_t *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int bundle_read(const char *path, struct bundle *b, char *why, size_t why_size)
{
	uint8_t *data = NULL;
	size_t size = 0;
	int err, fd = open_regular(path, &size, why, why_size);

	if (fd < 0)
		return fd;
	data = malloc(size + 1); /* never of 0 bytes */
	err = data ? read_whole(fd, data, size) : -ENOMEM;
	if (err)
		snprintf(why, why_size, "%s", strerror(-err));
	else
		err = bundle_decode(data, size, b, why, why_size);
	free(data);
	close(fd);
	return err;
}

int bundle_write_fd(int fd, const struct bundle *b)
{
	uint8_t *data;
	size_t len;
	int err = bundle_encode(b, &data, &len);

	if (err)
		return err;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err = -errno;
			break;
		}
		done += (size_t)n;
	}
	free(data);
	return err;
}

int bundle_write(const char *path, const struct bundle *b)
{
	char tmp[PATH_MAX];
	int err, fd, n = snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof(tmp))
		return -ENAMETOOLONG;
	fd = mkostemp(tmp, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return -errno;
	err = bundle_write_fd(fd, b);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}
