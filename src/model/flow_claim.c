/* SPDX-License-Identifier: BSD-2-Clause */
/* A claim: made, and put into its place in time. */
#include "model/flow_int.h"

#include <stdlib.h>
#include <utlist.h>

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

struct claim *flow_make_claim(struct flow_table *t, const struct ev_owner *ev)
{
	struct sock_entry *s = flow_get_sock(t, ev->owner.sock_id, ev->ino);
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
			flow_free_sock(t, s);
		return NULL;
	}
	s->sk = ev->owner.sk;
	if (ev->ino && s->sock_id)
		s->ino = ev->ino; /* it had no file at first */
	flow_note_open(t, s);
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
