/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/procfd.h"
#include "base/clock.h"
#include "source/procs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES (64U << 10)

/* Walks a directory of numbers until one matches, and closes it. false: none did, or dir is NULL. */
static bool walk_dir(DIR *dir, bool (*match)(void *ctx, int dir_fd, const char *name), void *ctx)
{
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir)))
		found = isdigit((unsigned char)e->d_name[0]) && match(ctx, dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
	return found;
}

static bool walk(const char *path, bool (*match)(void *ctx, int dir_fd, const char *name), void *ctx)
{
	return walk_dir(opendir(path), match, ctx);
}

/* Which descriptor is looked for, and which it is. */
struct descriptor {
	char link[64];
	int but;
	int number;
};

static bool is_descriptor(void *ctx, int dir_fd, const char *name)
{
	struct descriptor *d = ctx;
	char link[64];
	ssize_t len = readlinkat(dir_fd, name, link, sizeof(link) - 1);

	if (len < 0)
		return false;
	link[len] = 0;
	if (strcmp(link, d->link))
		return false;
	d->number = atoi(name);
	return d->number != d->but;
}

static bool find_descriptor(const struct sysroot *root, uint32_t pid, struct descriptor *d)
{
	char path[PATH_MAX];

	return !sysroot_path(root, path, sizeof(path), "/proc/%u/fd", pid) && walk(path, is_descriptor, d);
}

static struct descriptor descriptor_of(uint64_t ino, int but)
{
	struct descriptor d = {.but = but};

	snprintf(d.link, sizeof(d.link), "socket:[%" PRIu64 "]", ino);
	return d;
}

int procfd_number(const struct sysroot *root, uint32_t pid, uint64_t ino, int hint)
{
	struct descriptor d = descriptor_of(ino, -1);
	char path[PATH_MAX];

	if (!ino)
		return -1;
	if (hint >= 0 && !sysroot_path(root, path, sizeof(path), "/proc/%u/fd/%d", pid, hint) &&
		is_descriptor(&d, AT_FDCWD, path))
		return hint;
	return find_descriptor(root, pid, &d) ? d.number : -1;
}

bool procfd_has_other(const struct sysroot *root, uint32_t pid, uint64_t ino, int but)
{
	struct descriptor d = descriptor_of(ino, but);

	return ino && find_descriptor(root, pid, &d);
}

bool procfd_has(const struct sysroot *root, uint32_t pid, uint64_t ino)
{
	return procfd_has_other(root, pid, ino, -1);
}

struct question {
	const struct sysroot *root;
	uint32_t pid; /* whose children, or who is left out */
	uint64_t ino;
	uint32_t answer;
};

/* "/proc/PID/task/TID/children": pids, each with a blank behind it. */
static bool a_child_has(void *ctx, int dir_fd, const char *tid)
{
	struct question *q = ctx;
	char path[PATH_MAX], *text, *at;
	uint32_t child;

	(void)dir_fd;
	snprintf(path, sizeof(path), "/proc/%u/task/%s/children", q->pid, tid);
	if (sysroot_read(q->root, path, FILE_MAX_BYTES, &text, NULL))
		return false;
	for (char *next = text; !q->answer; next = at) {
		child = (uint32_t)strtoul(next, &at, 10);
		if (at == next)
			break;
		if (procfd_has(q->root, child, q->ino))
			q->answer = child;
	}
	free(text);
	return q->answer;
}

uint32_t procfd_find_child(const struct sysroot *root, uint32_t pid, uint64_t ino)
{
	struct question q = {root, pid, ino, 0};
	char path[PATH_MAX];

	if (!sysroot_path(root, path, sizeof(path), "/proc/%u/task", pid))
		walk(path, a_child_has, &q);
	return q.answer;
}

static bool process_has(void *ctx, int dir_fd, const char *pid)
{
	struct question *q = ctx;
	uint32_t number = (uint32_t)strtoul(pid, NULL, 10);

	(void)dir_fd;
	if (number != q->pid && procfd_has(q->root, number, q->ino))
		q->answer = number;
	return q->answer;
}

uint32_t procfd_find(const struct sysroot *root, uint64_t ino, uint32_t but_pid)
{
	struct question q = {root, but_pid, ino, 0};
	char path[PATH_MAX];

	if (!sysroot_path(root, path, sizeof(path), "/proc"))
		walk(path, process_has, &q);
	return q.answer;
}

/* Who is to be told of each socket. */
struct listener {
	int (*cb)(void *ctx, uint32_t pid, int fd, uint64_t ino);
	void *ctx;
	uint32_t pid; /* whose descriptors are looked at */
	int ret;
};

/* Descriptors have no type that a directory would tell: each link is read. That opens nothing, so it cannot block. */
static bool tell_socket(void *ctx, int dir_fd, const char *name)
{
	static const char socket[] = "socket:[";
	struct listener *l = ctx;
	char link[64];
	ssize_t len = readlinkat(dir_fd, name, link, sizeof(link) - 1);

	if (len < (ssize_t)sizeof(socket) || memcmp(link, socket, sizeof(socket) - 1))
		return false;
	link[len] = 0;
	l->ret = l->cb(l->ctx, l->pid, atoi(name), strtoull(link + sizeof(socket) - 1, NULL, 10));
	return l->ret;
}

static bool tell_sockets(void *ctx, int dir_fd, const char *pid)
{
	struct listener *l = ctx;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "%.15s/fd", pid);
	fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l->pid = (uint32_t)strtoul(pid, NULL, 10);
	return fd >= 0 && walk_dir(fdopendir(fd), tell_socket, l);
}

int procfd_each(const struct sysroot *root, int (*cb)(void *ctx, uint32_t pid, int fd, uint64_t ino), void *ctx)
{
	struct listener l = {cb, ctx, 0, 0};
	char path[PATH_MAX];
	int err = sysroot_path(root, path, sizeof(path), "/proc");
	DIR *proc = err ? NULL : opendir(path);

	if (!proc)
		return err ? err : -errno;
	walk_dir(proc, tell_sockets, &l);
	return l.ret;
}

bool procfd_is_there(const struct sysroot *root, uint32_t pid, uint64_t start_ns)
{
	struct procs_stat stat;

	return !procs_stat(root, pid, &stat) && stat.entry.start_ns / EV_TICK_NS == start_ns / EV_TICK_NS &&
	       !strchr("ZX", stat.state);
}

static int read_uid(const struct sysroot *root, uint32_t pid, uint32_t *uid)
{
	char path[64], *text;
	const char *line;
	int err;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	err = sysroot_read(root, path, FILE_MAX_BYTES, &text, NULL);
	if (err)
		return err;
	line = strstr(text, "\nUid:");
	err = line && sscanf(line, "\nUid: %u", uid) == 1 ? 0 : -EBADMSG;
	free(text);
	return err;
}

int procfd_owner(const struct sysroot *root, uint32_t pid, struct ev_owner_val *out)
{
	uint64_t act_ns = clock_mono_ns(); /* before it is read: of an exec meanwhile the records tell */
	struct procs_stat stat;
	int err = procs_stat(root, pid, &stat);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	out->start_ns = stat.entry.start_ns;
	out->pid = out->tid = pid;
	memcpy(out->comm, stat.comm, sizeof(out->comm));
	memcpy(out->tcomm, stat.comm, sizeof(out->tcomm));
	out->attr = EV_ATTR_EXACT;
	out->act_ns = act_ns;
	return read_uid(root, pid, &out->uid);
}
