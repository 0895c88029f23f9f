/* SPDX-License-Identifier: BSD-2-Clause */
/* The table: its flows and ports, who claims them, and what goes when there are too many. */
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

static void free_flow(struct flow_table *t, struct flow **flows, struct flow *f)
{
	flow_any_del(t, f);
	HASH_DEL(*flows, f);
	free(f);
}

void flow_free_claim(struct flow_table *t, struct claim *c)
{
	struct flow **flows = table_of(t, c->kind), *f = c->flow;
	struct sock_entry *s = c->sock;

	flow_actor_del(t, c);
	DL_DELETE(f->claims, c);
	f->cnt--;
	DL_DELETE2(s->claims, c, sock_prev, sock_next);
	if (!s->claims)
		flow_free_sock(t, s);
	free(c);
	if (!f->claims)
		free_flow(t, flows, f);
}

static void free_claims(struct flow_table *t, struct flow *f)
{
	for (size_t n = f->cnt; n; n--)
		flow_free_claim(t, f->claims); /* the last one frees f */
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
		flow_free_sock(t, t->closed); /* those that no claim was made for */
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

static void forget_claim(struct flow_table *t, struct flow *f)
{
	struct claim *c, *first = f->claims;

	DL_FOREACH(f->claims, c)
		if (claim_end_ns(c) <= claim_end_ns(first))
			first = c;
	if (f->known_ns < claim_end_ns(first))
		f->known_ns = claim_end_ns(first);
	flow_free_claim(t, first);
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
	c = f ? flow_make_claim(t, ev) : NULL;
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

size_t flow_count(const struct flow_table *t)
{
	return HASH_COUNT(t->flows) + HASH_COUNT(t->bound);
}

uint64_t flow_evicted(const struct flow_table *t)
{
	return t->evicted;
}
