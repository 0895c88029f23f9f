/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#define COMM_CHARS (EV_COMM_LEN - 1)

struct member {
	uint32_t pid; /* key: a number is one process at a time */
	bool follow;
	bool acted;
	uint64_t start_ns;
	uint64_t exit_ns;  /* 0: alive */
	struct member *prev, *next; /* of the ended ones, by the time of their end */
	UT_hash_handle hh;
};

struct filter {
	struct filter_opts opts;
	struct member *members;
	struct member *ended, *ended_idle; /* lists: those that acted, those that did not */
	size_t alive;
	uint64_t missed;
};

struct filter *filter_new(const struct filter_opts *opts)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (f)
		f->opts = *opts;
	return f;
}

static struct member **list_of(struct filter *f, const struct member *m)
{
	return m->acted ? &f->ended : &f->ended_idle;
}

static void drop(struct filter *f, struct member *m)
{
	if (m->exit_ns)
		DL_DELETE(*list_of(f, m), m);
	else
		f->alive--;
	HASH_DEL(f->members, m);
	free(m);
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	while (f->members)
		drop(f, f->members);
	free(f);
}

static struct member *find_pid(const struct filter *f, uint32_t pid)
{
	struct member *m;

	HASH_FIND(hh, f->members, &pid, sizeof(pid), m);
	return m;
}

static struct member *find(const struct filter *f, uint32_t pid, uint64_t start_ns)
{
	struct member *m = find_pid(f, pid);
	const struct owner o = {.pid = pid, .start_ns = start_ns};

	return m && owner_is_process(&o, m->pid, m->start_ns) ? m : NULL;
}

static void forget(struct filter *f, struct member *m)
{
	uint32_t pid = m->pid;

	drop(f, m);
	f->opts.forgotten(f->opts.ctx, pid);
}

/* Begins before all is taken, and with each end: the kernel side has as many places and must find one at the moment of a fork. Who
 * acted is kept as long as a closed socket may answer. */
static void make_room(struct filter *f, uint64_t now_ns)
{
	size_t enough = f->opts.max - f->opts.max / 4;

	while (f->ended_idle && HASH_COUNT(f->members) >= enough)
		forget(f, f->ended_idle);
	while (f->ended && HASH_COUNT(f->members) >= enough && f->ended->exit_ns + EV_LINGER_NS < now_ns)
		forget(f, f->ended);
}

static int add(struct filter *f, uint32_t pid, uint64_t start_ns, bool follow, bool acted)
{
	struct member *m = find_pid(f, pid);

	if (m)
		drop(f, m); /* given twice */
	if (HASH_COUNT(f->members) >= f->opts.max)
		return -ENOSPC;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	*m = (struct member){.pid = pid, .start_ns = start_ns, .follow = follow, .acted = acted};
	HASH_ADD(hh, f->members, pid, sizeof(m->pid), m);
	if (m->hh.tbl) {
		f->alive++;
		return 0;
	}
	free(m);
	return -ENOMEM;
}

/* Who was there before may have sockets that nothing was told of. */
int filter_add(struct filter *f, uint32_t pid, uint64_t start_ns, bool follow)
{
	int err = add(f, pid, start_ns, follow, true);

	f->missed += err != 0;
	return err;
}

bool filter_follows(const struct filter *f, uint32_t pid)
{
	const struct member *m = find_pid(f, pid);

	return m && m->follow && !m->exit_ns;
}

bool filter_fork(struct filter *f, const struct ev_proc *ev)
{
	const struct member *parent = find(f, ev->ppid, ev->parent_start_ns);
	struct member *before = find_pid(f, ev->pid);

	if (!parent || !parent->follow)
		return false;
	if (before)
		drop(f, before); /* its number is the child's now, on the kernel side, too */
	make_room(f, ev->hdr.ts_ns);
	if (!add(f, ev->pid, ev->start_ns, true, false))
		return true;
	f->missed++;
	return false;
}

/* It may be told twice. */
static void end(struct filter *f, struct member *m, uint64_t ts_ns)
{
	if (!m || m->exit_ns)
		return;
	m->exit_ns = ts_ns;
	f->alive--;
	DL_APPEND(*list_of(f, m), m);
	make_room(f, ts_ns);
}

void filter_exit(struct filter *f, const struct ev_proc *ev)
{
	end(f, find(f, ev->pid, ev->start_ns), ev->hdr.ts_ns);
}

void filter_gone(struct filter *f, uint32_t pid, uint64_t ts_ns)
{
	end(f, find_pid(f, pid), ts_ns);
}

size_t filter_alive(const struct filter *f)
{
	return f->alive;
}

void filter_acted(struct filter *f, uint32_t pid, uint64_t start_ns)
{
	struct member *m = find(f, pid, start_ns);

	if (!m || m->acted)
		return;
	if (m->exit_ns)
		DL_DELETE(f->ended_idle, m);
	m->acted = true;
	if (m->exit_ns)
		DL_APPEND(f->ended, m);
}

static bool is_wanted_uid(const struct filter_opts *o, uint32_t uid)
{
	for (size_t i = 0; i < o->uid_cnt; i++)
		if (o->uids[i] == uid)
			return true;
	return !o->uid_cnt;
}

static bool is_wanted_comm(const struct filter_opts *o, const char *comm)
{
	for (size_t i = 0; i < o->comm_cnt; i++)
		if (!strncmp(o->comms[i], comm, COMM_CHARS))
			return true;
	return !o->comm_cnt;
}

bool filter_passes(const struct filter *f, const struct owner *owner)
{
	const struct filter_opts *o = &f->opts;

	if (!o->by_process && !o->uid_cnt && !o->comm_cnt)
		return true;
	if (owner->attr == EV_ATTR_NONE)
		return o->include_unknown;
	return (!o->by_process || find(f, owner->pid, owner->start_ns)) && is_wanted_uid(o, owner->uid) &&
	       is_wanted_comm(o, owner->comm);
}

uint64_t filter_missed(const struct filter *f)
{
	return f->missed;
}
