/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule: whose packet is it? (DESIGN.md section 4)
 *
 * What the kernel side answered from a live socket stands. Everything else is settled here, from the replayed claims, at
 * the packet's own time. A wrong answer is worse than none: where several could be meant and nothing proves which,
 * nobody is named.
 */
#ifndef PIDTAP_PIPELINE_ATTRIBUTE_H
#define PIDTAP_PIPELINE_ATTRIBUTE_H

#include "model/flow.h"

/* Fills *out (attr says how; EV_ATTR_NONE: nobody). `rec` is a checked packet record; records come in time order. The
 * table is changed only where an incoming SYN begins a new connection. */
void attribute_packet(struct flow_table *flows, const struct ev_packet *rec, struct owner *out);

#endif
