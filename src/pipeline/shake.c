/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/shake.h"

#include <stdlib.h>

/* uthash would end the program; so an element that found no memory has no table: hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* As many as wait in the queues of some busy listeners (net.core.somaxconn is 4096). */
#define SHAKE_MAX 4096

struct shake {
	struct ev_key key;
	struct owner owner;
	UT_hash_handle hh; /* tbl is NULL while it is in no table */
};

/* A ring: the oldest one's place is the next one's. */
struct shake_table {
	struct shake *by_key;
	size_t next;
	struct shake shakes[SHAKE_MAX];
};

struct shake_table *shake_table_new(void)
{
	return calloc(1, sizeof(struct shake_table));
}

void shake_table_free(struct shake_table *t)
{
	if (!t)
		return;
	HASH_CLEAR(hh, t->by_key);
	free(t);
}

static struct shake *find(const struct shake_table *t, const struct ev_key *key)
{
	struct shake *s;

	HASH_FIND(hh, t->by_key, key, sizeof(*key), s);
	return s;
}

static void forget(struct shake_table *t, struct shake *s)
{
	if (!s || !s->hh.tbl)
		return;
	HASH_DEL(t->by_key, s);
	s->hh.tbl = NULL;
}

void shake_begin(struct shake_table *t, const struct ev_packet *syn, const struct owner *owner)
{
	struct ev_key key = syn->key;
	struct shake *s = find(t, &key);

	forget(t, s);
	if (owner->attr == EV_ATTR_NONE)
		return;
	s = &t->shakes[t->next];
	t->next = (t->next + 1) % SHAKE_MAX;
	forget(t, s);
	s->key = key;
	s->owner = *owner;
	HASH_ADD(hh, t->by_key, key, sizeof(s->key), s);
}

bool shake_find(const struct shake_table *t, const struct ev_packet *rec, struct owner *out)
{
	struct ev_key key = rec->key;
	const struct shake *s = find(t, &key);

	if (s)
		*out = s->owner;
	return s;
}
