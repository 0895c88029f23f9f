/* SPDX-License-Identifier: BSD-2-Clause */
/* All processes, from /proc. Reads a file a process: for the start, and only where it is asked for. */
#ifndef PIDTAP_SOURCE_PROCS_H
#define PIDTAP_SOURCE_PROCS_H

#include <stdint.h>

#include "base/sysroot.h"
#include "probes/events.h"

struct procs_entry {
	uint32_t pid;
	uint32_t ppid;	   /* 0: none */
	uint64_t start_ns; /* CLOCK_BOOTTIME, in whole ticks (USER_HZ, proc(5)) */
};

/* What /proc/PID/stat says of one. */
struct procs_stat {
	struct procs_entry entry;
	char state;		/* 'R', 'S', ... 'Z': a zombie (proc(5)) */
	char comm[EV_COMM_LEN]; /* NUL-terminated */
};

/* 0, or negative errno: -ENOENT: there is none; -EBADMSG: it does not look like a stat file. */
int procs_stat(const struct sysroot *root, uint32_t pid, struct procs_stat *out);

/* Calls cb for each process; those that end meanwhile may be left out, those that begin meanwhile, too. 0, or negative errno where
 * /proc cannot be read. */
int procs_each(const struct sysroot *root, void (*cb)(void *ctx, const struct procs_entry *p), void *ctx);

/* One of them. -ENOENT: there is none; -EINVAL: the number is that of a thread of process *leader. */
int procs_get(const struct sysroot *root, uint32_t pid, struct procs_entry *out, uint32_t *leader);

#endif
