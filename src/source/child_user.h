/* SPDX-License-Identifier: BSD-2-Clause */
/* Who called sudo. */
#ifndef PIDTAP_SOURCE_CHILD_USER_H
#define PIDTAP_SOURCE_CHILD_USER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define CHILD_NAME_MAX 256 /* LOGIN_NAME_MAX of Linux */

struct child_user {
	bool other; /* than who we are; else the rest is not set */
	uid_t uid;
	gid_t gid;
	char name[CHILD_NAME_MAX]; /* "": it has none */
	char home[PATH_MAX];
};

/* From SUDO_UID, SUDO_GID and SUDO_USER, where we are root. Prints; -EINVAL: they are there and say nothing: rather than that a
 * command runs as root by mistake, it does not run. */
int child_user_find(struct child_user *out);

/* Turns this process into the user's: groups, ids, HOME, USER, LOGNAME. For the child. 0, or negative errno. */
int child_user_become(const struct child_user *user);

#endif
