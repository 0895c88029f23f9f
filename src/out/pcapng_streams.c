/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng_streams.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct streams {
	struct stream *all;	 /* silent longest first */
	struct stream *by_object;
	struct stream **by_tuple; /* those whose tuple is known; `mask` + 1 lists */
	size_t mask;
	size_t cnt, max;
};

struct streams *streams_new(size_t max)
{
	struct streams *t = calloc(1, sizeof(*t));
	size_t lists = 1;

	if (!t)
		return NULL;
	while (lists < max)
		lists *= 2;
	t->by_tuple = calloc(lists, sizeof(struct stream *));
	if (!t->by_tuple) {
		free(t);
		return NULL;
	}
	t->mask = lists - 1;
	t->max = max;
	return t;
}

bool streams_is_known(const struct ev_key *tuple)
{
	static const uint8_t zero[sizeof(tuple->laddr)];

	return tuple->lport || tuple->rport || memcmp(tuple->laddr, zero, sizeof(zero)) || memcmp(tuple->raddr, zero, sizeof(zero));
}

static struct stream **list_of(const struct streams *t, const struct ev_key *tuple)
{
	unsigned int hash;

	HASH_VALUE(tuple, sizeof(*tuple), hash);
	return &t->by_tuple[hash & t->mask];
}

/* ---- out ---- */

static void leave_object(struct streams *t, struct stream *s)
{
	if (s->hh.tbl)
		HASH_DEL(t->by_object, s);
	s->hh.tbl = NULL;
}

/* Out of all lists. */
static void take(struct streams *t, struct stream *s)
{
	struct stream **list = list_of(t, &s->tuple);

	leave_object(t, s);
	if (s->tuple_prev)
		DL_DELETE2(*list, s, tuple_prev, tuple_next);
	DL_DELETE(t->all, s);
	t->cnt--;
}

static void forget(struct streams *t, struct stream *s)
{
	take(t, s);
	free(s);
}

void streams_free(struct streams *t)
{
	if (!t)
		return;
	while (t->all)
		forget(t, t->all);
	free(t->by_tuple);
	free(t);
}

/* A tuple is one open socket's at a time: where the socket is not known, what began later is another connection's. */
static bool is_of(const struct stream *s, const struct plain_end *end)
{
	if (memcmp(&s->tuple, &end->key, sizeof(s->tuple)))
		return false;
	if (s->sock_id && end->sock_id)
		return s->sock_id == end->sock_id;
	return s->first_ns <= end->ts_ns;
}

struct stream *streams_take(struct streams *t, const struct plain_end *end)
{
	struct stream *s;

	DL_FOREACH2(*list_of(t, &end->key), s, tuple_next)
		if (is_of(s, end)) {
			take(t, s);
			return s;
		}
	return NULL;
}

/* ---- in ---- */

struct stream *streams_find(const struct streams *t, const struct stream_key *key)
{
	struct stream *s;

	HASH_FIND(hh, t->by_object, key, sizeof(*key), s);
	return s;
}

static void leave_to_another(struct streams *t, const struct stream_key *key)
{
	struct stream *s = streams_find(t, key);

	if (s && s->tuple_prev)
		leave_object(t, s);
	else if (s)
		forget(t, s);
}

struct stream *streams_add(struct streams *t, const struct stream_key *key, const struct ev_key *tuple, uint64_t sock_id)
{
	struct stream *s, **list = list_of(t, tuple);

	leave_to_another(t, key);
	if (t->all && t->cnt >= t->max)
		forget(t, t->all);
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->key = *key;
	s->tuple = *tuple;
	s->sock_id = sock_id;
	HASH_ADD(hh, t->by_object, key, sizeof(s->key), s);
	if (!s->hh.tbl) {
		free(s);
		return NULL;
	}
	if (streams_is_known(tuple))
		DL_APPEND2(*list, s, tuple_prev, tuple_next);
	DL_APPEND(t->all, s);
	t->cnt++;
	return s;
}

void streams_touch(struct streams *t, struct stream *s)
{
	if (!s->next)
		return;
	DL_DELETE(t->all, s);
	DL_APPEND(t->all, s);
}

size_t streams_count(const struct streams *t)
{
	return t->cnt;
}
