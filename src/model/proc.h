/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes: who they are, whose children, which program, in which container; also for a while after their end.
 *
 * Fed by the fork, exec and exit records, and by /proc for those that were there before. A process is (pid, start time):
 * a number used again is another process. Bounded: of the dead, those that ended first are forgotten first.
 * Single-threaded; times are CLOCK_MONOTONIC of the records.
 */
#ifndef PIDTAP_MODEL_PROC_H
#define PIDTAP_MODEL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"

/* One process. Borrowed from the table, valid until the next call that changes it. */
struct proc {
	uint32_t pid;
	uint32_t ppid; /* at its fork; 0: not known */
	uint32_t uid;
	uint64_t start_ns;	  /* CLOCK_BOOTTIME, as in struct owner; 0: not known yet */
	uint64_t parent_start_ns; /* 0: not known */
	uint64_t cgroup_id;	  /* 0: not known */
	uint64_t exit_ns;	  /* UINT64_MAX: alive */
	char comm[EV_COMM_LEN];
	char *args;	 /* command line, arguments separated by NUL; NULL: not known */
	size_t args_len; /* bytes, the last NUL left out */
	char *container; /* id of its container, 12 hex digits or the runtime's name for it; NULL: none or not known */
	char *cgroup;	 /* path in the unified hierarchy (or that of systemd); NULL: not known */
};

struct proc_table;

/* `max`: how many it holds before it forgets. NULL: out of memory. */
struct proc_table *proc_table_new(size_t max);
void proc_table_free(struct proc_table *t);

/* Records. 0, or -ENOMEM. */
int proc_fork(struct proc_table *t, const struct ev_proc *ev);
int proc_exec(struct proc_table *t, const struct ev_exec *ev);
void proc_exit(struct proc_table *t, const struct ev_proc *ev);

/* NULL: not known. start_ns 0: the one of that number that is alive, else the last. */
const struct proc *proc_find(const struct proc_table *t, uint32_t pid, uint64_t start_ns);

/* Calls cb for each child of a process that is known, alive or not, the youngest first, until it returns true. */
bool proc_children(const struct proc_table *t, const struct proc *parent,
	bool (*cb)(void *ctx, const struct proc *child), void *ctx);

#endif
