/* SPDX-License-Identifier: BSD-2-Clause */
/* Only the first fragment of a packet has ports in it: it lends its owner to the later ones.
 *
 * Bounded: the oldest packet is forgotten first. A fragment that comes before its first one is nobody's.
 */
#ifndef PIDTAP_PIPELINE_FRAG_H
#define PIDTAP_PIPELINE_FRAG_H

#include <stdbool.h>

#include "model/owner.h"
#include "probes/events.h"

struct frag_table;

/* NULL: out of memory. */
struct frag_table *frag_table_new(void);
void frag_table_free(struct frag_table *t);

/* A first fragment (EV_PKT_FIRST) and its owner, who may be nobody. */
void frag_first(struct frag_table *t, const struct ev_packet *rec, const struct owner *owner);

/* Whose is this later fragment (EV_PKT_FRAG)? *out is filled but for attr where the answer is true. */
bool frag_find(const struct frag_table *t, const struct ev_packet *rec, struct owner *out);

#endif
