/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/attribute.h"
#include "pipeline/attribute_int.h"
#include "pipeline/frag.h"
#include "pipeline/shake.h"

#include <stdlib.h>
#include <string.h>

struct attributor {
	struct flow_table *flows;
	const struct addrs *addrs;
	struct frag_table *frags;
	struct shake_table *shakes;
	struct shake_table *datagrams; /* apart: a flood of them must not push out handshakes */
};

struct attributor *attribute_new(struct flow_table *flows, const struct addrs *addrs)
{
	struct attributor *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->flows = flows;
	a->addrs = addrs;
	a->frags = frag_table_new();
	a->shakes = shake_table_new();
	a->datagrams = shake_table_new();
	if (a->frags && a->shakes && a->datagrams)
		return a;
	attribute_free(a);
	return NULL;
}

void attribute_free(struct attributor *a)
{
	if (!a)
		return;
	frag_table_free(a->frags);
	shake_table_free(a->shakes);
	shake_table_free(a->datagrams);
	free(a);
}

static struct shake_table *choices_of(const struct attributor *a, const struct ev_key *key)
{
	return key->proto == IPPROTO_UDP ? a->datagrams : a->shakes;
}

void attribute_chosen(struct attributor *a, const struct ev_shake *rec)
{
	struct ev_key key = rec->key;

	shake_chosen(choices_of(a, &key), rec);
}

/* Does it come to a socket here, rather than being sent by one, as what an error quotes was? */
static bool is_coming(const struct ev_packet *rec)
{
	return !(rec->flags & EV_PKT_ERROR) == (rec->dir == EV_DIR_IN);
}

/* Of those at its port the one the kernel chose, where it told; else the only one. */
static enum flow_match find_at_port(const struct attributor *a, const struct ev_packet *rec, uint8_t kind, struct owner *out)
{
	bool may_tell = rec->key.proto == IPPROTO_TCP || is_coming(rec); /* a datagram's sender need not be who gets the answer */
	uint64_t ino = may_tell ? shake_chose(choices_of(a, &rec->key), rec) : 0;
	enum flow_match match = ino ? flow_find_chosen(a->flows, &rec->key, kind, ino, rec->hdr.ts_ns, out) : FLOW_NONE;

	/* what was chosen for a sender's former datagrams is closed by now: of this one nothing was told */
	if (ino && (rec->key.proto == IPPROTO_TCP || match != FLOW_CLOSED))
		return match;
	return flow_find_port(a->flows, &rec->key, kind, rec->hdr.ts_ns, out);
}

/* Who listens. Of one that was closed only the connections that were still to be accepted, which are reset then; what else
 * comes is answered by the kernel. */
static uint8_t attribute_listener(const struct attributor *a, const struct ev_packet *rec, struct owner *out)
{
	struct owner first;

	if (!before_accept(a->flows, rec) || flow_given_up(a->flows, &rec->key, rec->hdr.ts_ns))
		return EV_ATTR_NONE;
	if (find_at_port(a, rec, EV_OWN_LISTEN, out) == FLOW_LIVE)
		return EV_ATTR_LISTENER;
	if (!is_syn(rec) && shake_find(a->shakes, rec, &first) &&
		flow_find_listener_of(a->flows, &rec->key, &first, rec->hdr.ts_ns, out) == FLOW_CLOSED)
		return EV_ATTR_LISTENER;
	return EV_ATTR_NONE;
}

/* The tuple's own owner at that time, or the one who came for it within the window (accept after the handshake); else who
 * listens. */
static uint8_t attribute_tcp(struct attributor *a, const struct ev_packet *rec, struct owner *out)
{
	bool begins = is_syn(rec) && rec->dir == EV_DIR_IN && !(rec->flags & EV_PKT_ERROR);
	struct owner first;
	uint8_t attr;

	if (begins)
		flow_restart(a->flows, &rec->key, rec->hdr.ts_ns);
	if (flow_find(a->flows, &rec->key, rec->hdr.ts_ns, out) != FLOW_NONE)
		return EV_ATTR_EXACT;
	attr = attribute_listener(a, rec, out);
	if (begins) {
		first = *out;
		first.attr = attr;
		shake_begin(a->shakes, rec, &first);
	}
	return attr;
}

/* Claims of an unconnected socket on a wildcard address leave the local address open. */
static enum flow_match find_datagram_flow(const struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	struct ev_key any = rec->key;
	struct owner open_end;
	enum flow_match match = flow_find(flows, &rec->key, rec->hdr.ts_ns, out), other;

	if (match == FLOW_LIVE || (is_coming(rec) && flow_is_bound_at(flows, &rec->key, rec->hdr.ts_ns)))
		return match;
	memset(any.laddr, 0, sizeof(any.laddr));
	other = flow_find(flows, &any, rec->hdr.ts_ns, &open_end);
	if (other == FLOW_NONE || (other != FLOW_LIVE && match != FLOW_NONE))
		return match;
	*out = open_end;
	return other;
}

/* What comes goes to a socket that is there: the kernel refuses what is for one that was closed, and for one that was made
 * since. One that was there may tell of itself late. */
static bool is_answer(enum flow_match match, const struct ev_packet *rec, const struct owner *owner)
{
	if (!is_coming(rec))
		return match != FLOW_NONE;
	return match == FLOW_LIVE || (match == FLOW_LATE && owner->sock_id <= rec->hdr.ts_ns);
}

/* A live flow, a live port, then whoever was there last or came next: a datagram socket's close is its end. */
static uint8_t attribute_udp(const struct attributor *a, const struct ev_packet *rec, struct owner *out)
{
	enum flow_match flow = find_datagram_flow(a->flows, rec, out), bound;
	struct owner holder;

	if (flow == FLOW_LIVE)
		return EV_ATTR_EXACT;
	if (!is_answer(flow, rec, out))
		flow = FLOW_NONE;
	bound = find_at_port(a, rec, EV_OWN_PORT, &holder);
	if (bound == FLOW_LIVE || (flow == FLOW_NONE && is_answer(bound, rec, &holder))) {
		*out = holder;
		return EV_ATTR_PORT;
	}
	return flow != FLOW_NONE ? EV_ATTR_EXACT : EV_ATTR_NONE;
}

static bool find_datagram(const struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	return is_answer(find_datagram_flow(flows, rec, out), rec, out);
}

/* A ping socket that has not sent since the start is known by its identifier alone. */
static uint8_t attribute_icmp(const struct flow_table *flows, const struct ev_packet *rec, struct owner *out)
{
	bool found = find_datagram(flows, rec, out) ||
		     (rec->key.lport && flow_find_port(flows, &rec->key, EV_OWN_PORT, rec->hdr.ts_ns, out) != FLOW_NONE);

	return found ? EV_ATTR_ICMP : EV_ATTR_NONE;
}

/* The flow of the packet it quotes, also by port or listener where this end sent that. What the kernel answers with an error of
 * its own came to no socket, unless the very tuple has one. */
static uint8_t attribute_error(struct attributor *a, const struct ev_packet *rec, struct owner *out)
{
	struct flow_table *flows = a->flows;
	bool tcp = rec->key.proto == IPPROTO_TCP, coming = is_coming(rec), found;

	if (!coming && tcp)
		found = attribute_tcp(a, rec, out) != EV_ATTR_NONE;
	else if (!coming && rec->key.proto == IPPROTO_UDP)
		found = attribute_udp(a, rec, out) != EV_ATTR_NONE;
	else if (tcp)
		found = flow_find(flows, &rec->key, rec->hdr.ts_ns, out) != FLOW_NONE;
	else
		found = find_datagram(flows, rec, out);
	return found ? EV_ATTR_ICMP : EV_ATTR_NONE;
}

static uint8_t settle_local(struct attributor *a, const struct ev_packet *rec, struct owner *out)
{
	if (rec->flags & EV_PKT_ERROR)
		return attribute_error(a, rec, out);
	switch (rec->key.proto) {
	case IPPROTO_TCP:
		return attribute_tcp(a, rec, out);
	case IPPROTO_UDP:
		return attribute_udp(a, rec, out);
	default:
		return attribute_icmp(a->flows, rec, out);
	}
}

static bool is_passing(const struct attributor *a, const struct ev_packet *rec)
{
	return rec->flags & EV_PKT_KEY && !addrs_is_local(a->addrs, rec->netns, rec->key.laddr);
}

/* The kernel side does not know the addresses of its namespace: an unconnected datagram socket that leaves the local one open
 * may have seemed to own what only passes. Sockets that own the tuple itself have told of it. */
static bool is_doubtful(const struct attributor *a, const struct ev_packet *rec)
{
	struct owner o;

	return rec->key.proto != IPPROTO_TCP && rec->key.lport && is_passing(a, rec) &&
	       flow_find(a->flows, &rec->key, rec->hdr.ts_ns, &o) == FLOW_NONE;
}

static uint8_t settle(struct attributor *a, const struct ev_packet *rec, struct owner *out)
{
	if (rec->flags & EV_PKT_FRAG)
		return frag_find(a->frags, rec, out) ? EV_ATTR_FRAG : EV_ATTR_NONE;
	if (!(rec->flags & EV_PKT_KEY))
		return EV_ATTR_NONE;
	if (is_passing(a, rec))
		return passing_owner(a->flows, a->addrs, rec, out);
	return settle_local(a, rec, out);
}

/* Of a socket that nothing is known of but what was seen at the start, that is told, whatever led to it; unless it was by way of
 * another packet or another namespace. */
static uint8_t told_as(const struct ev_packet *rec, const struct owner *owner, uint8_t attr)
{
	bool by_itself = attr != EV_ATTR_FRAG && attr != EV_ATTR_HOST && !(rec->flags & EV_PKT_ERROR);

	return by_itself && owner->attr == EV_ATTR_SEED ? EV_ATTR_SEED : attr;
}

void attribute_packet(struct attributor *a, const struct ev_packet *rec, struct owner *owner)
{
	if (owner->attr == EV_ATTR_NONE || is_doubtful(a, rec)) {
		uint8_t attr = settle(a, rec, owner);

		if (attr == EV_ATTR_NONE || !owner->pid) /* of some sockets it is known that nobody is */
			memset(owner, 0, sizeof(*owner));
		else
			owner->attr = told_as(rec, owner, attr);
	}
	if (rec->flags & EV_PKT_FIRST)
		frag_first(a->frags, rec, owner);
}
