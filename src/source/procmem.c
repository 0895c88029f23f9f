/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/procmem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

int procmem_text(const struct sysroot *root, uint32_t pid, uint64_t at, char *out, size_t size)
{
	char path[PATH_MAX];
	int err = sysroot_path(root, path, sizeof(path), "/proc/%u/mem", pid), fd;
	ssize_t n;

	*out = 0;
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, out, size, (off_t)at); /* less, where the mapping ends */
	err = n < 0 ? -errno : n == 0 ? -ESRCH : memchr(out, 0, (size_t)n) ? 0 : -ENAMETOOLONG;
	close(fd);
	if (err)
		*out = 0;
	return err;
}
