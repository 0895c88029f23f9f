/* SPDX-License-Identifier: BSD-2-Clause */
/* The network namespaces that are captured, our own and those of --netns, and the others that are known. */
#include "session_int.h"
#include "base/buf.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <utlist.h>

struct space *session_find_space(const struct session *s, uint32_t inode)
{
	struct space *space;

	LL_SEARCH_SCALAR(s->spaces, space, ns.inode, inode);
	return space;
}

size_t session_tap_count(const struct session *s)
{
	const struct space *space;
	size_t n = 0;

	LL_FOREACH(s->spaces, space)
		n += space->taps ? taps_count(space->taps) : 0;
	return n;
}

size_t session_space_count(const struct session *s)
{
	const struct space *space;
	size_t n = 0;

	LL_FOREACH(s->spaces, space)
		n += space->taps != NULL;
	return n;
}

/* ---- one comes ---- */

bool session_can_enter(const struct space *space)
{
	return space->own || space->ns.fd >= 0;
}

int session_new_space(struct session *s, struct netns *ns, const char *asked, struct space **out)
{
	struct space *space = calloc(1, sizeof(*space));

	if (!space) {
		log_err("out of memory");
		netns_close(ns);
		return -ENOMEM;
	}
	space->session = s;
	space->ns = *ns;
	/* two of one name: it was deleted and made anew, and something still lives in the first */
	for (struct space *other = s->spaces; other; other = other->next)
		if (*ns->name && !strcmp(other->ns.name, ns->name))
			netns_name(&space->ns, NULL);
	space->asked = asked;
	space->own = ns->fd < 0;
	space->wanted = space->own || asked || s->all_netns;
	space->expected = space->own || asked || (space->wanted && iface_select_has_netns(&s->select, space->ns.name));
	LL_APPEND(s->spaces, space);
	*out = space;
	return 0;
}

/* Runs in the namespace. Addresses and sockets before packets: what passes by is told from what is its own, and whose that is. */
static int open_inside(void *ctx)
{
	struct space *space = ctx;
	int err = session_open_addrs(space);

	if (!err)
		err = session_seed_space(space);
	return err || !space->wanted ? err : session_attach_taps(space);
}

static int watch(struct space *space)
{
	struct session *s = space->session;
	int err = 0;

	if (space->taps)
		err = session_watch(s, taps_fd(space->taps), EPOLLIN, WAKE_LINKS, space->ns.inode);
	return err ? err : session_watch(s, addresses_fd(space->addresses), EPOLLIN, WAKE_ADDRS, space->ns.inode);
}

int session_watch_spaces(struct session *s)
{
	struct space *space;
	int err = 0;

	LL_FOREACH(s->spaces, space)
		if (!err && space->addresses)
			err = watch(space);
	return err;
}

static void close_inside(struct space *space)
{
	taps_close(space->taps);
	space->taps = NULL;
	session_close_addrs(space);
	netns_close(&space->ns);
}

static void say_opened(const struct space *space)
{
	if (space->own)
		return;
	if (space->wanted)
		log_verbose("network namespace %s: %zu interfaces", space->ns.name, taps_count(space->taps));
	else
		log_debug("netns", "%s: its addresses are known", space->ns.name);
}

static void say_refused(const struct space *space, int err)
{
	if (!space->wanted)
		log_verbose("the addresses of network namespace %s are not known: %s", space->ns.name, strerror(-err));
	else if (!space->own)
		log_warn("network namespace %s cannot be captured: %s", space->ns.name, strerror(-err));
}

/* Here a namespace becomes a captured or a known one. */
int session_open_space(struct space *space)
{
	struct session *s = space->session;
	int err = netns_in(space->ns.fd, open_inside, space);

	if (!err && s->epoll_fd >= 0)
		err = watch(space);
	if (!err) {
		say_opened(space);
		return 0;
	}
	close_inside(space);
	say_refused(space, err);
	return err;
}

/* ---- one goes ---- */

void session_end_space(struct space *space)
{
	struct session *s = space->session;

	for (uint32_t id = 0; id < iface_count(s->ifaces); id++)
		if (iface_at(s->ifaces, id)->netns == space->ns.inode)
			iface_at(s->ifaces, id)->gone = true;
	if (space->expected) {
		log_err("network namespace %s vanished: packets after that are missing", space->ns.name);
		s->interfaces_lost = true;
	} else if (space->taps) {
		log_verbose("network namespace %s is gone", space->ns.name);
	}
	close_inside(space);
	LL_DELETE(s->spaces, space);
	free(space);
}

void session_close_taps(struct session *s)
{
	struct space *space;

	LL_FOREACH(s->spaces, space) {
		taps_close(space->taps);
		space->taps = NULL;
		session_update_addrs(space, 0);
	}
}

void session_free_spaces(struct session *s)
{
	struct space *space, *next;

	LL_FOREACH_SAFE(s->spaces, space, next) {
		close_inside(space);
		free(space);
	}
	s->spaces = NULL;
}

/* ---- what happens meanwhile ---- */

static int on_links(struct space *space)
{
	int err = taps_changes(space->taps);

	if (err && !space->expected) {
		log_warn("network namespace %s is captured no longer: %s", space->ns.name, strerror(-err));
		close_inside(space);
		return 0;
	}
	return err;
}

void session_tend_taps(struct session *s)
{
	struct space *space;

	LL_FOREACH(s->spaces, space)
		if (space->taps)
			taps_tend(space->taps);
}

int session_on_space(struct session *s, uint32_t inode, enum wake what, uint64_t now_ns)
{
	struct space *space = session_find_space(s, inode);

	if (!space)
		return 0; /* it ended a moment ago */
	if (what == WAKE_ADDRS)
		return session_update_addrs(space, now_ns);
	return space->taps ? on_links(space) : 0;
}
