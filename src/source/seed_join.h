/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of these sockets does which process hold, and who of them is named. */
#ifndef PIDTAP_SOURCE_SEED_JOIN_H
#define PIDTAP_SOURCE_SEED_JOIN_H

#include "base/sysroot.h"
#include "source/socks.h"

#define JOIN_NOBODY UINT32_MAX

/* A process that holds at least one of them. */
struct join_proc {
	struct ev_owner_val who; /* pid 0: it went before it could be asked */
	uint32_t pid;
};

/* One process has one socket. */
struct join_hold {
	uint32_t sock; /* index into the list of sockets */
	uint32_t proc; /* index into procs */
	int32_t fd;    /* by this descriptor, among others */
};

/* What came of a socket. */
struct join_sock {
	uint32_t owner; /* index into procs, or JOIN_NOBODY */
	bool pending;	/* it is not accepted yet: the owner is that of the listener */
	bool guarded;	/* no owner, and without knowing that, who listens on its port would be named for it */
};

struct join {
	const struct socks *socks; /* borrowed */
	struct join_sock *of;	   /* as many, in the same order */
	struct join_proc *procs;
	size_t proc_cnt, proc_room;
	struct join_hold *holds; /* sorted by socket and process */
	size_t hold_cnt, hold_room;
};

/* Fills *j from /proc/PID/fd of all processes. `socks` is sorted, and borrowed until join_fini. 0 or negative errno; *j is to be
 * ended in any case.
 *
 * Of several holders is named: of those of the program (comm) that has held it longest, the one that started last. A
 * server's master holds its listeners longest and its workers act on them; a program that a server ran, and that
 * inherited its sockets, does not. init (pid 1) counts only where nobody else does: it opens sockets for others. */
int join_run(struct join *j, const struct sysroot *root, const struct socks *socks);
void join_fini(struct join *j);

/* The range of j->holds that is about one socket. */
struct join_range {
	size_t from, to;
};
struct join_range join_holds(const struct join *j, size_t sock);

/* A descriptor by which the owner of a socket holds it; -1: it does not (it listens for it), or there is none. */
int32_t join_owner_fd(const struct join *j, size_t sock);

/* seed_pending.c: a connection that is not accepted yet belongs to who listens for it, where that is one process. Then sets
 * what is guarded: of TCP, sockets on a port on which somebody listens, that still have no owner. 0 or -ENOMEM. */
int join_pending(struct join *j);

#endif
