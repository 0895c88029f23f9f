/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/tcpseq.h"

#include <stdlib.h>
#include <string.h>

/* uthash exits the process when it runs out of memory, unless told otherwise; then it leaves hh.tbl NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct key {
	struct tcpseq_end end[2]; /* in memcmp order, so that both directions find one flow */
	uint32_t netns;
};

struct flow {
	struct key key;
	uint32_t base[2]; /* what end[0] and end[1] count from */
	UT_hash_handle hh;
};

struct tcpseq {
	struct flow *flows; /* silent longest first: a flow that speaks is moved to the end */
	size_t max;
};

struct tcpseq *tcpseq_new(size_t max_flows)
{
	struct tcpseq *t = calloc(1, sizeof(*t));

	if (t)
		t->max = max_flows;
	return t;
}

void tcpseq_free(struct tcpseq *t)
{
	struct flow *f, *next;

	if (!t)
		return;
	HASH_ITER(hh, t->flows, f, next) {
		HASH_DEL(t->flows, f);
		free(f);
	}
	free(t);
}

/* Adds it as the one that spoke last. */
static bool append(struct tcpseq *t, struct flow *f)
{
	HASH_ADD(hh, t->flows, key, sizeof(f->key), f);
	if (f->hh.tbl)
		return true;
	free(f);
	return false;
}

static struct flow *find(struct tcpseq *t, const struct key *key)
{
	struct flow *f;

	HASH_FIND(hh, t->flows, key, sizeof(*key), f);
	if (!f || !f->hh.next)
		return f;
	HASH_DEL(t->flows, f);
	return append(t, f) ? f : NULL;
}

static struct flow *add(struct tcpseq *t, const struct key *key)
{
	struct flow *f = t->flows;

	if (HASH_COUNT(t->flows) >= t->max)
		HASH_DEL(t->flows, f);
	else
		f = malloc(sizeof(*f));
	if (!f)
		return NULL;
	memset(f, 0, sizeof(*f));
	f->key = *key;
	return append(t, f) ? f : NULL;
}

void tcpseq_relate(struct tcpseq *t, struct tcpseq_segment *seg)
{
	int from = memcmp(&seg->from, &seg->to, sizeof(seg->from)) > 0;
	struct flow *f;
	struct key key;
	bool known;

	memset(&key, 0, sizeof(key));
	key.end[from] = seg->from;
	key.end[!from] = seg->to;
	key.netns = seg->netns;

	f = find(t, &key);
	known = f && !seg->syn;
	if (!f)
		f = add(t, &key);
	if (!f)
		return;
	if (!known) {
		f->base[from] = seg->seq;
		f->base[!from] = seg->ack - 1;
	} else {
		seg->seq -= f->base[from];
		seg->ack -= f->base[!from];
	}
	seg->sack_base = f->base[!from];
}
