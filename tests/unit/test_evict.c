/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/evict.c */
/* Which entries of a full map go: the choice by itself, and the walk over maps played by this file. */
#include "source/evict.h"
#include "tap.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#define SEC 1000000000ULL
#define NOW (1000 * SEC)

/* --- the maps: arrays of pairs --- */

#define ENTRIES_MAX 32

struct fake_map {
	size_t key_size, value_size, cnt;
	uint8_t keys[ENTRIES_MAX][sizeof(struct ev_key)];
	uint8_t values[ENTRIES_MAX][sizeof(struct ev_sock)];
};

enum { FLOWS_FD, SOCKS_FD, STATS_FD };
static struct fake_map maps[2] = {
	{.key_size = sizeof(struct ev_key), .value_size = sizeof(struct ev_owner_val)},
	{.key_size = sizeof(uint64_t), .value_size = sizeof(struct ev_sock)},
};
static uint64_t stats[EV_STAT_CNT];
static unsigned int walks;
static struct ev_close forgotten[ENTRIES_MAX];
static size_t forgotten_cnt;

int maps_fd(const struct maps *m, const char *name)
{
	(void)m;
	return !strcmp(name, "m_flow_owner") ? FLOWS_FD : !strcmp(name, "m_sock") ? SOCKS_FD : STATS_FD;
}

int map_sum_percpu(int fd, uint64_t *sums, uint32_t cnt)
{
	(void)fd;
	memcpy(sums, stats, cnt * sizeof(*sums));
	return 0;
}

static long find(const struct fake_map *m, const void *key)
{
	for (size_t i = 0; i < m->cnt; i++)
		if (!memcmp(m->keys[i], key, m->key_size))
			return (long)i;
	return -1;
}

int bpf_get_next_key(int fd, void *key, void *next_key);
int bpf_get_next_key(int fd, void *key, void *next_key)
{
	size_t next = (size_t)(find(&maps[fd], key) + 1);

	walks += next == 0;
	if (next >= maps[fd].cnt) {
		errno = ENOENT;
		return -1;
	}
	memcpy(next_key, maps[fd].keys[next], maps[fd].key_size);
	return 0;
}

int bpf_lookup_elem(int fd, void *key, void *value);
int bpf_lookup_elem(int fd, void *key, void *value)
{
	long i = find(&maps[fd], key);

	if (i < 0)
		return -1;
	memcpy(value, maps[fd].values[i], maps[fd].value_size);
	return 0;
}

int bpf_delete_elem(int fd, void *key);
int bpf_delete_elem(int fd, void *key)
{
	struct fake_map *m = &maps[fd];
	long i = find(m, key);

	if (i < 0)
		return -1;
	m->cnt--;
	memcpy(m->keys[i], m->keys[m->cnt], sizeof(m->keys[i]));
	memcpy(m->values[i], m->values[m->cnt], sizeof(m->values[i]));
	return 0;
}

static void add(int fd, const void *key, const void *value)
{
	struct fake_map *m = &maps[fd];

	memcpy(m->keys[m->cnt], key, m->key_size);
	memcpy(m->values[m->cnt++], value, m->value_size);
	stats[fd == FLOWS_FD ? EV_STAT_FLOW_INSERT : EV_STAT_SOCK_INSERT]++;
}

static void add_sock(uint64_t sk, uint64_t sock_id, uint64_t closed_ns)
{
	struct ev_sock s = {.owner = {.sk = sk, .sock_id = sock_id}, .closed_ns = closed_ns};

	add(SOCKS_FD, &sk, &s);
}

static void add_flow(uint16_t port, uint64_t sk, uint64_t sock_id)
{
	struct ev_key key = {.lport = port};
	struct ev_owner_val o = {.sk = sk, .sock_id = sock_id};

	add(FLOWS_FD, &key, &o);
}

static bool has_flow(uint16_t port)
{
	struct ev_key key = {.lport = port};

	return find(&maps[FLOWS_FD], &key) >= 0;
}

static bool has_sock(uint64_t sk)
{
	return find(&maps[SOCKS_FD], &sk) >= 0;
}

static void on_forgotten(void *ctx, const struct ev_close *ev)
{
	(void)ctx;
	forgotten[forgotten_cnt++] = *ev;
}

static struct evict *open_maps(uint32_t type, uint32_t max_entries)
{
	struct bundle_map defs[] = {{.name = "m_stats", .type = BPF_MAP_TYPE_PERCPU_ARRAY},
		{.name = "m_flow_owner", .type = type}, {.name = "m_sock", .type = type}};
	const struct bundle b = {.maps = defs, .map_cnt = 3};
	const struct evict_opts opts = {.bundle = &b, .max_entries = max_entries, .forgotten = on_forgotten};
	struct evict *e = NULL;

	maps[FLOWS_FD].cnt = maps[SOCKS_FD].cnt = 0;
	memset(stats, 0, sizeof(stats));
	walks = 0;
	forgotten_cnt = 0;
	tap_is_int(evict_open(&opts, &e), 0, "opened");
	return e;
}

/* --- the choice --- */

static void test_choose(void)
{
	struct evict_item items[16];
	size_t n;

	/* 0, 4, 8, 12 are dead, 1, 5, 9, 13 closing; the higher the number the older */
	for (uint32_t i = 0; i < 16; i++)
		items[i] = (struct evict_item){.since_ns = 100 - i, .at = i,
			.state = i % 4 == 0 ? EVICT_DEAD : i % 4 == 1 ? EVICT_CLOSING : EVICT_OPEN};
	tap_is_int(evict_choose(items, 12, 16, 1000), 0, "three quarters full: nothing goes");
	tap_is_int(evict_choose(items, 0, 16, 1000), 0, "empty: nothing goes");
	n = evict_choose(items, 16, 16, 1000);
	tap_is_int(n, 4, "full: the dead make room enough");
	for (size_t i = 0; i < n; i++)
		tap_ok(items[i].state == EVICT_DEAD, "%u is dead", items[i].at);
	n = evict_choose(items, 16, 14, 1000);
	tap_is_int(n, 9, "fuller: down to half");
	tap_ok(items[4].at == 13 && items[5].at == 9 && items[6].at == 5 && items[7].at == 1,
		"behind the dead go the closed, the oldest first");
	tap_is_int(items[8].at, 15, "then the oldest of the open");
	tap_is_int(evict_choose(items, 16, 14, 84), 8, "open ones that are too young stay");
	for (uint32_t i = 0; i < 16; i++)
		items[i] = (struct evict_item){.since_ns = i < 2 ? 0 : 50, .at = i, .state = EVICT_OPEN};
	n = evict_choose(items, 16, 16, 1000);
	tap_is_int(n, 8, "all open: half goes");
	tap_ok(items[0].at < 2 && items[1].at < 2, "those from before the start first");
}

/* --- the maps --- */

static void test_lru(void)
{
	struct evict *e = open_maps(BPF_MAP_TYPE_LRU_HASH, 4);

	tap_ok(!e, "the kernel evicts by itself");
	evict_run(e, NOW);
	tap_is_int(evict_cleared(e), 0, "nothing to do");
	evict_free(e);
}

static void test_dead_flows(void)
{
	struct evict *e = open_maps(BPF_MAP_TYPE_HASH, 8);

	add_sock(1, 11, 0);
	add_sock(2, 22, NOW - 4 * SEC);
	add_sock(3, 33, NOW - 2 * SEC);
	add_flow(1, 1, 11);
	add_flow(2, 2, 22); /* closed long ago */
	add_flow(3, 3, 33); /* closed just now */
	add_flow(4, 1, 10); /* its socket was replaced */
	add_flow(5, 9, 99); /* its socket is gone */
	add_flow(6, 0, 0);  /* a seed */
	evict_run(e, NOW);
	tap_is_int(walks, 0, "three quarters: the map is not even walked");
	add_flow(7, 1, 11);
	evict_run(e, NOW);
	tap_is_int(walks, 1, "one more: it is, and the sockets are not");
	tap_ok(has_flow(1) && has_flow(3) && has_flow(6) && has_flow(7), "open ones, closing ones and seeds stay");
	tap_ok(!has_flow(2) && !has_flow(4) && !has_flow(5), "what can name nobody goes");
	tap_is_int(evict_cleared(e), 3, "and was cleared away, not evicted");
	add_flow(8, 1, 11);
	add_flow(9, 1, 11);
	evict_run(e, NOW);
	tap_is_int(walks, 1, "what was deleted counts no more");
	evict_free(e);
}

/* What user space put into the map takes room, too, and no counter of the kernel side knows of it. */
static void test_seeded(void)
{
	struct evict *e = open_maps(BPF_MAP_TYPE_HASH, 8);

	add_sock(1, 11, 0);
	for (uint16_t i = 1; i <= 4; i++)
		add_flow(i, 0, 0);
	for (uint16_t i = 5; i <= 8; i++)
		add_flow(i, 1, 11);
	stats[EV_STAT_FLOW_INSERT] -= 4;
	evict_run(e, NOW);
	tap_is_int(walks, 0, "four of eight, as far as is known");
	evict_added(e, 4);
	evict_run(e, NOW);
	tap_is_int(maps[FLOWS_FD].cnt, 4, "with the seeds it is full");
	tap_ok(!has_flow(1) && !has_flow(4) && has_flow(5) && has_flow(8), "they go first");
	evict_run(e, NOW);
	tap_is_int(walks, 1, "what went counts no more");
	evict_free(e);
	evict_added(NULL, 1);
}

static void test_open_flows(void)
{
	struct evict *e = open_maps(BPF_MAP_TYPE_HASH, 8);

	for (uint16_t i = 1; i <= 8; i++) {
		if (i <= 4)
			add_sock(i, i, 0);
		add_flow(i, (i + 1) / 2, (i + 1) / 2);
	}
	evict_run(e, NOW);
	tap_is_int(maps[FLOWS_FD].cnt, 4, "eight open flows: half of them stay");
	tap_ok(!has_flow(1) && !has_flow(2) && !has_flow(3) && !has_flow(4), "the oldest went");
	tap_is_int(evict_cleared(e), 0, "evicted, not cleared away");
	tap_is_int(forgotten_cnt, 0, "their sockets are still known");
	evict_free(e);
}

static void test_socks(void)
{
	struct evict *e = open_maps(BPF_MAP_TYPE_HASH, 8);

	add_sock(1, 11, NOW - 4 * SEC);
	for (uint64_t i = 2; i <= 7; i++)
		add_sock(i, 10 * i, 0);
	add_sock(8, NOW - 1, NOW - 1);
	evict_run(e, NOW);
	tap_is_int(maps[SOCKS_FD].cnt, 4, "sockets: half of them stay");
	tap_ok(!has_sock(1) && !has_sock(8), "the closed went, also a young one");
	tap_ok(!has_sock(2) && !has_sock(3) && has_sock(4), "then the oldest");
	tap_is_int(forgotten_cnt, 2, "each open one that went is told");
	tap_ok(forgotten[0].hdr.type == EV_CLOSE && forgotten[0].hdr.ts_ns == NOW && forgotten[0].sk == 2 &&
			forgotten[0].sock_id == 20,
		"as closed from now on");
	evict_free(e);

	e = open_maps(BPF_MAP_TYPE_HASH, 8);
	for (uint64_t i = 1; i <= 8; i++)
		add_sock(i, NOW - i, 0);
	evict_run(e, NOW);
	tap_is_int(maps[SOCKS_FD].cnt, 8, "sockets of this very moment stay: user space may not know them yet");
	evict_run(e, NOW + SEC);
	tap_is_int(maps[SOCKS_FD].cnt, 4, "a second later half of them");
	evict_free(e);
}

int main(void)
{
	test_choose();
	test_lru();
	test_dead_flows();
	test_seeded();
	test_open_flows();
	test_socks();
	return tap_done();
}
