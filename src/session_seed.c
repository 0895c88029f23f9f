/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that existed before the start, also those of namespaces that are not captured: what source/seed.c finds goes the way of
 * the hooks' records. */
#include "session_int.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

/* The hooks need the rest. */
#define MAP_SHARE 2

/* The numbers in /proc must be those the hooks tell: the initial pid namespace's (PROC_PID_INIT_INO, include/linux/proc_ns.h). */
static bool pids_are_global(void)
{
	char link[32];
	ssize_t len = readlink("/proc/self/ns/pid", link, sizeof(link) - 1);

	if (len < 0)
		return false;
	link[len] = 0;
	return !strcmp(link, "pid:[4026531836]");
}

static void on_seed(void *ctx, const struct ev_owner *ev)
{
	struct session *s = ctx;

	session_conn_owner(s, ev);
	if (ev->kind == EV_OWN_HOLD)
		session_on_holder(s, ev);
	else if (flow_claim(s->flows, ev))
		s->stats.claims_failed++;
}

/* Of an LRU map all of MAP_SHARE may be used by one call after the other: the oldest go. */
static size_t map_room(const struct session *s)
{
	size_t share = s->opts->map_size / MAP_SHARE;

	if (!s->evict)
		return share;
	return s->stats.owner_seeded < share ? share - s->stats.owner_seeded : 0;
}

static int seed(struct session *s, const struct seed_netns *ns, size_t cnt)
{
	const struct seed_opts opts = {
		.root = &s->root,
		.flow_owner_fd = maps_fd(s->maps, "m_flow_owner"),
		.map_room = map_room(s),
		.since_ns = s->hooked_ns,
		.tell = on_seed,
		.ctx = s,
	};
	uint64_t began_ns = clock_mono_ns();
	struct seed_counts n;
	int err;

	if (!pids_are_global()) {
		log_verbose("in a pid namespace of its own, pidtap knows sockets of before its start only once they act");
		return 0;
	}
	err = seed_run(&opts, ns, cnt, &n);
	s->stats.owner_seeded += n.mapped;
	s->stats.owner_unseeded += n.unmapped;
	evict_added(s->evict, n.mapped);
	if (err)
		log_warn("cannot find out whose sockets are there already: %s; those not found are known once they act",
			strerror(-err));
	log_verbose("%zu sockets of %zu processes were there already, %zu of nobody, %zu gone meanwhile (%.1f ms)", n.sockets,
		n.processes, n.nobodys, n.gone, (double)(clock_mono_ns() - began_ns) / NSEC_PER_MSEC);
	return err == -ENOMEM ? err : 0;
}

int session_seed(struct session *s)
{
	struct seed_netns *ns;
	struct space *space;
	size_t cnt = 0;
	int err;

	LL_COUNT(s->spaces, space, cnt);
	ns = calloc(cnt, sizeof(*ns));
	if (!ns) {
		log_err("out of memory");
		return -ENOMEM;
	}
	cnt = 0;
	LL_FOREACH(s->spaces, space) {
		ns[cnt++] = (struct seed_netns){.netns = space->ns.inode, .fd = space->ns.fd, .captured = space->wanted};
		space->seeded = true;
	}
	err = seed(s, ns, cnt);
	free(ns);
	return err;
}

int session_seed_space(struct space *space)
{
	const struct seed_netns here = {.netns = space->ns.inode, .fd = -1, .captured = space->wanted};

	if (space->seeded)
		return 0;
	space->seeded = true;
	return seed(space->session, &here, 1);
}
