/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets that claims are made through, each generation one, and the numbers they are known by. */
#include "model/flow_int.h"

#include <stdlib.h>
#include <utlist.h>

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

struct sock_entry *flow_find_open(const struct flow_table *t, uint64_t sk)
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

void flow_free_sock(struct flow_table *t, struct sock_entry *s)
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
struct sock_entry *flow_get_sock(struct flow_table *t, uint64_t sock_id, uint64_t ino)
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

void flow_close_sock(struct flow_table *t, struct sock_entry *s, uint64_t ts_ns)
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
	flow_free_sock(t, old);
}

/* The kernel's map forgets sockets that are open: one that acts again gets a new number, and what was claimed through it before
 * ends with it, too. Where an earlier one at its address was of another file, that was closed and we were not told. */
void flow_note_open(struct flow_table *t, struct sock_entry *s)
{
	struct sock_entry *old = flow_find_open(t, s->sk), *newer = s;

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
			flow_close_sock(t, old, newer->sock_id);
	}
	if (!newer->hh_sk.tbl)
		HASH_ADD(hh_sk, t->open, sk, sizeof(newer->sk), newer);
}
