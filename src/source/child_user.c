/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/child_user.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The environment's number of that name. -ENOENT: it is not there; -EINVAL after printing: it is none. */
static int read_id(const char *name, unsigned int *out)
{
	const char *text = getenv(name);
	unsigned long v;
	char *end;

	if (!text)
		return -ENOENT;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && v < UINT_MAX) {
		*out = (unsigned int)v;
		return 0;
	}
	log_err("%s=%s: not a number of a user or group; without SUDO_UID the command runs as root", name, text);
	return -EINVAL;
}

/* A number may have several names: the one sudo was called by comes first. */
static const struct passwd *find_entry(uid_t uid)
{
	const char *name = getenv("SUDO_USER");
	const struct passwd *pw = name ? getpwnam(name) : NULL;

	return pw && pw->pw_uid == uid ? pw : getpwuid(uid);
}

static int fill(struct child_user *u)
{
	const struct passwd *pw = find_entry(u->uid);
	int err = read_id("SUDO_GID", &u->gid);

	if (err == -ENOENT && pw) {
		u->gid = pw->pw_gid;
		err = 0;
	}
	if (err == -ENOENT)
		log_err("SUDO_UID=%u: no such user, and no SUDO_GID that says its group", u->uid);
	snprintf(u->name, sizeof(u->name), "%s", pw ? pw->pw_name : "");
	snprintf(u->home, sizeof(u->home), "%s", pw ? pw->pw_dir : "/");
	return err ? -EINVAL : 0;
}

int child_user_find(struct child_user *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	if (geteuid())
		return 0;
	err = read_id("SUDO_UID", &out->uid);
	if (err == -ENOENT || (!err && !out->uid))
		return 0;
	out->other = true;
	return err ? err : fill(out);
}

static int set_groups(const struct child_user *u)
{
	return *u->name ? initgroups(u->name, u->gid) : setgroups(1, &u->gid);
}

static int set_environment(const struct child_user *u)
{
	if (setenv("HOME", u->home, 1))
		return -1;
	return *u->name && (setenv("USER", u->name, 1) || setenv("LOGNAME", u->name, 1));
}

int child_user_become(const struct child_user *u)
{
	if (!u->other)
		return 0;
	return set_groups(u) || setgid(u->gid) || setuid(u->uid) || set_environment(u) ? -errno : 0;
}
