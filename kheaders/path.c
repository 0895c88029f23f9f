/* SPDX-License-Identifier: BSD-2-Clause */
#include "kheaders/kheaders_int.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel: include/linux/namei.h MAXSYMLINKS */

/* Takes the first name off `rest` (which is shortened) into `name`. False: there is none left. */
static bool take_name(char *rest, char *name)
{
	size_t skip = strspn(rest, "/");
	size_t len = strcspn(rest + skip, "/");

	memcpy(name, rest + skip, len);
	name[len] = 0;
	memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
	return len > 0;
}

static void drop_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = 0;
}

static int append(char *path, const char *tail)
{
	if (strlen(path) + strlen(tail) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcat(path, tail);
	return 0;
}

/* `out` has just grown to a symlink: takes it back and puts where it leads before `rest`. */
static int follow(const char *full, char *out, char *rest)
{
	char target[PATH_MAX];
	ssize_t n = readlink(full, target, sizeof(target) - 1);
	int err;

	if (n < 0)
		return -errno;
	target[n] = 0;
	err = append(target, rest);
	if (err)
		return err;
	strcpy(rest, target);
	if (rest[0] == '/')
		out[0] = 0;
	else
		drop_last(out);
	return 0;
}

/* Adds `name` to `out`; `full` is then its path with the root's prefix. 1: a symlink; 0: none; or errno. */
static int descend(const struct sysroot *root, const char *name, char *out, char *full)
{
	struct stat st;
	int err = append(out, "/");

	if (!err)
		err = append(out, name);
	if (!err)
		err = sysroot_path(root, full, PATH_MAX, "%s", out);
	if (err)
		return err;
	return lstat(full, &st) ? -errno : S_ISLNK(st.st_mode);
}

int kh_realpath(const struct sysroot *root, const char *path, char *out)
{
	char rest[PATH_MAX] = "", name[PATH_MAX], full[PATH_MAX];
	int links = 0, err = append(rest, path);

	out[0] = 0;
	while (!err && take_name(rest, name)) {
		if (!strcmp(name, "."))
			continue;
		if (!strcmp(name, "..")) {
			drop_last(out);
			continue;
		}
		err = descend(root, name, out, full);
		if (err == 1)
			err = ++links > LINKS_MAX ? -ELOOP : follow(full, out, rest);
		else if (err == -ENOENT && append(out, rest))
			err = -ENAMETOOLONG;
	}
	if (!err && !out[0])
		strcpy(out, "/");
	return err;
}
