/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule: whose packet is it? (DESIGN.md section 4)
 *
 * What the kernel side answered from a live socket stands. Everything else is settled here, from the replayed claims, at
 * the packet's own time. A wrong answer is worse than none: where several could be meant and nothing proves which,
 * nobody is named.
 */
#ifndef PIDTAP_PIPELINE_ATTRIBUTE_H
#define PIDTAP_PIPELINE_ATTRIBUTE_H

#include "model/addrs.h"
#include "model/flow.h"

struct attributor;

/* Borrows both until attribute_free. NULL: out of memory. */
struct attributor *attribute_new(struct flow_table *flows, const struct addrs *addrs);
void attribute_free(struct attributor *a);

/* Which of several listeners a handshake is with: takes effect for packets judged from now on. `rec` is checked. */
void attribute_chosen(struct attributor *a, const struct ev_shake *rec);

/* Settles *owner, which holds the kernel's answer (packet_from_record): attr says how, EV_ATTR_NONE: nobody, the rest is
 * zero. `rec` is a checked packet record; records come in time order. The flow table is changed only where a SYN begins a
 * new connection. */
void attribute_packet(struct attributor *a, const struct ev_packet *rec, struct owner *owner);

#endif
