/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of its own for a test that writes files: made at the first use, removed at the end of the
 * program. */
#ifndef PIDTAP_TESTS_TMPDIR_H
#define PIDTAP_TESTS_TMPDIR_H

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char tmpdir_top[] = "/tmp/pidtap-test.XXXXXX";

static inline int tmpdir_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void tmpdir_remove(void)
{
	nftw(tmpdir_top, tmpdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of `name` below it, in `out` of PATH_MAX bytes, which is returned. */
static inline char *tmpdir_path(char *out, const char *name)
{
	static bool made;

	if (!made) {
		made = mkdtemp(tmpdir_top) && !atexit(tmpdir_remove);
		if (!made) {
			printf("Bail out! cannot make a directory in /tmp\n");
			exit(1);
		}
	}
	snprintf(out, PATH_MAX, "%s/%s", tmpdir_top, name);
	return out;
}

/* It as the prefix of a sysroot: no slash behind it. */
static inline const char *tmpdir_prefix(void)
{
	char path[PATH_MAX];

	tmpdir_path(path, "");
	return tmpdir_top;
}

/* Writes a file, making the directories above it. */
static inline void tmpdir_write(const char *name, const void *data, size_t len)
{
	char path[PATH_MAX];
	FILE *f;

	tmpdir_path(path, name);
	for (char *slash = path + strlen(tmpdir_top); (slash = strchr(slash + 1, '/'));) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f)) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
}

/* How many names a directory holds; -1 where it cannot be read. */
static inline int tmpdir_count(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* 0 where there is none. */
static inline ino_t tmpdir_inode(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

#endif
