/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/flow_int.h"

#include <netinet/in.h>
#include <string.h>
#include <utlist.h>

static enum flow_match match_at(const struct claim *c, uint64_t ts_ns)
{
	uint64_t end = claim_end_ns(c);

	if (c->since_ns > ts_ns)
		return FLOW_NONE;
	if (ts_ns < end)
		return FLOW_LIVE;
	/* one that was replaced does not linger: its successor answers */
	if (c->until_ns <= ts_ns)
		return FLOW_NONE;
	return ts_ns - end < EV_LINGER_NS ? FLOW_CLOSED : FLOW_NONE;
}

/* Could a claim that was forgotten have answered so at that time? */
static bool may_miss(const struct flow *f, enum flow_match match, uint64_t ts_ns)
{
	if (!f->known_ns || ts_ns < f->known_ns)
		return f->known_ns;
	return match != FLOW_LIVE && ts_ns - f->known_ns < EV_LINGER_NS;
}

enum flow_match flow_find(
	const struct flow_table *t, const struct ev_key *key, uint64_t ts_ns, struct owner *out)
{
	const struct flow *f = flow_lookup(t->flows, key);
	const struct claim *c, *late = NULL;

	if (!f)
		return FLOW_NONE;
	DL_FOREACH(f->claims, c) {
		enum flow_match match = match_at(c, ts_ns);

		if (match != FLOW_NONE) {
			*out = c->owner;
			return match;
		}
		if (c->since_ns > ts_ns)
			late = c; /* the list goes back in time: the last of these is the first who came */
	}
	if (!late || may_miss(f, FLOW_LATE, ts_ns))
		return FLOW_NONE;
	*out = late->owner;
	return FLOW_LATE;
}

bool flow_given_up(const struct flow_table *t, const struct ev_key *key, uint64_t ts_ns)
{
	const struct flow *f = flow_lookup(t->flows, key);
	const struct claim *c;

	if (!f)
		return false;
	DL_FOREACH(f->claims, c)
		if (c->since_ns <= ts_ns)
			return c->given_up && c->until_ns <= ts_ns;
	return false;
}

/* Does this claim's socket, which is of family IPv6 or not, take packets of that family? */
static bool takes(const struct claim *c, bool v6_socket, bool v4_packet)
{
	if (!(c->flags & EV_OWN_V6) == v6_socket)
		return false;
	return v6_socket ? !v4_packet || !(c->flags & EV_OWN_V6ONLY) : v4_packet;
}

/* What is asked of a port. */
struct question {
	uint8_t kind;
	bool v4_packet;
	uint64_t ts_ns;
	uint64_t ino; /* of this socket only; 0: of all */
	const struct owner *who; /* of this process only; NULL: of all */
};

/* All who answer for a port at that time must be one process, or nobody is named. */
static enum holders find_holder(const struct flow *f, const struct question *q, enum flow_match wanted,
	bool v6_socket, struct owner *out)
{
	const struct claim *c, *found = NULL;

	DL_FOREACH(f->claims, c) {
		if (c->kind != q->kind || match_at(c, q->ts_ns) != wanted ||
			!takes(c, v6_socket, q->v4_packet) || (q->ino && c->sock->ino != q->ino) ||
			(q->who && !owner_same_process(&c->owner, q->who)))
			continue;
		if (found && !owner_same_process(&found->owner, &c->owner))
			return SEVERAL;
		if (!found)
			found = c;
	}
	if (!found)
		return NOBODY;
	if (may_miss(f, wanted, q->ts_ns))
		return SEVERAL;
	*out = found->owner;
	return ONE;
}

/* The sockets of the packet's own family first, then IPv6 ones that take IPv4. */
static enum holders find_bound(
	const struct flow *f, const struct question *q, enum flow_match wanted, struct owner *out)
{
	enum holders who = f ? find_holder(f, q, wanted, false, out) : NOBODY;

	return f && who == NOBODY ? find_holder(f, q, wanted, true, out) : who;
}

static struct question make_question(const struct ev_key *key, uint8_t kind, uint64_t ts_ns, uint64_t ino)
{
	return (struct question){
		.kind = kind,
		.v4_packet = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)key->laddr),
		.ts_ns = ts_ns,
		.ino = ino,
	};
}

static enum holders find_holders(const struct flow_table *t, const struct ev_key *key, const struct question *q,
	enum flow_match *match, struct owner *out)
{
	struct ev_key bound = *key;
	const struct flow *at[2]; /* the packet's address, any address */

	if (t->unsure_ports[key->lport / 8] & 1 << key->lport % 8)
		return SEVERAL;
	memset(bound.raddr, 0, sizeof(bound.raddr));
	bound.rport = 0;
	at[0] = flow_lookup(t->bound, &bound);
	memset(bound.laddr, 0, sizeof(bound.laddr));
	at[1] = flow_lookup(t->bound, &bound);
	/* an open socket on any address gets what the closed one on this address does no more */
	for (enum flow_match wanted = FLOW_LIVE; wanted <= FLOW_CLOSED; wanted++) {
		for (size_t i = 0; i < 2; i++) {
			enum holders who = find_bound(at[i], q, wanted, out);

			*match = wanted;
			if (who != NOBODY)
				return who;
		}
	}
	return NOBODY;
}

bool flow_is_bound_at(const struct flow_table *t, const struct ev_key *key, uint64_t ts_ns)
{
	struct ev_key bound = *key;
	const struct flow *f;
	const struct claim *c;

	memset(bound.raddr, 0, sizeof(bound.raddr));
	bound.rport = 0;
	f = flow_lookup(t->bound, &bound);
	if (!f)
		return false;
	DL_FOREACH(f->claims, c)
		if (match_at(c, ts_ns) == FLOW_LIVE)
			return true;
	return false;
}

enum holders flow_port_holders(const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t ts_ns,
	enum flow_match *match, struct owner *out)
{
	const struct question q = make_question(key, kind, ts_ns, 0);

	return find_holders(t, key, &q, match, out);
}

enum flow_match flow_find_chosen(const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t ino, uint64_t ts_ns,
	struct owner *out)
{
	const struct question q = make_question(key, kind, ts_ns, ino);
	enum flow_match match;

	return find_holders(t, key, &q, &match, out) == ONE ? match : FLOW_NONE;
}

enum flow_match flow_find_listener_of(const struct flow_table *t, const struct ev_key *key, const struct owner *who,
	uint64_t ts_ns, struct owner *out)
{
	struct question q = make_question(key, EV_OWN_LISTEN, ts_ns, 0);
	enum flow_match match;

	q.who = who;
	return find_holders(t, key, &q, &match, out) == ONE ? match : FLOW_NONE;
}

enum flow_match flow_find_port(
	const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t ts_ns, struct owner *out)
{
	enum flow_match match;

	return flow_port_holders(t, key, kind, ts_ns, &match, out) == ONE ? match : FLOW_NONE;
}
