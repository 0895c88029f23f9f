/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that hold, or may hold, one socket together with others: told of (SCM_RIGHTS, dup), by having acted on it, or as
 * children of one that holds it; and when they were last seen to hold it. Nothing tells that a process that is not the owner
 * closes its descriptor, so only what was looked at later proves anything about a moment. Bounded: the socket that was told of
 * first is forgotten first, likewise of one socket's processes. Times are CLOCK_MONOTONIC of the records. Single-threaded.
 */
#ifndef PIDTAP_MODEL_HOLDERS_H
#define PIDTAP_MODEL_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/owner.h"

/* Of one socket: a prefork server's children are rarely more, and the others are found by looking for them. */
#define HOLDERS_PER_SOCKET 64

struct holders;

struct holder {
	struct owner who;
	uint64_t since_ns; /* it had the socket then */
	uint64_t seen_ns;  /* and still had it then; 0: it was not looked */
	uint64_t heirs_ns; /* children it made up to then are known; the caller's */
	int fd;		   /* by which descriptor it has it, or had; -1: not known */
};

/* `max`: sockets. NULL: out of memory. */
struct holders *holders_new(size_t max);
void holders_free(struct holders *h);

/* A process has the socket whose file has this inode number, at the latest from since_ns on, by descriptor fd (-1: not known).
 * 0 or -ENOMEM. */
int holders_add(struct holders *h, uint64_t ino, const struct owner *who, uint64_t since_ns, int fd);

/* Who was told of, the last one first; as many as fit. Returns how many. */
size_t holders_get(const struct holders *h, uint64_t ino, struct owner *out, size_t max);

/* How many are known of a socket; the i-th of them, borrowed until one is added, or NULL. */
size_t holders_count(const struct holders *h, uint64_t ino);
struct holder *holders_at(const struct holders *h, uint64_t ino, size_t i);

/* Asks `has` of each whether it has the socket now, at now_ns (it keeps holder.fd), and forgets those that have not. All who had
 * it up to told_ns were told of. */
void holders_look(struct holders *h, uint64_t ino, uint64_t told_ns, uint64_t now_ns,
	bool (*has)(void *ctx, struct holder *holder), void *ctx);

/* The told_ns of the last look: for what was before, there is no need of another. 0: none. */
uint64_t holders_looked_ns(const struct holders *h, uint64_t ino);

/* The process numbers of those who are proved to have had the socket at ts_ns, ascending, each once; as many as fit. Returns
 * how many. */
size_t holders_pids(const struct holders *h, uint64_t ino, uint64_t ts_ns, uint32_t *pids, size_t max);

#endif
