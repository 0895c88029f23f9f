/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/flow_hold.h"
#include "model/flow_int.h"

#include <errno.h>
#include <utlist.h>

/* The claim that the process which gave the socket up had at that moment. */
static bool is_given_up(const struct claim *c, const struct ev_release *ev)
{
	return owner_is_process(&c->owner, ev->pid, ev->start_ns) && c->since_ns <= ev->hdr.ts_ns &&
	       claim_end_ns(c) > ev->hdr.ts_ns;
}

/* The kernel's map does not know the socket: a seed, or it was forgotten there. */
static struct sock_entry *find_by_key(struct flow *flows, const struct ev_release *ev)
{
	struct flow *f = flow_lookup(flows, &ev->key);
	struct claim *c;

	if (!f)
		return NULL;
	DL_FOREACH(f->claims, c)
		if (is_given_up(c, ev))
			return c->sock;
	return NULL;
}

static struct sock_entry *find_released(const struct flow_table *t, const struct ev_release *ev)
{
	struct sock_entry *s;

	if (ev->sock_id)
		return flow_find_sock(t, ev->sock_id);
	s = ev->ino ? flow_find_seed(t, ev->ino) : NULL;
	if (!s)
		s = find_by_key(t->flows, ev);
	return s ? s : find_by_key(t->bound, ev);
}

static struct claim *find_given_up(const struct sock_entry *s, const struct ev_release *ev)
{
	struct claim *c;

	if (!s)
		return NULL;
	DL_FOREACH2(s->claims, c, sock_next)
		if (is_given_up(c, ev))
			return c;
	return NULL;
}

static bool is_in(const struct owner *list, size_t cnt, const struct owner *owner)
{
	for (size_t i = 0; i < cnt; i++)
		if (owner_same_process(&list[i], owner))
			return true;
	return false;
}

size_t flow_claimants(const struct flow_table *t, const struct ev_release *ev, struct owner *out, size_t max)
{
	const struct sock_entry *s = find_released(t, ev);
	const struct claim *c;
	size_t n = 0;

	if (!find_given_up(s, ev))
		return 0;
	/* told in the order of time: the last is the head's previous */
	for (c = s->claims->sock_prev; n < max; c = c->sock_prev) {
		if (!is_in(out, n, &c->owner))
			out[n++] = c->owner;
		if (c == s->claims)
			break;
	}
	return n;
}

int flow_handover(struct flow_table *t, const struct ev_release *ev, const struct owner *heir)
{
	struct sock_entry *s = find_released(t, ev);
	struct claim *old, *fresh;

	while ((old = find_given_up(s, ev))) {
		if (heir && owner_is_process(heir, ev->pid, ev->start_ns))
			return 0;
		if (!heir) {
			old->until_ns = ev->hdr.ts_ns;
			old->given_up = true;
			continue;
		}
		fresh = flow_new_claim(t, old, heir, ev->hdr.ts_ns);
		if (!fresh)
			return -ENOMEM;
		flow_insert_claim(old->flow, fresh);
		old->until_ns = ev->hdr.ts_ns; /* on a shared port nothing else ends it */
	}
	return 0;
}

bool flow_next_actor(const struct flow_table *t, const struct ev_release *ev, struct owner *out)
{
	const struct sock_entry *s = find_released(t, ev);
	const struct claim *c, *first = NULL;

	if (!s)
		return false;
	DL_FOREACH2(s->claims, c, sock_next)
		if (c->since_ns > ev->hdr.ts_ns && !owner_is_process(&c->owner, ev->pid, ev->start_ns) &&
			(!first || c->since_ns < first->since_ns))
			first = c;
	if (first)
		*out = first->owner;
	return first;
}

/* A seed has no number; its claim is found by the key, or not: then nobody is told to share it. */
static const struct sock_entry *find_owned(const struct flow_table *t, const struct owner *owner, const struct ev_key *key)
{
	const struct flow *f;
	const struct claim *c;

	if (owner->sock_id)
		return flow_find_sock(t, owner->sock_id);
	f = flow_lookup(t->flows, key);
	if (!f)
		return NULL;
	DL_FOREACH(f->claims, c)
		if (!c->sock->sock_id && owner_same_process(&c->owner, owner))
			return c->sock;
	return NULL;
}

bool flow_origin(const struct flow_table *t, const struct owner *owner, const struct ev_key *key, struct flow_origin *out)
{
	const struct sock_entry *s = find_owned(t, owner, key);

	if (!s || !s->ino || !s->claims)
		return false;
	*out = (struct flow_origin){s->claims->owner, s->claims->since_ns, s->ino};
	return true;
}
