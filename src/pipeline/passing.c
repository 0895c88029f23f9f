/* SPDX-License-Identifier: BSD-2-Clause */
/* Forwarded and bridged packets: no socket of this namespace, but maybe one of another on this host. */
#include "pipeline/attribute_int.h"
#include "model/elsewhere.h"

#include <string.h>

static struct ev_key other_end(const struct ev_key *key)
{
	struct ev_key other = *key;

	memcpy(other.laddr, key->raddr, sizeof(other.laddr));
	memcpy(other.raddr, key->laddr, sizeof(other.raddr));
	other.lport = key->rport;
	other.rport = key->lport;
	return other;
}

/* The tuple's own owner there, else who holds the port of it. Of an error, what it quotes had no taker at its destination, and
 * says nothing of a handshake. */
static enum elsewhere find_end(const struct flow_table *flows, const struct addrs *addrs, const struct ev_packet *rec,
	const struct ev_key *key, bool quoted_dest, struct owner *out)
{
	uint64_t ts_ns = rec->hdr.ts_ns;
	enum elsewhere who = elsewhere_flow(flows, addrs, key, ts_ns, out);

	if (who != ELSEWHERE_NOBODY)
		return who;
	if (key->proto == IPPROTO_UDP && !quoted_dest)
		return elsewhere_port(flows, addrs, key, EV_OWN_PORT, ts_ns, out);
	if (key->proto == IPPROTO_TCP && !(rec->flags & EV_PKT_ERROR) && before_accept(flows, rec))
		return elsewhere_port(flows, addrs, key, EV_OWN_LISTEN, ts_ns, out);
	return ELSEWHERE_NOBODY;
}

/* The local end first, then the other one: a container that talks to the outside has one end on this host. An error goes to
 * the end that sent what it quotes. */
static enum elsewhere find_ends(struct flow_table *flows, const struct addrs *addrs, const struct ev_packet *rec,
	struct owner *out)
{
	struct ev_key ends[2] = {rec->key, other_end(&rec->key)};
	bool error = rec->flags & EV_PKT_ERROR;
	size_t first = error && rec->dir == EV_DIR_OUT;
	enum elsewhere who;

	if (is_syn(rec))
		elsewhere_restart(flows, &ends[rec->dir == EV_DIR_OUT], rec->hdr.ts_ns); /* its destination's */
	who = find_end(flows, addrs, rec, &ends[first], false, out);
	if (who != ELSEWHERE_NOBODY || flow_evicted(flows) || addrs_is_partial(addrs))
		return who; /* the first end's owner may have been forgotten, or never known */
	return find_end(flows, addrs, rec, &ends[!first], error, out);
}

uint8_t passing_owner(
	struct flow_table *flows, const struct addrs *addrs, const struct ev_packet *rec, struct owner *out)
{
	/* a socket here may own an address that is not: a transparent proxy's */
	if (flow_find(flows, &rec->key, rec->hdr.ts_ns, out) != FLOW_NONE)
		return rec->flags & EV_PKT_ERROR || rec->key.proto == IPPROTO_ICMP || rec->key.proto == IPPROTO_ICMPV6
			       ? EV_ATTR_ICMP
			       : EV_ATTR_EXACT;
	return find_ends(flows, addrs, rec, out) == ELSEWHERE_ONE ? EV_ATTR_HOST : EV_ATTR_NONE;
}
