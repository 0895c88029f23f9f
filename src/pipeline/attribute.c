/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/attribute.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define TCP_FLAG_SYN 0x02 /* RFC 9293 section 3.1 */
#define TCP_FLAG_ACK 0x10

static bool is_syn(const struct ev_packet *rec)
{
	return rec->key.proto == IPPROTO_TCP && (rec->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) == TCP_FLAG_SYN;
}

/* Is it proved that nobody accepted yet? A handshake says so; where flows were forgotten, nothing else does. */
static bool before_accept(const struct flow_table *flows, const struct ev_packet *rec)
{
	return rec->tcp_flags & TCP_FLAG_SYN || !flow_evicted(flows);
}

/* The tuple's own owner at that time, or the one who came for it within the window (accept after the handshake); else who
 * listens. A listener that was closed gets nothing any more: what still comes is answered by the kernel. */
static uint8_t attribute_tcp(struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	if (is_syn(rec) && rec->dir == EV_DIR_IN)
		flow_restart(flows, &rec->key, rec->hdr.ts_ns);
	if (flow_find(flows, &rec->key, rec->hdr.ts_ns, out) != FLOW_NONE)
		return EV_ATTR_EXACT;
	if (before_accept(flows, rec) &&
		flow_find_port(flows, &rec->key, EV_OWN_LISTEN, rec->hdr.ts_ns, out) == FLOW_LIVE)
		return EV_ATTR_LISTENER;
	return EV_ATTR_NONE;
}

/* Claims of an unconnected socket on a wildcard address leave the local address open. */
static enum flow_match find_datagram_flow(const struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	struct ev_key any = rec->key;
	struct owner open_end;
	enum flow_match match = flow_find(flows, &rec->key, rec->hdr.ts_ns, out), other;

	if (match == FLOW_LIVE)
		return match;
	memset(any.laddr, 0, sizeof(any.laddr));
	other = flow_find(flows, &any, rec->hdr.ts_ns, &open_end);
	if (other == FLOW_NONE || (other != FLOW_LIVE && match != FLOW_NONE))
		return match;
	*out = open_end;
	return other;
}

/* A live flow, a live port, then whoever was there last or came next: a datagram socket's close is its end. */
static uint8_t attribute_udp(const struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	enum flow_match flow = find_datagram_flow(flows, rec, out), bound;
	struct owner holder;

	if (flow == FLOW_LIVE)
		return EV_ATTR_EXACT;
	bound = flow_find_port(flows, &rec->key, EV_OWN_PORT, rec->hdr.ts_ns, &holder);
	if (bound == FLOW_LIVE || (bound != FLOW_NONE && flow == FLOW_NONE)) {
		*out = holder;
		return EV_ATTR_PORT;
	}
	return flow != FLOW_NONE ? EV_ATTR_EXACT : EV_ATTR_NONE;
}

static uint8_t attribute_icmp(const struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	return find_datagram_flow(flows, rec, out) != FLOW_NONE ? EV_ATTR_ICMP : EV_ATTR_NONE;
}

static uint8_t settle(struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	if (!(rec->flags & EV_PKT_KEY))
		return EV_ATTR_NONE;
	switch (rec->key.proto) {
	case IPPROTO_TCP:
		return attribute_tcp(flows, rec, out);
	case IPPROTO_UDP:
		return attribute_udp(flows, rec, out);
	default:
		return attribute_icmp(flows, rec, out);
	}
}

void attribute_packet(struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	uint8_t attr;

	owner_from_val(&rec->owner, out);
	if (out->attr != EV_ATTR_NONE)
		return;
	attr = settle(flows, rec, out);
	if (attr == EV_ATTR_NONE)
		memset(out, 0, sizeof(*out));
	out->attr = attr;
}
