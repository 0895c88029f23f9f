/* SPDX-License-Identifier: BSD-2-Clause */
#include "kheaders/kheaders_int.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIRS 16 /* nftw: descriptors it may use, one a level */

static bool is_whole(const char *dir)
{
	struct sysroot there = {dir};

	return sysroot_exists(&there, "/include/linux/kconfig.h");
}

int kh_made_find(struct kh_made *m, const char *cache_dir, const char *name)
{
	char *cache = realpath(cache_dir, NULL); /* libbcc changes directory, so it must be absolute */
	int n;

	m->temp[0] = 0;
	m->fd = -1;
	if (!cache && errno != ENOENT)
		return -errno;
	n = snprintf(m->dir, sizeof(m->dir), "%s/%s", cache ? cache : cache_dir, name);
	free(cache);
	if (n < 0 || (size_t)n >= sizeof(m->dir))
		return -ENAMETOOLONG;
	return is_whole(m->dir);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path) ? -errno : 0;
}

static void remove_tree(const char *dir)
{
	nftw(dir, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

int kh_made_begin(struct kh_made *m)
{
	int n = snprintf(m->temp, sizeof(m->temp), "%s.XXXXXX", m->dir);
	int err = n < 0 || (size_t)n >= sizeof(m->temp) ? -ENAMETOOLONG : 0;

	if (!err && !mkdtemp(m->temp))
		err = -errno;
	if (err) {
		m->temp[0] = 0;
		return err;
	}
	m->fd = open(m->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (m->fd < 0) {
		err = -errno;
		kh_made_abort(m);
	}
	return err;
}

/* Opens the directory `name` in `parent`, making it where it is missing; closes `parent`. */
static int enter(int parent, const char *name)
{
	int fd = -1, err = 0;

	if (!strcmp(name, "..") || !strcmp(name, "."))
		err = -EINVAL;
	else if (mkdirat(parent, name, 0755) && errno != EEXIST)
		err = -errno;
	if (!err) {
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		err = fd < 0 ? -errno : 0;
	}
	close(parent);
	return err ? err : fd;
}

/* Opens the directory above `path`; *leaf is the last name in it. */
static int open_above(const struct kh_made *m, const char *path, const char **leaf)
{
	int fd = dup(m->fd);
	const char *slash;

	if (fd < 0)
		return -errno;
	while ((slash = strchr(path, '/'))) {
		char name[NAME_MAX + 1];

		if (slash - path > NAME_MAX || slash == path) {
			close(fd);
			return slash == path ? -EINVAL : -ENAMETOOLONG;
		}
		memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = 0;
		fd = enter(fd, name);
		if (fd < 0)
			return fd;
		path = slash + 1;
	}
	if (!*path || !strcmp(path, "..") || !strcmp(path, ".")) {
		close(fd);
		return -EINVAL;
	}
	*leaf = path;
	return fd;
}

int kh_made_dir(const struct kh_made *m, const char *path)
{
	const char *leaf;
	int fd = open_above(m, path, &leaf);

	if (fd < 0)
		return fd;
	fd = enter(fd, leaf);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int kh_made_link(const struct kh_made *m, const char *path, const char *target)
{
	const char *leaf;
	int fd = open_above(m, path, &leaf), err;

	if (fd < 0)
		return fd;
	err = symlinkat(target, fd, leaf) ? -errno : 0;
	close(fd);
	return err;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int kh_made_file(const struct kh_made *m, const char *path, const void *data, size_t len)
{
	const char *leaf;
	int above = open_above(m, path, &leaf), fd, err;

	if (above < 0)
		return above;
	fd = openat(above, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	err = fd < 0 ? -errno : write_all(fd, data, len);
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	close(above);
	return err;
}

static int give_name(struct kh_made *m)
{
	if (rename(m->temp, m->dir))
		return -errno;
	m->temp[0] = 0;
	return 0;
}

int kh_made_publish(struct kh_made *m)
{
	/* Should the name outlive a crash and the files' bytes not, nobody would make them again. */
	int err = syncfs(m->fd) ? -errno : give_name(m);

	if (err == -EEXIST || err == -ENOTEMPTY) {
		/* Another run was faster, or a cleaner of old files has torn an earlier tree apart. */
		err = 0;
		if (!is_whole(m->dir)) {
			remove_tree(m->dir);
			err = give_name(m);
		}
	}
	kh_made_abort(m);
	return err;
}

void kh_made_abort(struct kh_made *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	if (m->temp[0])
		remove_tree(m->temp);
	m->temp[0] = 0;
}
