/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/evict.h"

#include <bcc/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What is younger may still be on its way to user space: its claim would come behind its end, and stay. */
#define MIN_AGE_NS 100000000ULL

/* The value of either map. */
union value {
	struct ev_owner_val flow;
	struct ev_sock sock;
};

/* One of the two maps. */
struct table {
	int fd;
	size_t key_size;
	uint32_t insert_stat; /* EV_STAT_*: the new keys there were */
	uint64_t added;	      /* and those that user space put there */
	uint64_t gone;	      /* of all these, no longer there */
};

struct evict {
	struct evict_opts opts;
	int stats_fd;
	struct table flows;
	struct table socks;
	uint64_t cleared;
};

/* All entries of a map at one moment. */
struct walk {
	struct evict_item *items;
	uint8_t *keys;
	size_t cnt;
};

/* --- the choice --- */

static size_t three_quarters(size_t n)
{
	return n - n / 4;
}

static int first_to_go(const void *a, const void *b)
{
	const struct evict_item *x = a, *y = b;

	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	return x->since_ns < y->since_ns ? -1 : x->since_ns > y->since_ns;
}

size_t evict_choose(struct evict_item *items, size_t cnt, size_t max_entries, uint64_t until_ns)
{
	size_t n = 0;

	if (cnt <= three_quarters(max_entries))
		return 0;
	qsort(items, cnt, sizeof(*items), first_to_go);
	while (n < cnt && items[n].state == EVICT_DEAD)
		n++;
	if (cnt - n <= three_quarters(max_entries))
		return n;
	for (; n < cnt && cnt - n > max_entries / 2; n++) {
		if (items[n].state == EVICT_OPEN && items[n].since_ns > until_ns)
			break; /* and all behind it are younger still */
	}
	return n;
}

/* --- the maps --- */

static uint32_t map_type(const struct bundle *b, const char *name)
{
	for (uint32_t i = 0; i < b->map_cnt; i++)
		if (!strcmp(b->maps[i].name, name))
			return b->maps[i].type;
	return BPF_MAP_TYPE_UNSPEC;
}

int evict_open(const struct evict_opts *opts, struct evict **out)
{
	struct evict *e = NULL;

	if (map_type(opts->bundle, "m_flow_owner") == BPF_MAP_TYPE_HASH) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->opts = *opts;
		e->stats_fd = maps_fd(opts->maps, "m_stats");
		e->flows = (struct table){
			maps_fd(opts->maps, "m_flow_owner"), sizeof(struct ev_key), EV_STAT_FLOW_INSERT, 0, 0};
		e->socks = (struct table){maps_fd(opts->maps, "m_sock"), sizeof(uint64_t), EV_STAT_SOCK_INSERT, 0, 0};
	}
	*out = e;
	return 0;
}

void evict_free(struct evict *e)
{
	free(e);
}

void evict_added(struct evict *e, uint64_t cnt)
{
	if (e)
		e->flows.added += cnt;
}

uint64_t evict_cleared(const struct evict *e)
{
	return e ? e->cleared : 0;
}

static void *key_at(const struct walk *w, const struct table *t, uint32_t at)
{
	return w->keys + at * t->key_size;
}

/* Programs insert and delete meanwhile, and a walk whose place was deleted begins anew: it ends when there is no room
 * for more. */
static int walk_keys(const struct table *t, size_t max, struct walk *w)
{
	uint8_t none[sizeof(struct ev_key)];
	void *key = none;

	w->items = calloc(max, sizeof(*w->items));
	w->keys = malloc(max * t->key_size);
	if (!w->items || !w->keys)
		return -ENOMEM;
	memset(none, 0xff, sizeof(none)); /* not there: the walk begins with the first */
	for (w->cnt = 0; w->cnt < max; w->cnt++) {
		void *next = key_at(w, t, (uint32_t)w->cnt);

		if (bpf_get_next_key(t->fd, key, next))
			break;
		w->items[w->cnt].at = (uint32_t)w->cnt;
		key = next;
	}
	return 0;
}

static void walk_fini(struct walk *w)
{
	free(w->items);
	free(w->keys);
}

static enum evict_state sock_state(const struct ev_sock *sock, uint64_t now_ns)
{
	if (!sock->closed_ns)
		return EVICT_OPEN;
	return now_ns > sock->closed_ns + EV_LINGER_NS ? EVICT_DEAD : EVICT_CLOSING;
}

/* A flow is as alive as the socket it was noted for. */
static enum evict_state flow_state(const struct evict *e, const struct ev_owner_val *flow, uint64_t now_ns)
{
	uint64_t sk = flow->sk;
	struct ev_sock sock;

	if (!sk)
		return EVICT_OPEN; /* a seed */
	if (bpf_lookup_elem(e->socks.fd, &sk, &sock) || sock.owner.sock_id != flow->sock_id)
		return EVICT_DEAD;
	return sock_state(&sock, now_ns);
}

static void judge(const struct evict *e, const struct table *t, struct walk *w, uint64_t now_ns)
{
	for (size_t i = 0; i < w->cnt; i++) {
		struct evict_item *item = &w->items[i];
		union value v;

		if (bpf_lookup_elem(t->fd, key_at(w, t, item->at), &v)) {
			item->state = EVICT_DEAD; /* deleted meanwhile */
		} else if (t == &e->flows) {
			item->since_ns = v.flow.sock_id;
			item->state = flow_state(e, &v.flow, now_ns);
		} else {
			item->since_ns = v.sock.owner.sock_id;
			item->state = sock_state(&v.sock, now_ns);
		}
	}
}

/* Its owner was told to user space, and its close will not be. */
static void tell_forgotten(const struct evict *e, uint64_t sk, uint64_t sock_id, uint64_t now_ns)
{
	struct ev_close ev = {
		.hdr = {.ts_ns = now_ns, .type = EV_CLOSE, .size = sizeof(ev)}, .sk = sk, .sock_id = sock_id};

	e->opts.forgotten(e->opts.ctx, &ev);
}

static size_t delete_chosen(struct evict *e, const struct table *t, const struct walk *w, size_t chosen, uint64_t now_ns)
{
	size_t deleted = 0;

	for (size_t i = 0; i < chosen; i++) {
		const struct evict_item *item = &w->items[i];
		void *key = key_at(w, t, item->at);

		if (bpf_delete_elem(t->fd, key))
			continue;
		deleted++;
		if (t == &e->flows)
			e->cleared += item->state == EVICT_DEAD;
		else if (item->state == EVICT_OPEN)
			tell_forgotten(e, *(uint64_t *)key, item->since_ns, now_ns);
	}
	return deleted;
}

/* Counting keys takes a call each, and what is inserted is counted anyway: walks only where that says it is time, and
 * knows better afterwards. */
static void look_after(struct evict *e, struct table *t, const uint64_t *stats, uint64_t now_ns)
{
	uint64_t inserted = stats[t->insert_stat] + t->added;
	size_t max = e->opts.max_entries;
	struct walk w = {0};

	if (inserted - t->gone <= three_quarters(max))
		return;
	if (!walk_keys(t, max, &w)) {
		size_t chosen;

		judge(e, t, &w, now_ns);
		chosen = evict_choose(w.items, w.cnt, max, now_ns - MIN_AGE_NS);
		t->gone = inserted - w.cnt + delete_chosen(e, t, &w, chosen, now_ns);
	}
	walk_fini(&w);
}

void evict_run(struct evict *e, uint64_t now_ns)
{
	uint64_t stats[EV_STAT_CNT];

	if (!e || map_sum_percpu(e->stats_fd, stats, EV_STAT_CNT))
		return;
	look_after(e, &e->flows, stats, now_ns);
	look_after(e, &e->socks, stats, now_ns);
}
