/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/build_int.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first half of the key's hash is the name: a new kernel or compiler does not push out the bundle of the
 * old. */
#define FILE_PREFIX "bundle-"
#define NAME_DIGITS 32

static int make_parents(const char *dir)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int n = snprintf(part, sizeof(part), "%.*s", (int)(slash - dir), dir);

		if ((size_t)n >= sizeof(part))
			return -ENAMETOOLONG;
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int make_dir(const char *dir)
{
	int err;

	if (!mkdir(dir, 0700) || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	err = make_parents(dir);
	if (!err && mkdir(dir, 0700) && errno != EEXIST)
		err = -errno;
	return err;
}

/* What is wrong with the directory, or NULL. */
static const char *unsafe(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link";
	if (!S_ISDIR(st->st_mode))
		return "is not a directory";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "belongs to another user";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "can be written to by others";
	return NULL;
}

int build_cache_open(const char *dir)
{
	int err = *dir ? make_dir(dir) : -ENOENT;
	const char *why;
	struct stat st;

	if (!err && lstat(dir, &st))
		err = -errno;
	if (err) {
		log_err("cannot make the cache directory %s: %s; name another one by --cache-dir, or use "
			"--no-cache",
			dir, strerror(-err));
		return err;
	}
	why = unsafe(&st);
	if (!why)
		return 0;
	log_err("the cache directory %s %s, and what is in it is loaded into the kernel: it must be a "
		"directory of "
		"root with mode 0700; name another one by --cache-dir, or use --no-cache",
		dir, why);
	return -EPERM;
}

static int file_of(const char *dir, const struct bundle_key *key, char path[PATH_MAX])
{
	char hex[SHA256_DIGEST_STRING_LENGTH];
	int n;

	/* All of the key's members are arrays of char, so nothing of it is padding. */
	SHA256Data((const uint8_t *)key, sizeof(*key), hex);
	n = snprintf(path, PATH_MAX, "%s/" FILE_PREFIX "%.*s", dir, NAME_DIGITS, hex);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* We write 0600 files of our own: anything else was put there by somebody. */
static int check_owner(const char *path, char *why, size_t why_size)
{
	struct stat st;

	if (lstat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH))))
		return 0; /* what is no file is refused by who opens it */
	snprintf(why, why_size, "it belongs to another user or can be written by others");
	return -EPERM;
}

int build_cache_get(const char *dir, const struct bundle_key *key, struct bundle *out)
{
	char path[PATH_MAX], why[256];
	struct bundle b;
	int err = file_of(dir, key, path);

	if (err)
		return -ENOENT;
	err = check_owner(path, why, sizeof(why));
	if (!err)
		err = bundle_read(path, &b, why, sizeof(why));
	if (err == -ENOENT)
		return err;
	if (err) {
		log_info("%s is not used and made anew: %s", path, why);
		return -ENOENT;
	}
	if (bundle_key_compare(&b.key, key, 0, why, sizeof(why))) {
		log_info("%s is not used and made anew: it was made for %s", path, why);
		bundle_free(&b);
		return -ENOENT;
	}
	*out = b;
	return 0;
}

struct kept {
	char name[NAME_MAX + 1];
	struct timespec written;
};

static int newest_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct kept *)a)->written,
			      *y = &((const struct kept *)b)->written;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return x->tv_nsec < y->tv_nsec ? 1 : x->tv_nsec > y->tv_nsec ? -1 : 0;
}

/* Temporary files that a killed run left behind have the same prefix, and go the same way. */
static size_t list_kept(DIR *d, struct kept **list)
{
	size_t cnt = 0, cap = 0;
	struct dirent *e;

	while ((e = readdir(d))) {
		struct stat st;

		if (strncmp(e->d_name, FILE_PREFIX, strlen(FILE_PREFIX)) ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (cnt == cap) {
			size_t more = cap ? 2 * cap : 2 * BUILD_CACHE_KEEP;
			struct kept *grown = realloc(*list, more * sizeof(*grown));

			if (!grown)
				break;
			*list = grown;
			cap = more;
		}
		snprintf((*list)[cnt].name, sizeof((*list)[cnt].name), "%s", e->d_name);
		(*list)[cnt++].written = st.st_mtim;
	}
	return cnt;
}

static void trim(const char *dir)
{
	DIR *d = opendir(dir);
	struct kept *list = NULL;
	size_t cnt;

	if (!d)
		return;
	cnt = list_kept(d, &list);
	if (cnt > BUILD_CACHE_KEEP) {
		qsort(list, cnt, sizeof(*list), newest_first);
		for (size_t i = BUILD_CACHE_KEEP; i < cnt; i++)
			unlinkat(dirfd(d), list[i].name, 0);
	}
	free(list);
	closedir(d);
}

void build_cache_put(const char *dir, const struct bundle *b)
{
	char path[PATH_MAX];
	int err = file_of(dir, &b->key, path);

	if (!err)
		err = bundle_write(path, b);
	if (err)
		log_warn("cannot keep the bundle in %s: %s; the next start will compile again", dir,
			strerror(-err));
	else
		trim(dir);
}

int build_tmp_make(char path[PATH_MAX])
{
	const char *parent = getenv("TMPDIR");
	int err = 0, n = snprintf(path, PATH_MAX, "%s/pidtap-XXXXXX", parent && *parent ? parent : "/tmp");

	if (n < 0 || n >= PATH_MAX)
		err = -ENAMETOOLONG;
	else if (!mkdtemp(path))
		err = -errno;
	if (err)
		log_err("cannot make a temporary directory %s: %s; set TMPDIR", path, strerror(-err));
	return err;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void build_tmp_remove(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		log_warn("cannot remove the temporary directory %s: %s", path, strerror(errno));
}
