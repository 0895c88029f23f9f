/* SPDX-License-Identifier: BSD-2-Clause */
/* One network namespace: how it is opened and called, and how something is done in it. Prints nothing, but where we cannot
 * come back. */
#ifndef PIDTAP_SOURCE_NETNS_H
#define PIDTAP_SOURCE_NETNS_H

#include <stdint.h>

#include "base/sysroot.h"

#define NETNS_DIR "/run/netns"
#define NETNS_NAME_MAX 256 /* NAME_MAX, and the NUL */

/* Its descriptor keeps it alive, with its interfaces, when all else has left it. */
struct netns {
	uint32_t inode;
	int fd;			   /* -1: our own, the one this process is in */
	char name[NETNS_NAME_MAX]; /* of NETNS_DIR, else "net:INODE"; "": our own */
};

/* Our own. 0, or negative errno where /proc is not mounted. */
int netns_own(struct netns *out);

/* Opens a file that stands for one (a bind mount, /proc/PID/ns/net). `name`: as for netns_name.
 * 0, or negative errno: what open(2) says; -EINVAL: it is no network namespace; -EPERM: it cannot be entered. */
int netns_open(const char *path, const char *name, struct netns *out);
void netns_close(struct netns *ns);

/* What it is called; NULL: by its inode number. */
void netns_name(struct netns *ns, const char *name);

/* Inode number of the namespace, of whatever kind, that a file stands for. 0: of none, or there is no such file. */
uint32_t netns_inode_at(const char *path);

/* Calls fn with this thread in the namespace of the descriptor, and comes back. -1: it stays where it is. What fn returned, or
 * negative errno: -EPERM lacks CAP_SYS_ADMIN, -EINVAL is no network namespace. */
int netns_in(int ns_fd, int (*fn)(void *ctx), void *ctx);

#endif
