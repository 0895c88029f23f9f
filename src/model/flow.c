/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/flow_int.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* Claims on one key at most: a port may have as many sockets as CPUs. Beyond it the first to end are
 * forgotten. */
#define CLAIMS_MAX 256

struct flow_table *flow_table_new(size_t max_keys)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->max_keys = max_keys ? max_keys : 1;
	if (!flow_any_init(t))
		return t;
	free(t);
	return NULL;
}

static struct flow **table_of(struct flow_table *t, uint8_t kind)
{
	return kind == EV_OWN_FLOW ? &t->flows : &t->bound;
}

static struct sock_entry *find_open(const struct flow_table *t, uint64_t sk)
{
	struct sock_entry *s;

	HASH_FIND(hh_sk, t->open, &sk, sizeof(sk), s);
	return s;
}

static void leave_open(struct flow_table *t, struct sock_entry *s)
{
	if (s->hh_sk.tbl)
		HASH_DELETE(hh_sk, t->open, s);
	s->hh_sk.tbl = NULL;
}

static void free_sock(struct flow_table *t, struct sock_entry *s)
{
	leave_open(t, s);
	if (s->prev)
		DL_DELETE(t->closed, s);
	if (s->sock_id)
		HASH_DEL(t->socks, s);
	else if (s->ino)
		HASH_DEL(t->seeds, s);
	free(s);
}

static void free_flow(struct flow_table *t, struct flow **flows, struct flow *f)
{
	flow_any_del(t, f);
	HASH_DEL(*flows, f);
	free(f);
}

/* Takes the claim off its socket and its flow; either goes with its last claim. */
static void free_claim(struct flow_table *t, struct claim *c)
{
	struct flow **flows = table_of(t, c->kind), *f = c->flow;
	struct sock_entry *s = c->sock;

	flow_actor_del(t, c);
	DL_DELETE(f->claims, c);
	f->cnt--;
	DL_DELETE2(s->claims, c, sock_prev, sock_next);
	if (!s->claims)
		free_sock(t, s);
	free(c);
	if (!f->claims)
		free_flow(t, flows, f);
}

static void free_claims(struct flow_table *t, struct flow *f)
{
	for (size_t n = f->cnt; n; n--)
		free_claim(t, f->claims); /* the last one frees f */
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	while (t->flows)
		free_claims(t, t->flows);
	while (t->bound)
		free_claims(t, t->bound);
	while (t->closed)
		free_sock(t, t->closed); /* those that no claim was made for */
	free(t->any);
	free(t);
}

static struct flow *get_flow(struct flow_table *t, struct flow **flows, const struct ev_key *key)
{
	struct flow *f = flow_lookup(*flows, key);

	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->key = *key;
	HASH_ADD(hh, *flows, key, sizeof(f->key), f);
	if (f->hh.tbl) {
		flow_any_add(t, f);
		return f;
	}
	free(f);
	return NULL;
}

struct sock_entry *flow_find_sock(const struct flow_table *t, uint64_t sock_id)
{
	struct sock_entry *s;

	HASH_FIND(hh, t->socks, &sock_id, sizeof(sock_id), s);
	return s;
}

struct sock_entry *flow_find_seed(const struct flow_table *t, uint64_t ino)
{
	struct sock_entry *s;

	HASH_FIND(hh, t->seeds, &ino, sizeof(ino), s);
	return s;
}

/* Into the table it belongs to by its numbers. false: no memory; it is in none then. */
static bool add_sock(struct flow_table *t, struct sock_entry *s)
{
	if (s->sock_id)
		HASH_ADD(hh, t->socks, sock_id, sizeof(s->sock_id), s);
	else if (s->ino)
		HASH_ADD(hh, t->seeds, ino, sizeof(s->ino), s);
	else
		return true;
	if (s->hh.tbl)
		return true;
	s->sock_id = s->ino = 0;
	return false;
}

static struct sock_entry *new_sock(struct flow_table *t, uint64_t sock_id, uint64_t ino)
{
	struct sock_entry *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sock_id = sock_id;
	s->ino = ino;
	s->closed_ns = UINT64_MAX;
	if (add_sock(t, s))
		return s;
	free(s);
	return NULL;
}

/* A seed of which a hook tells now is that socket from now on, with all that is claimed through it. One that is known by neither
 * number (not accepted yet) is one of its own for each claim. */
static struct sock_entry *get_sock(struct flow_table *t, uint64_t sock_id, uint64_t ino)
{
	struct sock_entry *s = sock_id ? flow_find_sock(t, sock_id) : NULL, *seed = ino ? flow_find_seed(t, ino) : NULL;

	if (s || (seed && !sock_id))
		return s ? s : seed;
	if (!seed)
		return new_sock(t, sock_id, ino);
	HASH_DEL(t->seeds, seed);
	seed->sock_id = sock_id;
	return add_sock(t, seed) ? seed : NULL;
}

/* A claim ends the ones it replaces: any earlier one of a flow; on a port those of the same socket, and
 * others unless the port may be shared. */
static bool replaces(const struct claim *fresh, const struct claim *old)
{
	if (fresh->kind != old->kind)
		return false;
	if (fresh->kind == EV_OWN_FLOW || fresh->sock == old->sock)
		return true;
	/* an any-address port is one key for both families */
	return !(fresh->flags & EV_OWN_REUSE) && !((fresh->flags ^ old->flags) & EV_OWN_V6);
}

static void end_by(struct claim *old, const struct claim *fresh)
{
	if (old->until_ns > fresh->since_ns && replaces(fresh, old))
		old->until_ns = fresh->since_ns;
}

/* Puts a claim into its place in time. Records may come in the wrong order: then the newer ones are there
 * already. */
void flow_insert_claim(struct flow *f, struct claim *fresh)
{
	struct claim *c, *older = NULL;

	DL_FOREACH(f->claims, c) {
		if (c->since_ns <= fresh->since_ns) {
			older = older ? older : c;
			end_by(c, fresh);
		} else {
			end_by(fresh, c);
		}
	}
	if (older)
		DL_PREPEND_ELEM(f->claims, older, fresh);
	else
		DL_APPEND(f->claims, fresh);
	fresh->flow = f;
	f->cnt++;
}

static void close_sock(struct flow_table *t, struct sock_entry *s, uint64_t ts_ns)
{
	if (s->prev)
		return;
	leave_open(t, s);
	s->closed_ns = ts_ns;
	DL_APPEND(t->closed, s);
}

/* Two numbers of one socket: the claims of `old` go on as those of `s`. */
static void adopt(struct flow_table *t, struct sock_entry *s, struct sock_entry *old)
{
	struct claim *c;

	DL_FOREACH2(old->claims, c, sock_next)
		c->sock = s;
	DL_CONCAT2(old->claims, s->claims, sock_prev, sock_next);
	s->claims = old->claims;
	old->claims = NULL;
	free_sock(t, old);
}

/* The kernel's map forgets sockets that are open: one that acts again gets a new number, and what was claimed through it before
 * ends with it, too. Where an earlier one at its address was of another file, that was closed and we were not told. */
static void note_open(struct flow_table *t, struct sock_entry *s)
{
	struct sock_entry *old = find_open(t, s->sk), *newer = s;

	if (!s->sk || old == s || s->prev)
		return;
	if (old && old->sock_id > s->sock_id) { /* this record comes late */
		newer = old;
		old = s;
	}
	if (old) {
		leave_open(t, old);
		if (old->ino && old->ino == newer->ino)
			adopt(t, newer, old);
		else
			close_sock(t, old, newer->sock_id);
	}
	if (!newer->hh_sk.tbl)
		HASH_ADD(hh_sk, t->open, sk, sizeof(newer->sk), newer);
}

/* Links a claim to its socket and its process; it is freed where there is no memory for that. */
static struct claim *link_claim(struct flow_table *t, struct claim *c)
{
	if (flow_actor_add(t, c)) {
		free(c);
		return NULL;
	}
	DL_APPEND2(c->sock->claims, c, sock_prev, sock_next);
	return c;
}

static struct claim *new_claim(struct flow_table *t, const struct ev_owner *ev)
{
	struct sock_entry *s = get_sock(t, ev->owner.sock_id, ev->ino);
	struct claim *c = s ? calloc(1, sizeof(*c)) : NULL;

	if (c) {
		owner_from_val(&ev->owner, &c->owner);
		c->since_ns = ev->hdr.ts_ns;
		c->until_ns = UINT64_MAX;
		c->kind = ev->kind;
		c->flags = ev->flags;
		c->sock = s;
		c = link_claim(t, c);
	}
	if (!c) {
		if (s && !s->claims && !s->prev)
			free_sock(t, s);
		return NULL;
	}
	s->sk = ev->owner.sk;
	if (ev->ino && s->sock_id)
		s->ino = ev->ino; /* it had no file at first */
	note_open(t, s);
	return c;
}

struct claim *flow_new_claim(
	struct flow_table *t, const struct claim *like, const struct owner *owner, uint64_t since_ns)
{
	struct claim *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->owner = *owner;
	c->owner.attr = like->owner.attr;
	c->since_ns = since_ns;
	c->until_ns = UINT64_MAX;
	c->kind = like->kind;
	c->flags = like->flags;
	c->sock = like->sock;
	return link_claim(t, c);
}

static void forget_claim(struct flow_table *t, struct flow *f)
{
	struct claim *c, *first = f->claims;

	DL_FOREACH(f->claims, c)
		if (claim_end_ns(c) <= claim_end_ns(first))
			first = c;
	if (f->known_ns < claim_end_ns(first))
		f->known_ns = claim_end_ns(first);
	free_claim(t, first);
}

static void forget_oldest(struct flow_table *t, struct flow *f)
{
	if (f->claims->kind != EV_OWN_FLOW)
		t->unsure_ports[f->key.lport / 8] |= (uint8_t)(1 << f->key.lport % 8);
	free_claims(t, f);
	t->evicted++;
}

/* A hook told of this socket already: it knows better. */
static bool is_late_seed(struct flow_table *t, const struct ev_owner *ev)
{
	const struct flow *f = ev->owner.sock_id || !ev->ino ? NULL : flow_lookup(*table_of(t, ev->kind), &ev->key);
	const struct claim *c;

	if (!f)
		return false;
	DL_FOREACH(f->claims, c)
		if (c->sock->sock_id && c->sock->ino == ev->ino)
			return true;
	return false;
}

int flow_claim(struct flow_table *t, const struct ev_owner *ev)
{
	struct flow **flows = table_of(t, ev->kind), *f;
	struct claim *c;

	if (is_late_seed(t, ev))
		return 0;
	f = get_flow(t, flows, &ev->key);
	c = f ? new_claim(t, ev) : NULL;
	if (!c) {
		if (f && !f->claims)
			free_flow(t, flows, f);
		return -ENOMEM;
	}
	flow_insert_claim(f, c);
	if (f->cnt > CLAIMS_MAX)
		forget_claim(t, f);
	if (HASH_COUNT(*flows) > t->max_keys)
		forget_oldest(t, *flows);
	return 0;
}

/* Is this the socket that was closed? A hook told of it by its address, before the kernel's map forgot it; or none did: of seeds
 * one that was not accepted has no inode number, and of one that was closed it may not be known any more. */
static bool may_be_closed(const struct sock_entry *s, const struct ev_close *ev)
{
	return s->sk ? s->sk == ev->sk : !s->ino || !ev->ino || s->ino == ev->ino;
}

/* Whoever holds the key through that socket at that time is at its end. */
static void close_holder(struct flow_table *t, struct flow *flows, const struct ev_close *ev)
{
	struct flow *f = flow_lookup(flows, &ev->key);
	uint64_t ts_ns = ev->hdr.ts_ns;
	struct claim *c;

	if (!f)
		return;
	DL_FOREACH(f->claims, c)
		if (may_be_closed(c->sock, ev) && c->since_ns <= ts_ns && c->until_ns > ts_ns)
			close_sock(t, c->sock, ts_ns);
}

/* The kernel's map does not know it. */
static void close_unknown(struct flow_table *t, const struct ev_close *ev)
{
	struct sock_entry *seed = ev->ino ? flow_find_seed(t, ev->ino) : NULL;

	if (seed) {
		close_sock(t, seed, ev->hdr.ts_ns);
	} else {
		close_holder(t, t->flows, ev);
		close_holder(t, t->bound, ev);
	}
}

/* Whatever its number there is by now. */
static void close_address(struct flow_table *t, const struct ev_close *ev)
{
	struct sock_entry *s = find_open(t, ev->sk);

	if (s && (!ev->sock_id || s->sock_id <= ev->sock_id) && s->sock_id < ev->hdr.ts_ns)
		close_sock(t, s, ev->hdr.ts_ns);
}

void flow_close(struct flow_table *t, const struct ev_close *ev)
{
	struct sock_entry *s;

	close_address(t, ev);
	if (!ev->sock_id) {
		close_unknown(t, ev);
		return;
	}
	s = flow_find_sock(t, ev->sock_id);
	/* a claim may still come that was made before, or on another CPU: it must not live for ever */
	if (!s && HASH_COUNT(t->socks) < t->max_keys)
		s = get_sock(t, ev->sock_id, ev->ino);
	if (s)
		close_sock(t, s, ev->hdr.ts_ns);
}

/* A seed of which no process had a descriptor: it was not accepted yet, or closed. Its end may be told by no hook. */
static bool is_unheld_seed(const struct claim *c)
{
	return !c->sock->sock_id && !c->sock->ino && c->owner.attr != EV_ATTR_EXACT;
}

void flow_restart(struct flow_table *t, const struct ev_key *key, uint64_t ts_ns)
{
	struct flow *f = flow_lookup(t->flows, key);
	struct claim *c;

	if (!f)
		return;
	DL_FOREACH(f->claims, c)
		if (c->since_ns < ts_ns && (c->sock->closed_ns <= ts_ns || is_unheld_seed(c))) {
			c->given_up = false;
			if (c->until_ns > ts_ns)
				c->until_ns = ts_ns;
		}
}

static void expire_sock(struct flow_table *t, struct sock_entry *s)
{
	struct claim *c;
	size_t n;

	DL_COUNT2(s->claims, c, n, sock_next);
	if (!n)
		free_sock(t, s);
	for (; n; n--)
		free_claim(t, s->claims); /* the last one frees s */
}

void flow_expire(struct flow_table *t, uint64_t ts_ns)
{
	while (t->closed && t->closed->closed_ns < ts_ns && ts_ns - t->closed->closed_ns > EV_LINGER_NS)
		expire_sock(t, t->closed);
}

size_t flow_count(const struct flow_table *t)
{
	return HASH_COUNT(t->flows) + HASH_COUNT(t->bound);
}

uint64_t flow_evicted(const struct flow_table *t)
{
	return t->evicted;
}
