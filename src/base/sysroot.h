/* SPDX-License-Identifier: BSD-2-Clause */
/* Every file of the machine that is read to find out what it is (/proc, /sys, /lib/modules, /boot ...) is named
 * under a root prefix, so that the captured tree of another machine can be replayed in a test. The empty prefix is
 * the machine itself.
 */
#ifndef PIDTAP_BASE_SYSROOT_H
#define PIDTAP_BASE_SYSROOT_H

#include <stdbool.h>
#include <stddef.h>

struct sysroot {
	const char *prefix; /* "" or a directory without a trailing slash; borrowed */
};

/* Writes prefix + the formatted absolute path to `out`. 0, or -ENAMETOOLONG. */
int sysroot_path(const struct sysroot *root, char *out, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Opens for reading, close-on-exec. A descriptor, or negative errno. */
int sysroot_open(const struct sysroot *root, const char *path);

bool sysroot_exists(const struct sysroot *root, const char *path);
bool sysroot_is_dir(const struct sysroot *root, const char *path);

/* Reads the whole file (also one of /proc, whose size says 0), at most `max` bytes: more is -EFBIG. On success
 * *data is a NUL-terminated copy the caller frees, *len its length without the NUL (len may be NULL). */
int sysroot_read(const struct sysroot *root, const char *path, size_t max, char **data, size_t *len);

#endif
