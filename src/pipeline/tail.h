/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that are longer than a record: joins what came in several. Single-threaded. */
#ifndef PIDTAP_PIPELINE_TAIL_H
#define PIDTAP_PIPELINE_TAIL_H

#include "probes/events.h"

struct tail;

/* NULL: out of memory. */
struct tail *tail_new(void);
void tail_free(struct tail *t);

/* Keeps a piece of a packet whose record is still to come. Only records that record_check() finds good. */
void tail_note(struct tail *t, const struct ev_tail *rec);

/* The packet's record with the frame as whole as is known: itself, or a copy that is borrowed until the next call of either. */
const struct ev_packet *tail_join(struct tail *t, const struct ev_packet *rec);

#endif
