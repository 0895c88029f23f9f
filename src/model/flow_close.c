/* SPDX-License-Identifier: BSD-2-Clause */
/* The ends of claims: their sockets are closed, and forgotten a while later. */
#include "model/flow_int.h"

#include <utlist.h>

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
			flow_close_sock(t, c->sock, ts_ns);
}

/* The kernel's map does not know it. */
static void close_unknown(struct flow_table *t, const struct ev_close *ev)
{
	struct sock_entry *seed = ev->ino ? flow_find_seed(t, ev->ino) : NULL;

	if (seed) {
		flow_close_sock(t, seed, ev->hdr.ts_ns);
	} else {
		close_holder(t, t->flows, ev);
		close_holder(t, t->bound, ev);
	}
}

/* Whatever its number there is by now. */
static void close_address(struct flow_table *t, const struct ev_close *ev)
{
	struct sock_entry *s = flow_find_open(t, ev->sk);

	if (s && (!ev->sock_id || s->sock_id <= ev->sock_id) && s->sock_id < ev->hdr.ts_ns)
		flow_close_sock(t, s, ev->hdr.ts_ns);
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
		s = flow_get_sock(t, ev->sock_id, ev->ino);
	if (s)
		flow_close_sock(t, s, ev->hdr.ts_ns);
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
		flow_free_sock(t, s);
	for (; n; n--)
		flow_free_claim(t, s->claims); /* the last one frees s */
}

void flow_expire(struct flow_table *t, uint64_t ts_ns)
{
	while (t->closed && t->closed->closed_ns < ts_ns && ts_ns - t->closed->closed_ns > EV_LINGER_NS)
		expire_sock(t, t->closed);
}
