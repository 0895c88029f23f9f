/* SPDX-License-Identifier: BSD-2-Clause */
/* Room in the owner maps where the kernel makes none by itself: without LRU hashes (below 4.10) m_flow_owner and m_sock
 * are plain hashes, which refuse what is new once they are full.
 *
 * Looked after once a second. Above three quarters of a map's entries what can no longer name an owner goes: entries of
 * sockets that are gone, or closed for more than EV_LINGER_NS. If that is not enough, the closed ones and then the
 * oldest go until half of the map is free. What is refused in between is counted by the BPF side (EV_STAT_FLOW_FULL,
 * EV_STAT_SOCK_FULL).
 */
#ifndef PIDTAP_SOURCE_EVICT_H
#define PIDTAP_SOURCE_EVICT_H

#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"
#include "source/load.h"

struct evict;

struct evict_opts {
	const struct bundle *bundle; /* says what the maps are */
	const struct maps *maps;     /* borrowed until evict_free */
	uint32_t max_entries;	     /* of m_flow_owner and of m_sock */
	/* An open socket was forgotten: no hook will tell of its close, so it ends here for all who know it. `ev` is
	 * borrowed for the call. */
	void (*forgotten)(void *ctx, const struct ev_close *ev);
	void *ctx;
};

/* 0, with *out NULL where the kernel evicts by itself; -ENOMEM. */
int evict_open(const struct evict_opts *opts, struct evict **out);
void evict_free(struct evict *e);

/* Looks after both maps; `now_ns` is CLOCK_MONOTONIC. NULL does nothing. What fails for lack of memory is tried again at
 * the next call. */
void evict_run(struct evict *e, uint64_t now_ns);

/* User space put `cnt` new keys into m_flow_owner (seeds), which no counter of the kernel side knows. */
void evict_added(struct evict *e, uint64_t cnt);

/* Flows taken out because they could name nobody any more: deletions, not evictions. 0 for NULL. */
uint64_t evict_cleared(const struct evict *e);

/* The choice, by itself for tests. */

enum evict_state {
	EVICT_DEAD,    /* can name nobody any more */
	EVICT_CLOSING, /* closed, and its last packets may still come */
	EVICT_OPEN
};

/* One entry of a map. */
struct evict_item {
	uint64_t since_ns; /* when its socket was first seen; 0: before the start */
	uint32_t at;	   /* number of its key */
	enum evict_state state;
};

/* Sorts the entries so that those to be deleted come first, and returns how many these are. Open ones that
 * are younger than `until_ns` stay. */
size_t evict_choose(struct evict_item *items, size_t cnt, size_t max_entries, uint64_t until_ns);

#endif
