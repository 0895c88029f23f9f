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

static int read_file(const struct sysroot *root, uint32_t pid, const char *name, char **text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return sysroot_read(root, path, FILE_MAX_BYTES, text, NULL);
}

/* "PID (COMM) STATE PPID ...", the 22nd field is the start in ticks; COMM may hold blanks and parentheses. */
static int parse_stat(const char *text, struct procs_stat *out)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long ticks;
	size_t len;

	if (!open || !close || close < open)
		return -EBADMSG;
	len = (size_t)(close - open - 1);
	memcpy(out->comm, open + 1, len < EV_COMM_LEN - 1 ? len : EV_COMM_LEN - 1);
	if (sscanf(close + 1, " %c %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &out->state,
		    &out->entry.ppid, &ticks) != 3)
		return -EBADMSG;
	out->entry.start_ns = ticks * EV_TICK_NS;
	return 0;
}

int procs_stat(const struct sysroot *root, uint32_t pid, struct procs_stat *out)
{
	char *text;
	int err = read_file(root, pid, "stat", &text);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	out->entry.pid = pid;
	err = parse_stat(text, out);
	free(text);
	return err;
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
	struct procs_stat stat;
	int err = read_leader(root, pid, leader);

	if (!err && *leader != pid)
		return -EINVAL;
	if (!err)
		err = procs_stat(root, pid, &stat);
	if (!err)
		*out = stat.entry;
	return err;
}

int procs_each(const struct sysroot *root, void (*cb)(void *ctx, const struct procs_entry *p), void *ctx)
{
	struct procs_stat stat;
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
		if (isdigit((unsigned char)e->d_name[0]) && !procs_stat(root, (uint32_t)strtoul(e->d_name, NULL, 10), &stat))
			cb(ctx, &stat.entry);
	closedir(dir);
	return 0;
}
