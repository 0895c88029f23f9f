/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/proc_int.h"

#include <stdlib.h>
#include <utlist.h>

struct proc_table *proc_table_new(size_t max)
{
	struct proc_table *t = calloc(1, sizeof(*t));

	if (t)
		t->max = max ? max : 1;
	return t;
}

static struct number *find_number(const struct proc_table *t, uint32_t pid)
{
	struct number *n;

	HASH_FIND(hh, t->numbers, &pid, sizeof(pid), n);
	return n;
}

static struct number *get_number(struct proc_table *t, uint32_t pid)
{
	struct number *n = find_number(t, pid);

	if (n)
		return n;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->pid = pid;
	HASH_ADD(hh, t->numbers, pid, sizeof(n->pid), n);
	if (n->hh.tbl)
		return n;
	free(n);
	return NULL;
}

static void put_number(struct proc_table *t, struct number *n)
{
	if (n->procs || n->children)
		return;
	HASH_DEL(t->numbers, n);
	free(n);
}

static bool is_alive(const struct entry *e)
{
	return e->p.exit_ns == UINT64_MAX;
}

static void leave_parent(struct proc_table *t, struct entry *e)
{
	if (!e->parent)
		return;
	DL_DELETE2(e->parent->children, e, sib_prev, sib_next);
	put_number(t, e->parent);
}

static void forget(struct proc_table *t, struct entry *e)
{
	if (is_alive(e))
		DL_DELETE(t->alive, e);
	else
		DL_DELETE(t->dead, e);
	leave_parent(t, e);
	DL_DELETE2(e->number->procs, e, gen_prev, gen_next);
	put_number(t, e->number);
	t->cnt--;
	free(e->p.names);
	free(e->p.args);
	free(e->p.cgroup);
	free(e->p.container);
	free(e);
}

void proc_table_free(struct proc_table *t)
{
	if (!t)
		return;
	while (t->alive)
		forget(t, t->alive);
	while (t->dead)
		forget(t, t->dead);
	free(t);
}

struct entry *proc_find_entry(const struct proc_table *t, uint32_t pid, uint64_t start_ns)
{
	const struct number *n = find_number(t, pid);
	struct entry *e;

	if (!n)
		return NULL;
	DL_FOREACH2(n->procs, e, gen_next)
		if (owner_same_start(e->p.start_ns, start_ns))
			return e;
	return NULL;
}

void proc_end(struct proc_table *t, struct entry *e, uint64_t ts_ns)
{
	if (is_alive(e)) {
		DL_DELETE(t->alive, e);
		DL_APPEND(t->dead, e);
	}
	if (ts_ns < e->p.exit_ns)
		e->p.exit_ns = ts_ns;
}

/* Its number is another's now, so they are at their ends, whether that was told or not. */
static void end_others(struct proc_table *t, const struct entry *fresh, uint64_t ts_ns)
{
	struct entry *e;

	DL_FOREACH2(fresh->number->procs, e, gen_next)
		if (is_alive(e) && e->p.start_ns < fresh->p.start_ns)
			proc_end(t, e, ts_ns);
}

static struct entry *add_entry(struct proc_table *t, const struct ev_proc *ev)
{
	struct number *n = get_number(t, ev->pid);
	struct entry *e = n ? calloc(1, sizeof(*e)) : NULL;

	if (!e) {
		if (n)
			put_number(t, n);
		return NULL;
	}
	e->p.pid = ev->pid;
	e->p.start_ns = ev->start_ns;
	e->p.exit_ns = UINT64_MAX;
	e->number = n;
	DL_PREPEND2(n->procs, e, gen_prev, gen_next);
	DL_APPEND(t->alive, e);
	t->cnt++;
	end_others(t, e, ev->hdr.ts_ns);
	return e;
}

static void set_parent(struct proc_table *t, struct entry *e, const struct ev_proc *ev)
{
	if (e->parent || !ev->ppid)
		return;
	e->parent = get_number(t, ev->ppid);
	if (!e->parent)
		return; /* no memory for it: not known */
	e->p.ppid = ev->ppid;
	e->p.parent_start_ns = ev->parent_start_ns;
	DL_PREPEND2(e->parent->children, e, sib_prev, sib_next);
}

struct entry *proc_get_entry(struct proc_table *t, const struct ev_proc *ev)
{
	struct entry *e = proc_find_entry(t, ev->pid, ev->start_ns);

	if (!e)
		e = add_entry(t, ev);
	if (!e)
		return NULL;
	if (e->p.start_ns < ev->start_ns)
		e->p.start_ns = ev->start_ns; /* that of /proc is rounded down */
	set_parent(t, e, ev);
	return e;
}

static struct entry *first_but(struct entry *list, const struct entry *keep)
{
	return list == keep && list ? list->next : list;
}

void proc_keep(struct proc_table *t, struct entry *e)
{
	if (!e->p.name_cnt) {
		forget(t, e);
		return;
	}
	while (t->cnt > t->max) {
		struct entry *dead = first_but(t->dead, e);

		forget(t, dead ? dead : first_but(t->alive, e));
	}
}

const struct proc *proc_find(const struct proc_table *t, uint32_t pid, uint64_t start_ns)
{
	const struct number *n = start_ns ? NULL : find_number(t, pid);
	const struct entry *e, *last = start_ns ? proc_find_entry(t, pid, start_ns) : NULL;

	if (n) {
		DL_FOREACH2(n->procs, e, gen_next)
			if (!last || e->p.start_ns > last->p.start_ns)
				last = e; /* of one number at most the last to start is alive */
	}
	return last ? &last->p : NULL;
}

bool proc_children(const struct proc_table *t, const struct proc *parent,
	bool (*cb)(void *ctx, const struct proc *child), void *ctx)
{
	const struct number *n = find_number(t, parent->pid);
	const struct entry *e;

	if (!n)
		return false;
	DL_FOREACH2(n->children, e, sib_next)
		if (owner_same_start(e->p.parent_start_ns, parent->start_ns) && cb(ctx, &e->p))
			return true;
	return false;
}

size_t proc_count(const struct proc_table *t)
{
	return t->cnt;
}
