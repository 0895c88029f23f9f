/* SPDX-License-Identifier: BSD-2-Clause */
/* How the table of proc.h holds what it knows: proc.c keeps it, proc_record.c fills it. */
#ifndef PIDTAP_MODEL_PROC_INT_H
#define PIDTAP_MODEL_PROC_INT_H

#include "model/proc.h"

/* uthash would end the program; so an element that found no memory has no table: hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry;

/* All that concerns one number. It goes with the last of them. */
struct number {
	uint32_t pid;
	struct entry *procs;	/* that had it, the one told of last first */
	struct entry *children; /* whose parent had it, likewise */
	UT_hash_handle hh;
};

struct entry {
	struct proc p;
	struct number *number;
	struct number *parent; /* NULL: not known */
	struct entry *gen_prev, *gen_next; /* in number.procs */
	struct entry *sib_prev, *sib_next; /* in parent.children */
	struct entry *prev, *next;	   /* in alive, in the order they were told of, or in dead, in that of their ends */
};

struct proc_table {
	struct number *numbers;
	struct entry *alive, *dead;
	size_t cnt, max;
};

/* NULL: not known. */
struct entry *proc_find_entry(const struct proc_table *t, uint32_t pid, uint64_t start_ns);

/* The process a record is about, with its parent; made where it is not known. It has no name then: whoever makes it gives it one
 * (proc_keep). NULL: out of memory. */
struct entry *proc_get_entry(struct proc_table *t, const struct ev_proc *ev);

/* Ends the making of an entry: one without a name goes, and so do others where it was one too many. */
void proc_keep(struct proc_table *t, struct entry *e);

/* It ended then, or before. */
void proc_end(struct proc_table *t, struct entry *e, uint64_t ts_ns);

#endif
