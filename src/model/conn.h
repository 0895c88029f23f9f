/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections by who holds them: (process, fd) -> connection, and connection -> its (process, fd) names (DESIGN.md section 5).
 *
 * A connection is a generation (sock_id) of a socket. Descriptors are names of it: accept, connect, dup, SCM_RIGHTS and fork each
 * give it one more. A name is valid from the time it was told of until the descriptor is closed, is another's, or its process
 * ends; questions are about a time, too, because what is asked about is judged a window after it happened: by then the descriptor
 * may be another connection's. Records may come a little out of order: times decide.
 *
 * A destroyed socket only schedules its end: data may still come, so it answers CONN_LINGER_NS more; then `destroyed` is called
 * and it goes, with its names. What has its fd, its tuple or its socket's address meanwhile is another connection and loses nothing.
 *
 * Connections are found by their tuple. One of before the start (sock_id 0: a seed) gets its generation from the first record that
 * has one. Bounded: of the destroyed the first goes first, else the connection that was added first, and is counted.
 * Single-threaded. Times are CLOCK_MONOTONIC and always given, never read: tests drive the clock.
 */
#ifndef PIDTAP_MODEL_CONN_H
#define PIDTAP_MODEL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"

#define CONN_LINGER_NS 3000000000ULL

/* A name may be told of so much after its first use. What is said by it earlier was another's. */
#define CONN_LATE_NS 100000000ULL

/* Names of one connection: those beyond are not known by it. */
#define CONN_NAMES_MAX 64

/* Descriptors from here on are no names: the table of a process has a place for each below its highest. */
#define CONN_FD_MAX (1 << 22)

struct conn {
	struct ev_key key;
	uint64_t sock_id; /* its generation; 0: not known yet */
	uint64_t ino;	  /* of its file; 0: not known */
	uint64_t end_ns;  /* when it is to go; UINT64_MAX: it is open */
};

/* A process: its number and start. Where /proc told of it the start is in whole ticks, so that is how they are compared. */
struct conn_who {
	uint64_t start_ns;
	uint32_t pid;
};

struct conn_table;

struct conn_opts {
	size_t max; /* connections */
	/* A connection goes for good: flush what is held for it. It ended CONN_LINGER_NS before its end_ns, or gave way while it was
	 * open (UINT64_MAX). `c` is borrowed for the call, which must not change the table. */
	void (*destroyed)(void *ctx, const struct conn *c);
	void *ctx;
};

/* Copies *opts. NULL: out of memory. */
struct conn_table *conn_table_new(const struct conn_opts *opts);
void conn_table_free(struct conn_table *t); /* calls nothing */

/* From ts_ns on `fd` of that process is a name of this connection (its end_ns is not looked at), which is new or known; fd
 * negative: no name is told. 0; -EINVAL: no connection (no protocol, or a port is missing); -ENOMEM. */
int conn_add(struct conn_table *t, const struct conn *c, const struct conn_who *who, int32_t fd, uint64_t ts_ns);

/* A child has what its parent has. 0 or -ENOMEM: it has some of it. */
int conn_fork(struct conn_table *t, const struct conn_who *parent, const struct conn_who *child, uint64_t ts_ns);

/* One descriptor was closed, or (negative) it is not known which of this connection's; the process runs another program: what of
 * its descriptors is left is not known; the process ended. The connections stay. */
void conn_drop(struct conn_table *t, const struct conn *c, const struct conn_who *who, int32_t fd, uint64_t ts_ns);
void conn_exec(struct conn_table *t, const struct conn_who *who);
void conn_exit(struct conn_table *t, const struct conn_who *who, uint64_t ts_ns);

/* Which connection had that name at ts_ns? If none, the first that got it in the CONN_LATE_NS after. NULL: none. Borrowed until the
 * table changes, as the next. */
const struct conn *conn_get(const struct conn_table *t, const struct conn_who *who, int32_t fd, uint64_t ts_ns);

/* The connection of this tuple, and of this sock_id and ino where they are known. */
const struct conn *conn_find(const struct conn_table *t, const struct conn *c);

/* A descriptor by which the process had the connection at ts_ns, the last it got by then; else as conn_get. -1: none is known. */
int32_t conn_fd(const struct conn_table *t, const struct conn *c, const struct conn_who *who, uint64_t ts_ns);

/* The socket was destroyed: it goes at ts_ns + CONN_LINGER_NS. */
void conn_del(struct conn_table *t, const struct conn *c, uint64_t ts_ns);

/* Ends what was to go by now. Returns how many connections. */
size_t conn_expire(struct conn_table *t, uint64_t now_ns);

size_t conn_count(const struct conn_table *t);
size_t conn_process_count(const struct conn_table *t); /* that have, or lately had, a name of one */
uint64_t conn_evicted(const struct conn_table *t);

#endif
