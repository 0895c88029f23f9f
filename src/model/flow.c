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

/* A seed's socket is known by nothing: each has one of its own. */
static struct sock_entry *get_sock(struct flow_table *t, uint64_t sock_id)
{
	struct sock_entry *s = sock_id ? flow_find_sock(t, sock_id) : NULL;

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->sock_id = sock_id;
	s->closed_ns = UINT64_MAX;
	if (!sock_id)
		return s;
	HASH_ADD(hh, t->socks, sock_id, sizeof(s->sock_id), s);
	if (s->hh.tbl)
		return s;
	free(s);
	return NULL;
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

static struct claim *new_claim(struct flow_table *t, const struct ev_owner *ev)
{
	struct claim *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	owner_from_val(&ev->owner, &c->owner);
	c->since_ns = ev->hdr.ts_ns;
	c->until_ns = UINT64_MAX;
	c->kind = ev->kind;
	c->flags = ev->flags;
	c->sock = get_sock(t, ev->owner.sock_id);
	if (!c->sock) {
		free(c);
		return NULL;
	}
	c->sock->sk = ev->owner.sk;
	if (ev->ino)
		c->sock->ino = ev->ino;
	DL_APPEND2(c->sock->claims, c, sock_prev, sock_next);
	note_open(t, c->sock);
	return c;
}

struct claim *flow_new_claim(const struct claim *like, const struct owner *owner, uint64_t since_ns)
{
	struct claim *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->owner = *owner;
	c->since_ns = since_ns;
	c->until_ns = UINT64_MAX;
	c->kind = like->kind;
	c->flags = like->flags;
	c->sock = like->sock;
	DL_APPEND2(c->sock->claims, c, sock_prev, sock_next);
	return c;
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

int flow_claim(struct flow_table *t, const struct ev_owner *ev)
{
	struct flow **flows = table_of(t, ev->kind), *f = get_flow(t, flows, &ev->key);
	struct claim *c = f ? new_claim(t, ev) : NULL;

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

/* No hook had seen the socket (a seed), or the kernel's map has forgotten it: whoever holds the key through it at that
 * time is at its end. */
static void close_holder(struct flow_table *t, struct flow *flows, const struct ev_close *ev)
{
	struct flow *f = flow_lookup(flows, &ev->key);
	uint64_t ts_ns = ev->hdr.ts_ns;
	struct claim *c;

	if (!f)
		return;
	DL_FOREACH(f->claims, c)
		if ((!c->sock->sk || c->sock->sk == ev->sk) && c->since_ns <= ts_ns && c->until_ns > ts_ns)
			close_sock(t, c->sock, ts_ns);
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
		close_holder(t, t->flows, ev);
		close_holder(t, t->bound, ev);
		return;
	}
	s = flow_find_sock(t, ev->sock_id);
	/* a claim may still come that was made before, or on another CPU: it must not live for ever */
	if (!s && HASH_COUNT(t->socks) < t->max_keys)
		s = get_sock(t, ev->sock_id);
	if (s)
		close_sock(t, s, ev->hdr.ts_ns);
}

void flow_restart(struct flow_table *t, const struct ev_key *key, uint64_t ts_ns)
{
	struct flow *f = flow_lookup(t->flows, key);
	struct claim *c;

	if (!f)
		return;
	DL_FOREACH(f->claims, c)
		if (c->since_ns < ts_ns && c->sock->closed_ns <= ts_ns && c->until_ns > ts_ns)
			c->until_ns = ts_ns;
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
