/* SPDX-License-Identifier: BSD-2-Clause */
/* Merges the records of several queues (the perf buffers of the CPUs) into one stream in time order.
 *
 * The queues are looked at through a table of functions, so this knows nothing of rings. A record may be written a little
 * after its time stamp was taken, so what is younger than `until` stays where it is until a later round: the caller
 * passes now - window.
 */
#ifndef PIDTAP_PIPELINE_ORDER_H
#define PIDTAP_PIPELINE_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct order;

struct order_source {
	void *ctx;
	size_t cnt; /* queues */
	/* The oldest record of queue i, or NULL; borrowed until pop. */
	const void *(*peek)(void *ctx, size_t i, size_t *len);
	void (*pop)(void *ctx, size_t i);
};

typedef void (*order_cb)(void *ctx, const void *rec, size_t len);

/* Copies *src. NULL: out of memory. */
struct order *order_new(const struct order_source *src);
void order_free(struct order *o);

/* Hands every record with a time stamp (ev_hdr.ts_ns, its first 8 bytes) up to `until_ns` to cb, oldest first. Records
 * too short for one are handed on at once: who decodes them counts them. Returns how many were handed on. */
size_t order_run(struct order *o, uint64_t until_ns, order_cb cb, void *ctx);

/* Time stamp of the oldest record seen by the last run and left waiting; UINT64_MAX: none. */
uint64_t order_next_ns(const struct order *o);

/* Records that were older than one handed on before them. */
uint64_t order_unordered(const struct order *o);

#endif
