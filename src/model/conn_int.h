/* SPDX-License-Identifier: BSD-2-Clause */
/* How the table of conn.h holds what it knows: conn.c has the connections, conn_name.c their names.
 *
 * A connection with one name takes 176 bytes for itself, 64 for the name, 8 for its place by descriptor, and a share of uthash's
 * buckets (tools/bench/README.md has the sum, measured). */
#ifndef PIDTAP_MODEL_CONN_INT_H
#define PIDTAP_MODEL_CONN_INT_H

#include "model/conn.h"

/* uthash would end the program; so an element that found no memory has no table: hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct conn_entry;
struct conn_process;

/* Valid from since_ns to until_ns, and while its process lives. */
struct conn_name {
	struct conn_entry *of;
	struct conn_process *process;
	struct conn_name *older; /* of the same descriptor, by since_ns */
	struct conn_name *next;	 /* of the same connection, the last told first */
	uint64_t since_ns, until_ns;
	int32_t fd;
};

struct conn_entry {
	struct conn conn; /* first: the one is the other */
	struct conn_name *names;
	uint32_t name_cnt;
	struct conn_entry *older;      /* with the same tuple: all of them are closing */
	struct conn_entry *prev, *next; /* in conn_table.closing; prev is NULL while open */
	UT_hash_handle hh;	       /* of the newest with its tuple */
};

/* Descriptors are dense: a page of them, newest name each. */
#define CONN_PAGE 32
struct conn_page {
	uint32_t cnt; /* of names, the older ones included */
	struct conn_name *newest[CONN_PAGE];
};

struct conn_process_key {
	uint64_t start_ticks;
	uint64_t pid; /* no padding: it is hashed as it lies there */
};

/* It goes with its last name. */
struct conn_process {
	struct conn_process_key key;
	uint64_t ended_ns; /* UINT64_MAX: it lives */
	size_t name_cnt;
	struct conn_page **pages;
	size_t page_cnt;
	struct conn_process *prev, *next; /* in conn_table.ended; prev is NULL while it lives */
	UT_hash_handle hh;
};

struct conn_table {
	struct conn_opts opts;
	struct conn_entry *conns; /* by tuple; uthash keeps the order of insertion: the first is the oldest */
	struct conn_entry *closing; /* the first goes first */
	size_t cnt;
	struct conn_process *processes;
	struct conn_process *ended;	/* the first goes first */
	uint64_t evicted;
};

static inline struct conn_entry *conn_newest(const struct conn_table *t, const struct ev_key *key)
{
	struct conn_entry *e;

	HASH_FIND(hh, t->conns, key, sizeof(*key), e);
	return e;
}

/* conn_name.c: one more name. 0 or -ENOMEM. */
int conn_name_add(struct conn_table *t, struct conn_entry *e, const struct conn_who *who, int32_t fd, uint64_t ts_ns);

/* Takes away all names of a connection; those of processes that ended CONN_LINGER_NS ago. */
void conn_names_del(struct conn_table *t, struct conn_entry *e);
void conn_names_expire(struct conn_table *t, uint64_t now_ns);

#endif
