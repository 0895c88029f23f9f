/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of the flow table that leaves the namespace out. Lists of its own: a second uthash handle would make a flow half
 * as large again. */
#include "model/flow_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define LISTS_MAX ((size_t)1 << 20) /* 8 MiB; of a table that is larger the lists are longer */

int flow_any_init(struct flow_table *t)
{
	size_t cnt = 1;

	while (cnt < t->max_keys && cnt < LISTS_MAX)
		cnt *= 2;
	t->any = calloc(cnt, sizeof(struct flow *)); /* pages that no flow came to cost nothing */
	if (!t->any)
		return -ENOMEM;
	t->any_cnt = cnt;
	return 0;
}

static struct flow **list_of(const struct flow_table *t, const struct ev_key *key)
{
	struct ev_key tuple = *key;
	unsigned int hash;

	tuple.netns = 0;
	HASH_JEN(&tuple, sizeof(tuple), hash);
	return &t->any[hash & (t->any_cnt - 1)];
}

void flow_any_add(struct flow_table *t, struct flow *f)
{
	struct flow **list = list_of(t, &f->key);

	DL_APPEND2(*list, f, any_prev, any_next);
}

void flow_any_del(struct flow_table *t, struct flow *f)
{
	struct flow **list = list_of(t, &f->key);

	DL_DELETE2(*list, f, any_prev, any_next);
}

struct flow *flow_any_list(const struct flow_table *t, const struct ev_key *key)
{
	return *list_of(t, key);
}

bool flow_any_same(const struct ev_key *a, const struct ev_key *b)
{
	return a->proto == b->proto && a->lport == b->lport && a->rport == b->rport &&
	       !memcmp(a->laddr, b->laddr, sizeof(a->laddr)) && !memcmp(a->raddr, b->raddr, sizeof(a->raddr));
}
