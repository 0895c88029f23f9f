/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes: who they are, whose children, which program, in which container; also for a while after their end.
 *
 * Fed by the fork, exec, rename and exit records. One that was there before is noted, from /proc, when somebody first wants to know of
 * it: reading thousands at the start would delay it for what is rarely asked. A process is (pid, start time): a number used
 * again is another process. Records may come a little out of order: times decide. Bounded: of the dead, those that ended
 * first are forgotten first, then of the living those that were known first. Single-threaded; times are CLOCK_MONOTONIC of the
 * records.
 */
#ifndef PIDTAP_MODEL_PROC_H
#define PIDTAP_MODEL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/owner.h"
#include "probes/events.h"

/* A name it had, from since_ns on, and its uid at that time. */
struct proc_name {
	uint64_t since_ns; /* 0: it was there before the start */
	uint32_t uid;
	bool exec; /* another program: of its threads there is but one, and what it was before says nothing of it */
	char comm[EV_COMM_LEN]; /* NUL-terminated */
};

/* One process. Borrowed from the table, valid until the next call that changes it. */
struct proc {
	uint32_t pid;
	uint32_t ppid;		  /* at its fork, or as it was first seen; 0: not known */
	uint64_t start_ns;	  /* CLOCK_BOOTTIME; in whole ticks where only /proc told of it */
	uint64_t parent_start_ns; /* 0: not known */
	uint64_t cgroup_id;	  /* 0: not known, or the root of the hierarchy */
	uint64_t exit_ns;	  /* UINT64_MAX: alive */
	struct proc_name *names;  /* the last ones, oldest first; at least one */
	size_t name_cnt;
	char *args;	 /* command line, arguments separated by NUL; NULL: not known */
	size_t args_len; /* bytes, the last NUL left out */
	char *cgroup;	 /* path in the unified hierarchy, else in systemd's; NULL: not known */
	char *container; /* its id, 12 hex digits, or the runtime's name for it; NULL: none or not known */
};

struct proc_table;

/* `max`: how many it holds before it forgets. NULL: out of memory. */
struct proc_table *proc_table_new(size_t max);
void proc_table_free(struct proc_table *t);

/* Records. A child begins with what its parent has. 0, or -ENOMEM. */
int proc_fork(struct proc_table *t, const struct ev_proc *ev);
int proc_exec(struct proc_table *t, const struct ev_exec *ev);
int proc_renamed(struct proc_table *t, const struct ev_proc *ev);
int proc_exit(struct proc_table *t, const struct ev_proc *ev);

/* What /proc says of a process: `args` of `len` bytes, and the text of its cgroup file, each NULL where it could not be read. What
 * records told stays. 0, or -ENOMEM. */
int proc_note(struct proc_table *t, const struct ev_proc *seen, const char *args, size_t len, const char *cgroups);

/* NULL: not known. start_ns 0: the one of that number that is alive, else the last. */
const struct proc *proc_find(const struct proc_table *t, uint32_t pid, uint64_t start_ns);

/* Calls cb for each child of a process that is known, alive or not, the one told of last first, until it returns true. */
bool proc_children(const struct proc_table *t, const struct proc *parent,
	bool (*cb)(void *ctx, const struct proc *child), void *ctx);

/* Gives the owner the name it has at `ts_ns`, where it had another when it was seen (owner.act_ns) before that; where an exec lies
 * between, the uid, too, and also where it was seen after it. */
void proc_name_owner(const struct proc_table *t, struct owner *owner, uint64_t ts_ns);

size_t proc_count(const struct proc_table *t);

#endif
