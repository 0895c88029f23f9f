/* SPDX-License-Identifier: BSD-2-Clause */
/* Which network namespaces there are: those to be captured, as they come and go, and the others, of which the addresses are known.
 *
 * That a name came or went is told by the mount table, which can be polled. That a process is in a namespace is told by the first
 * socket it acts on there; or found by looking at all processes: once a second where all are to be captured, and when one is not
 * found otherwise; for a fiftieth of the time at most. */
#include "session_int.h"
#include "base/buf.h"
#include "base/log.h"
#include "source/netns_list.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utlist.h>

#define SCAN_EVERY_NS NSEC_PER_SEC
#define SCAN_SHARE 50 /* of the time */

/* Namespaces that are known and not captured: at the start each costs about a millisecond, then three descriptors. */
#define OTHERS_MAX 512

/* ---- who is still there ---- */

static bool has_process(const struct space *space, uint32_t pid)
{
	char path[PATH_MAX];

	return pid && !sysroot_path(&space->session->root, path, sizeof(path), "/proc/%u/ns/net", pid) &&
	       netns_inode_at(path) == space->ns.inode;
}

static bool is_there(const struct space *space, const struct netns_list *list)
{
	char path[PATH_MAX];

	if (space->own || netns_list_find(list, space->ns.inode) || has_process(space, space->pid))
		return true;
	return space->asked && !session_asked_path(space->session, space->asked, path) && netns_inode_at(path) == space->ns.inode;
}

static bool all_there(const struct session *s, const struct netns_list *list)
{
	const struct space *space;

	LL_FOREACH(s->spaces, space)
		if (!is_there(space, list))
			return false;
	return true;
}

static void end_missing(struct session *s, const struct netns_list *list)
{
	struct space *space, *next;

	LL_FOREACH_SAFE(s->spaces, space, next)
		if (!is_there(space, list))
			session_end_space(space);
}

/* ---- who is new ---- */

/* One that was known so far is to be captured. Of one that was refused nothing is open. */
static void promote(struct space *space, const char *asked)
{
	if (!session_can_enter(space))
		return;
	session_close_addrs(space);
	space->asked = asked;
	space->wanted = space->expected = true;
	netns_name(&space->ns, asked);
	session_open_space(space);
}

/* A name that was asked for may be given again, as that of an interface; a path of /proc may mean another process by now. */
static int add_named_anew(struct session *s, const char *text)
{
	struct space *space;
	char path[PATH_MAX];
	struct netns ns;
	uint32_t inode;
	int err;

	if (session_asked_is_path(text) || session_asked_path(s, text, path))
		return 0;
	inode = netns_inode_at(path);
	space = inode ? session_find_space(s, inode) : NULL;
	if (space && !space->wanted)
		promote(space, text);
	if (!inode || space || netns_open(path, text, &ns))
		return 0;
	err = session_new_space(s, &ns, text, &space);
	if (!err)
		session_open_space(space);
	return err;
}

static bool is_room(struct session *s)
{
	const struct space *space;
	size_t others = 0;

	if (s->all_netns)
		return true;
	LL_FOREACH(s->spaces, space)
		others += !space->wanted;
	if (others < OTHERS_MAX)
		return true;
	if (!addrs_is_partial(s->addrs))
		log_warn("more than %d network namespaces: whose packets of the others are forwarded is not known", OTHERS_MAX);
	addrs_set_partial(s->addrs);
	return false;
}

/* *out stays as it is where there is nothing to add. */
static int note_found(struct session *s, const struct netns_entry *entry, struct space **out)
{
	struct space *space = session_find_space(s, entry->inode);
	struct netns ns;
	int err;

	if (space && !space->own)
		space->pid = entry->pid;
	if (space || !is_room(s))
		return 0;
	err = netns_list_open(&s->root, entry, &ns);
	if (err == -EPERM)
		log_verbose("network namespace %u cannot be entered: %s", entry->inode, strerror(-err));
	if (err)
		return 0; /* it went meanwhile */
	err = session_new_space(s, &ns, NULL, &space);
	if (err)
		return err;
	space->pid = entry->pid;
	*out = space;
	return 0;
}

static int add_found(struct session *s, const struct netns_entry *entry)
{
	struct space *fresh = NULL;
	int err = note_found(s, entry, &fresh);

	if (!fresh)
		return err;
	/* all sockets of one that is only known are younger than the hooks: looking at all processes would cost more than it tells */
	fresh->seeded = !fresh->wanted;
	session_open_space(fresh);
	return 0;
}

/* One that cannot be captured does not end the others. */
static int add_new(struct session *s, const struct netns_list *list)
{
	int err = 0;

	for (size_t i = 0; !err && i < s->opts->netns_cnt; i++)
		if (strcmp(s->opts->netns[i], NETNS_ALL))
			err = add_named_anew(s, s->opts->netns[i]);
	for (size_t i = 0; !err && i < list->cnt; i++)
		err = add_found(s, &list->all[i]);
	return err;
}

int session_find_others(struct session *s)
{
	uint64_t began_ns = clock_mono_ns();
	struct space *fresh = NULL;
	struct netns_list list;
	int err;

	if (!s->tapping)
		return 0;
	err = netns_list_read(&s->root, true, &list);
	if (err)
		return err;
	for (size_t i = 0; !err && i < list.cnt; i++)
		err = note_found(s, &list.all[i], &fresh);
	log_verbose("%zu network namespaces (%.1f ms)", list.cnt, (double)(clock_mono_ns() - began_ns) / NSEC_PER_MSEC);
	netns_list_free(&list);
	return err;
}

/* ---- when ---- */

/* At all processes only where that is needed. */
static int look(struct session *s, struct netns_list *out)
{
	bool processes = s->all_netns || s->scan_processes;
	int err = netns_list_read(&s->root, processes, out);

	if (err || processes || all_there(s, out))
		return err;
	netns_list_free(out);
	return netns_list_read(&s->root, true, out);
}

static int scan(struct session *s)
{
	uint64_t began_ns = clock_mono_ns();
	struct netns_list list;
	int err = look(s, &list);

	s->scan_wanted = s->scan_processes = false;
	s->scan_ready_ns = began_ns + (clock_mono_ns() - began_ns) * SCAN_SHARE;
	s->scan_next_ns = began_ns + SCAN_EVERY_NS;
	if (err)
		return err;
	end_missing(s, &list);
	err = add_new(s, &list);
	netns_list_free(&list);
	return err;
}

static int complain_missing(struct session *s)
{
	const char *name = iface_select_missing(&s->select);
	struct buf names = BUF_INIT;
	struct space *space;

	if (!name && session_tap_count(s))
		return 0;
	if (!name) {
		log_err("no interface to capture on in this network namespace");
		return -ENODEV;
	}
	LL_FOREACH(s->spaces, space)
		if (space->taps)
			taps_list(space->taps, &names);
	log_err("no such interface: %s (there are: %s)", name, buf_cstr(&names));
	buf_free(&names);
	return -ENODEV;
}

/* One that was only found, and cannot be opened, does not end the others. */
static int open_at_start(struct space *space)
{
	int err = session_open_space(space);

	return space->own || space->asked ? err : 0;
}

int session_open_spaces(struct session *s)
{
	struct space *space;
	int err = 0;

	if (!s->tapping) {
		s->attached = true;
		return 0;
	}
	s->mounts_fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
	LL_FOREACH(s->spaces, space)
		if (!err)
			err = open_at_start(space);
	if (!err && s->opts->netns_cnt)
		err = scan(s);
	if (!err)
		err = complain_missing(s);
	s->attached = !err;
	return err;
}

int session_watch_netns(struct session *s)
{
	int err = session_watch_spaces(s);

	if (!err && s->mounts_fd >= 0)
		err = session_watch(s, s->mounts_fd, EPOLLPRI, WAKE_MOUNTS, 0);
	return err;
}

/* What it was found by is its place in /proc, too. */
static bool find_by_thread(struct session *s, uint32_t inode, uint32_t tid)
{
	const struct netns_entry entry = {.inode = inode, .pid = tid};
	char path[PATH_MAX];

	if (s->all_netns || sysroot_path(&s->root, path, sizeof(path), "/proc/%u/ns/net", tid) || netns_inode_at(path) != inode)
		return false;
	return !add_found(s, &entry) && session_find_space(s, inode);
}

/* Its addresses are known before the packets of this socket are judged. */
void session_note_netns(struct session *s, uint32_t inode, uint32_t tid)
{
	if (!s->tapping || session_find_space(s, inode) || !is_room(s) || find_by_thread(s, inode, tid))
		return;
	s->scan_wanted = s->scan_processes = true;
}

void session_note_exit(struct session *s, uint32_t pid)
{
	const struct space *space;

	LL_FOREACH(s->spaces, space)
		s->scan_wanted |= space->pid == pid;
}

int session_tend_netns(struct session *s, uint64_t now_ns)
{
	struct space *space;
	int err = 0;

	if (!s->tapping)
		return 0;
	LL_FOREACH(s->spaces, space)
		if (!err)
			err = session_forget_addrs(space, now_ns);
	if (err || now_ns < s->scan_ready_ns)
		return err;
	return s->scan_wanted || now_ns >= s->scan_next_ns ? scan(s) : 0;
}
