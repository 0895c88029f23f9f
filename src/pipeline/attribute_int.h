/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the rule have in common: attribute.c, and passing.c for packets that only pass through. */
#ifndef PIDTAP_PIPELINE_ATTRIBUTE_INT_H
#define PIDTAP_PIPELINE_ATTRIBUTE_INT_H

#include <netinet/in.h>

#include "model/addrs.h"
#include "model/flow.h"

#define TCP_FLAG_SYN 0x02 /* RFC 9293 section 3.1 */
#define TCP_FLAG_ACK 0x10

static inline bool is_syn(const struct ev_packet *rec)
{
	return rec->key.proto == IPPROTO_TCP && (rec->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) == TCP_FLAG_SYN;
}

/* Is it proved that nobody accepted yet? A handshake says so; where flows were forgotten, nothing else does. */
static inline bool before_accept(const struct flow_table *flows, const struct ev_packet *rec)
{
	return rec->tcp_flags & TCP_FLAG_SYN || !flow_evicted(flows);
}

/* passing.c: whose is a packet with a key whose local end is not in this namespace? The attr; of EV_ATTR_NONE *out is
 * undefined. */
uint8_t passing_owner(
	struct flow_table *flows, const struct addrs *addrs, const struct ev_packet *rec, struct owner *out);

#endif
