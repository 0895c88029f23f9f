/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

/* Claims on one key at most: a port shared by more processes than this is ambiguous whatever the rest says. */
#define CLAIMS_MAX 64

struct sock_entry;

struct claim {
	struct owner owner;
	uint64_t since_ns;
	uint64_t until_ns; /* ended by a later claim or a restart; UINT64_MAX: not */
	uint8_t kind;
	uint8_t flags; /* EV_OWN_* */
	struct flow *flow;
	struct sock_entry *sock; /* NULL: not known (a seed) */
	struct claim *prev, *next;	       /* in the flow, newest first */
	struct claim *sock_prev, *sock_next; /* in the socket */
};

struct flow {
	struct ev_key key;
	struct claim *claims;
	size_t cnt;
	UT_hash_handle hh;
};

/* One generation of a socket. */
struct sock_entry {
	uint64_t sock_id;
	uint64_t closed_ns; /* UINT64_MAX: open */
	struct claim *claims;
	struct sock_entry *prev, *next; /* in the queue of the closed, oldest first */
	UT_hash_handle hh;
};

struct flow_table {
	struct flow *flows; /* uthash keeps the order of insertion: the first is the oldest */
	struct sock_entry *socks;
	struct sock_entry *closed;
	size_t max_keys;
	uint64_t evicted;
};

struct flow_table *flow_table_new(size_t max_keys)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (t)
		t->max_keys = max_keys ? max_keys : 1;
	return t;
}

/* --- keeping it --- */

static void free_sock(struct flow_table *t, struct sock_entry *s)
{
	if (s->closed_ns != UINT64_MAX)
		DL_DELETE(t->closed, s);
	HASH_DEL(t->socks, s);
	free(s);
}

/* Takes the claim off its socket and its flow; either goes with its last claim. */
static void free_claim(struct flow_table *t, struct claim *c)
{
	struct flow *f = c->flow;
	struct sock_entry *s = c->sock;

	DL_DELETE(f->claims, c);
	f->cnt--;
	if (s) {
		DL_DELETE2(s->claims, c, sock_prev, sock_next);
		if (!s->claims)
			free_sock(t, s);
	}
	free(c);
	if (!f->claims) {
		HASH_DEL(t->flows, f);
		free(f);
	}
}

static void free_flow(struct flow_table *t, struct flow *f)
{
	for (size_t n = f->cnt; n; n--)
		free_claim(t, f->claims); /* the last one frees f */
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	while (t->flows)
		free_flow(t, t->flows);
	free(t);
}

static struct flow *find_flow(const struct flow_table *t, const struct ev_key *key)
{
	struct flow *f;

	HASH_FIND(hh, t->flows, key, sizeof(*key), f);
	return f;
}

static struct flow *get_flow(struct flow_table *t, const struct ev_key *key)
{
	struct flow *f = find_flow(t, key);

	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->key = *key;
	HASH_ADD(hh, t->flows, key, sizeof(f->key), f);
	return f;
}

static struct sock_entry *find_sock(const struct flow_table *t, uint64_t sock_id)
{
	struct sock_entry *s;

	HASH_FIND(hh, t->socks, &sock_id, sizeof(sock_id), s);
	return s;
}

static struct sock_entry *get_sock(struct flow_table *t, uint64_t sock_id)
{
	struct sock_entry *s = find_sock(t, sock_id);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->sock_id = sock_id;
	s->closed_ns = UINT64_MAX;
	HASH_ADD(hh, t->socks, sock_id, sizeof(s->sock_id), s);
	return s;
}

/* A claim ends the ones it replaces: any earlier one of a flow; on a port those of the same socket, and others unless the
 * port may be shared. */
static bool replaces(const struct claim *fresh, const struct claim *old)
{
	if (fresh->kind == EV_OWN_FLOW)
		return old->kind == EV_OWN_FLOW;
	if (fresh->kind != old->kind)
		return false;
	if (fresh->sock && fresh->sock == old->sock)
		return true;
	/* an any-address port is one key for both families */
	return !(fresh->flags & EV_OWN_REUSE) && !((fresh->flags ^ old->flags) & EV_OWN_V6);
}

static void end_replaced(struct flow *f, const struct claim *fresh)
{
	struct claim *c;

	DL_FOREACH(f->claims, c)
		if (c != fresh && c->until_ns > fresh->since_ns && replaces(fresh, c))
			c->until_ns = fresh->since_ns;
}

static struct claim *new_claim(struct flow_table *t, struct flow *f, const struct ev_owner *ev)
{
	struct claim *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	owner_from_val(&ev->owner, &c->owner);
	c->since_ns = ev->hdr.ts_ns;
	c->until_ns = UINT64_MAX;
	c->kind = ev->kind;
	c->flags = ev->flags;
	if (ev->owner.sock_id) {
		c->sock = get_sock(t, ev->owner.sock_id);
		if (!c->sock) {
			free(c);
			return NULL;
		}
		DL_APPEND2(c->sock->claims, c, sock_prev, sock_next);
	}
	c->flow = f;
	DL_PREPEND(f->claims, c);
	f->cnt++;
	return c;
}

int flow_claim(struct flow_table *t, const struct ev_owner *ev)
{
	struct flow *f = get_flow(t, &ev->key);
	struct claim *c = f ? new_claim(t, f, ev) : NULL;

	if (!c) {
		if (f && !f->claims) {
			HASH_DEL(t->flows, f);
			free(f);
		}
		return -ENOMEM;
	}
	end_replaced(f, c);
	if (f->cnt > CLAIMS_MAX)
		free_claim(t, f->claims->prev); /* utlist: the head's prev is the tail */
	if (HASH_COUNT(t->flows) > t->max_keys) {
		free_flow(t, t->flows);
		t->evicted++;
	}
	return 0;
}

static void end_seed(struct flow_table *t, const struct ev_key *key, uint64_t ts_ns)
{
	struct flow *f = find_flow(t, key);
	struct claim *c;

	if (!f)
		return;
	DL_FOREACH(f->claims, c)
		if (!c->sock && c->until_ns > ts_ns)
			c->until_ns = ts_ns;
}

void flow_close(struct flow_table *t, const struct ev_close *ev)
{
	struct sock_entry *s;

	if (!ev->sock_id) {
		end_seed(t, &ev->key, ev->hdr.ts_ns);
		return;
	}
	s = find_sock(t, ev->sock_id);
	if (!s || s->closed_ns != UINT64_MAX)
		return;
	s->closed_ns = ev->hdr.ts_ns;
	DL_APPEND(t->closed, s);
}

void flow_restart(struct flow_table *t, const struct ev_key *key, uint64_t ts_ns)
{
	struct flow *f = find_flow(t, key);
	struct claim *c, *next;

	if (!f)
		return;
	DL_FOREACH_SAFE(f->claims, c, next)
		if (c->since_ns < ts_ns && c->sock && c->sock->closed_ns <= ts_ns)
			free_claim(t, c);
}

void flow_expire(struct flow_table *t, uint64_t ts_ns)
{
	while (t->closed && t->closed->closed_ns + EV_LINGER_NS < ts_ns) {
		struct sock_entry *s = t->closed;
		size_t n;
		struct claim *c;

		DL_COUNT2(s->claims, c, n, sock_next);
		for (; n; n--)
			free_claim(t, s->claims); /* the last one frees s */
	}
}

/* --- asking it --- */

static uint64_t end_of(const struct claim *c)
{
	uint64_t closed = c->sock ? c->sock->closed_ns : UINT64_MAX;

	return c->until_ns < closed ? c->until_ns : closed;
}

static enum flow_match match_at(const struct claim *c, uint64_t ts_ns)
{
	uint64_t end = end_of(c);

	if (c->since_ns > ts_ns)
		return FLOW_NONE;
	if (ts_ns < end)
		return FLOW_LIVE;
	/* one that was replaced does not linger: its successor answers */
	if (c->until_ns <= ts_ns)
		return FLOW_NONE;
	return ts_ns - end < EV_LINGER_NS ? FLOW_CLOSED : FLOW_NONE;
}

enum flow_match flow_find(const struct flow_table *t, const struct ev_key *key, uint64_t ts_ns, struct owner *out)
{
	const struct flow *f = find_flow(t, key);
	const struct claim *c, *late = NULL;

	if (!f)
		return FLOW_NONE;
	DL_FOREACH(f->claims, c) {
		enum flow_match match = c->kind == EV_OWN_FLOW ? match_at(c, ts_ns) : FLOW_NONE;

		if (match != FLOW_NONE) {
			*out = c->owner;
			return match;
		}
		if (c->kind == EV_OWN_FLOW && c->since_ns > ts_ns)
			late = c; /* the list goes back in time: the last of these is the first who came */
	}
	if (!late)
		return FLOW_NONE;
	*out = late->owner;
	return FLOW_LATE;
}

/* Does this claim's socket, which is of family IPv6 or not, take packets of that family? */
static bool takes(const struct claim *c, bool v6_socket, bool v4_packet)
{
	if (!(c->flags & EV_OWN_V6) == v6_socket)
		return false;
	return v6_socket ? !v4_packet || !(c->flags & EV_OWN_V6ONLY) : v4_packet;
}

enum holders { NOBODY, ONE, SEVERAL };

/* All who answer for a port at that time must be one process, or nobody is named. */
static enum holders find_holder(const struct flow *f, uint8_t kind, bool v6_socket, bool v4_packet,
	enum flow_match wanted, uint64_t ts_ns, struct owner *out)
{
	const struct claim *c, *found = NULL;

	DL_FOREACH(f->claims, c) {
		if (c->kind != kind || match_at(c, ts_ns) != wanted || !takes(c, v6_socket, v4_packet))
			continue;
		if (found && !owner_same_process(&found->owner, &c->owner))
			return SEVERAL;
		if (!found)
			found = c;
	}
	if (!found)
		return NOBODY;
	*out = found->owner;
	return ONE;
}

/* The open sockets of the packet's own family first, then IPv6 ones that take IPv4, then the closed likewise. */
static enum flow_match find_bound(const struct flow_table *t, const struct ev_key *bound, uint8_t kind, bool v4_packet,
	uint64_t ts_ns, struct owner *out)
{
	static const enum flow_match order[] = {FLOW_LIVE, FLOW_LIVE, FLOW_CLOSED, FLOW_CLOSED};
	const struct flow *f = find_flow(t, bound);

	for (size_t i = 0; f && i < sizeof(order) / sizeof(*order); i++) {
		enum holders who = find_holder(f, kind, i & 1, v4_packet, order[i], ts_ns, out);

		if (who != NOBODY)
			return who == ONE ? order[i] : FLOW_NONE;
	}
	return FLOW_NONE;
}

enum flow_match flow_find_port(const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t ts_ns,
	struct owner *out)
{
	bool v4_packet = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)key->laddr);
	struct ev_key bound = *key;
	enum flow_match match;

	memset(bound.raddr, 0, sizeof(bound.raddr));
	bound.rport = 0;
	match = find_bound(t, &bound, kind, v4_packet, ts_ns, out);
	if (match != FLOW_NONE)
		return match;
	memset(bound.laddr, 0, sizeof(bound.laddr));
	return find_bound(t, &bound, kind, v4_packet, ts_ns, out);
}

size_t flow_count(const struct flow_table *t)
{
	return HASH_COUNT(t->flows);
}

uint64_t flow_evicted(const struct flow_table *t)
{
	return t->evicted;
}
