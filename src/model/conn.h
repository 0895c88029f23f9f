/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections by who holds them: (pid, fd) -> connection, and socket -> its (pid, fd) pairs (DESIGN.md section 5).
 *
 * The socket, by its generation (sock_id), is the connection; (pid, fd) pairs are names of it: accept, connect, dup, SCM_RIGHTS and
 * fork each give it one more. A destroyed socket only schedules its end: data events may still come, so it answers CONN_LINGER_NS
 * more, then the sinks are told to flush what they hold for it, and it goes, with those names of it that nothing newer has
 * taken. A reused fd or socket address in the meantime is another connection and loses nothing.
 *
 * Bounded: the connection that was added first goes first, and is counted. Single-threaded. Times are CLOCK_MONOTONIC and always
 * given, never read: tests drive the clock.
 */
#ifndef PIDTAP_MODEL_CONN_H
#define PIDTAP_MODEL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"

#define CONN_LINGER_NS 3000000000ULL /* must exceed the order window and the hold of TLS flows */

struct conn {
	struct ev_key key;
	uint64_t sock_id;   /* the generation: what identifies it */
	uint64_t sk;	    /* kernel address; 0: a seed */
	uint64_t destroy_ns; /* when it is to go; UINT64_MAX: it is open */
};

struct conn_table;

struct conn_opts {
	size_t max; /* connections */
	/* A connection goes for good: flush what is held for it. `c` is borrowed for the call, which must not change the table. */
	void (*destroyed)(void *ctx, const struct conn *c);
	void *ctx;
};

/* NULL: out of memory. */
struct conn_table *conn_table_new(const struct conn_opts *opts);
void conn_table_free(struct conn_table *t);

/* (pid, fd) is a name of this socket from now on; it may be new, or one more name. fd <= 0 adds the socket without a name of that
 * process: -EINVAL only where the record is no internet socket's (proto 0) or has neither sock_id nor key. 0, -ENOMEM. */
int conn_add(struct conn_table *t, uint32_t pid, int32_t fd, const struct ev_key *key, uint64_t sk, uint64_t sock_id);

/* A child has what its parent has. */
int conn_fork(struct conn_table *t, uint32_t parent, uint32_t child);

/* The name is gone (close, exec, exit: fd -1 all of the process); the connection stays. */
void conn_drop(struct conn_table *t, uint32_t pid, int32_t fd);

/* NULL: not known. Borrowed until the table changes. */
const struct conn *conn_get(const struct conn_table *t, uint32_t pid, int32_t fd);
const struct conn *conn_get_sock(const struct conn_table *t, uint64_t sock_id);

/* A descriptor by which `pid` holds the socket; -1: none is known. */
int32_t conn_fd(const struct conn_table *t, uint64_t sock_id, uint32_t pid);

/* The socket was destroyed: it goes at ts_ns + CONN_LINGER_NS. */
void conn_del(struct conn_table *t, uint64_t sock_id, uint64_t ts_ns);

/* Ends what was to go by now. Returns how many. */
size_t conn_expire(struct conn_table *t, uint64_t now_ns);

/* When the next one is to go; UINT64_MAX: none. */
uint64_t conn_next_ns(const struct conn_table *t);

size_t conn_count(const struct conn_table *t);
uint64_t conn_evicted(const struct conn_table *t);

#endif
