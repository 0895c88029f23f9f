/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/procs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (64U << 10)
#define NS_PER_TICK (1000000000ULL / 100) /* USER_HZ is 100 on all architectures pidtap runs on */

static int read_file(const struct sysroot *root, uint32_t pid, const char *name, char **text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return sysroot_read(root, path, FILE_MAX_BYTES, text, NULL);
}

/* "PID (COMM) STATE PPID ...", the 22nd field is the start in ticks; COMM may hold blanks and parentheses. */
static int read_stat(const struct sysroot *root, uint32_t pid, struct procs_entry *out)
{
	unsigned long long ticks;
	const char *close;
	char *text;
	int n, err = read_file(root, pid, "stat", &text);

	if (err)
		return err;
	close = strrchr(text, ')');
	n = close ? sscanf(close + 1, " %*c %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &out->ppid,
			    &ticks)
		  : 0;
	free(text);
	if (n != 2)
		return -EBADMSG;
	out->pid = pid;
	out->start_ns = ticks * NS_PER_TICK;
	return 0;
}

static int read_leader(const struct sysroot *root, uint32_t pid, uint32_t *leader)
{
	const char *line;
	char *text;
	int err = read_file(root, pid, "status", &text);

	if (err)
		return err;
	line = strstr(text, "\nTgid:");
	err = line && sscanf(line, "\nTgid: %u", leader) == 1 ? 0 : -EBADMSG;
	free(text);
	return err;
}

int procs_get(const struct sysroot *root, uint32_t pid, struct procs_entry *out, uint32_t *leader)
{
	int err = read_leader(root, pid, leader);

	if (!err && *leader != pid)
		return -EINVAL;
	return err ? err : read_stat(root, pid, out);
}

int procs_each(const struct sysroot *root, void (*cb)(void *ctx, const struct procs_entry *p), void *ctx)
{
	struct procs_entry p;
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;
	int err = sysroot_path(root, path, sizeof(path), "/proc");

	if (err)
		return err;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]) && !read_stat(root, (uint32_t)strtoul(e->d_name, NULL, 10), &p))
			cb(ctx, &p);
	closedir(dir);
	return 0;
}
