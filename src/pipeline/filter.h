/* SPDX-License-Identifier: BSD-2-Clause */
/* The process filter, for packets whose owner was settled in user space, and the last word on those that the kernel side let
 * through. Strict: a packet nobody owns does not pass, unless that is asked for.
 *
 * A process is (pid, start time): who gets the number of one that is gone does not pass. The children of those that are followed
 * become known by the fork records, which come in time order and before the packets of their time. A process that ended stays
 * until its room is needed, because its packets may come long after it: what it had written, its FIN.
 */
#ifndef PIDTAP_PIPELINE_FILTER_H
#define PIDTAP_PIPELINE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/owner.h"

struct filter;

struct filter_opts {
	bool by_process; /* only those of filter_add, and the children of those that are followed */
	const uint32_t *uids; /* borrowed, like comms and their strings; none: any */
	size_t uid_cnt;
	const char *const *comms; /* the first EV_COMM_LEN - 1 bytes count: a kernel's name has no more */
	size_t comm_cnt;
	bool include_unknown;
	size_t max; /* processes */

	/* A process that had ended was forgotten: its number is nobody's who passes. */
	void (*forgotten)(void *ctx, uint32_t pid);
	void *ctx;
};

/* NULL: out of memory. */
struct filter *filter_new(const struct filter_opts *opts);
void filter_free(struct filter *f);

/* Packets of this process pass. `follow`: those of the children it makes from now on, too. 0, -ENOSPC or -ENOMEM: counted. */
int filter_add(struct filter *f, uint32_t pid, uint64_t start_ns, bool follow);

/* Is the one of this number that is alive followed? */
bool filter_follows(const struct filter *f, uint32_t pid);

/* A process was made. true: it is one that is followed, and was added. */
bool filter_fork(struct filter *f, const struct ev_proc *ev);

/* It ended; or the one of this number was seen to be gone at that time. It, or others, may be forgotten. */
void filter_exit(struct filter *f, const struct ev_proc *ev);
void filter_gone(struct filter *f, uint32_t pid, uint64_t ts_ns);

/* How many that pass have not ended. */
size_t filter_alive(const struct filter *f);

/* The process owns or holds a socket: when room is needed after its end, those that never did go first. */
void filter_acted(struct filter *f, uint32_t pid, uint64_t start_ns);

/* Does a packet of this owner pass? */
bool filter_passes(const struct filter *f, const struct owner *owner);

/* Processes there was no room or no memory for: their packets do not pass. */
uint64_t filter_missed(const struct filter *f);

#endif
