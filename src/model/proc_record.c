/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/proc_int.h"
#include "model/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 16 /* a script's wrappers are a few; a packet is asked about within moments */

/* Names are kept in the order of their times, whatever the order they come in. */
static int add_name(struct proc *p, uint64_t since_ns, const struct ev_proc *ev)
{
	struct proc_name *names = realloc(p->names, (p->name_cnt + 1) * sizeof(*names));
	struct proc_name name = {.since_ns = since_ns, .uid = ev->uid, .exec = ev->hdr.type == EV_EXEC};
	size_t at = p->name_cnt;

	if (!names)
		return -ENOMEM;
	memcpy(name.comm, ev->comm, strnlen(ev->comm, EV_COMM_LEN - 1)); /* nothing of what may be behind its end */
	for (; at && names[at - 1].since_ns > since_ns; at--)
		names[at] = names[at - 1];
	names[at] = name;
	p->names = names;
	if (p->name_cnt == NAMES_MAX)
		memmove(names, names + 1, NAMES_MAX * sizeof(*names));
	else
		p->name_cnt++;
	return 0;
}

/* `len` bytes, NULs between the arguments and, unless they were cut, one behind the last. */
static int set_args(struct proc *p, const char *args, size_t len)
{
	char *fresh;

	while (len && !args[len - 1])
		len--;
	fresh = malloc(len + 1);
	if (!fresh)
		return -ENOMEM;
	memcpy(fresh, args, len);
	fresh[len] = 0;
	free(p->args);
	p->args = fresh;
	p->args_len = len;
	return 0;
}

static void set_cgroup(struct proc *p, char *cgroup, char *container)
{
	free(p->cgroup);
	free(p->container);
	p->cgroup = cgroup;
	p->container = container;
}

/* What was known of the one it was in before says nothing of this one. */
static void set_cgroup_id(struct proc *p, uint64_t id)
{
	if (!id || id == p->cgroup_id)
		return;
	if (p->cgroup_id)
		set_cgroup(p, NULL, NULL);
	p->cgroup_id = id;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* What there is no memory for is not known. */
static void inherit(struct proc *child, const struct proc *parent)
{
	if (!child->args && parent->args)
		set_args(child, parent->args, parent->args_len);
	if (!child->cgroup && child->cgroup_id == parent->cgroup_id)
		set_cgroup(child, copy(parent->cgroup), copy(parent->container));
}

int proc_fork(struct proc_table *t, const struct ev_proc *ev)
{
	struct entry *e = proc_get_entry(t, ev);
	const struct entry *parent = proc_find_entry(t, ev->ppid, ev->parent_start_ns);
	int err;

	if (!e)
		return -ENOMEM;
	set_cgroup_id(&e->p, ev->cgroup_id);
	if (parent)
		inherit(&e->p, &parent->p);
	err = add_name(&e->p, ev->hdr.ts_ns, ev);
	proc_keep(t, e);
	return err;
}

int proc_exec(struct proc_table *t, const struct ev_exec *ev)
{
	struct entry *e = proc_get_entry(t, &ev->proc);
	uint64_t ts_ns = ev->proc.hdr.ts_ns;
	int err;

	if (!e)
		return -ENOMEM;
	set_cgroup_id(&e->p, ev->proc.cgroup_id);
	err = add_name(&e->p, ts_ns, &ev->proc);
	if (!err && e->p.names[e->p.name_cnt - 1].since_ns == ts_ns)
		err = set_args(&e->p, ev->args, ev->args_len);
	proc_keep(t, e);
	return err;
}

int proc_renamed(struct proc_table *t, const struct ev_proc *ev)
{
	struct entry *e = proc_get_entry(t, ev);
	int err;

	if (!e)
		return -ENOMEM;
	err = add_name(&e->p, ev->hdr.ts_ns, ev);
	proc_keep(t, e);
	return err;
}

int proc_exit(struct proc_table *t, const struct ev_proc *ev)
{
	struct entry *e = proc_get_entry(t, ev);
	int err = 0;

	if (!e)
		return -ENOMEM;
	if (!e->p.name_cnt)
		err = add_name(&e->p, 0, ev);
	proc_end(t, e, ev->hdr.ts_ns);
	proc_keep(t, e);
	return err;
}

int proc_note(struct proc_table *t, const struct ev_proc *seen, const char *args, size_t len, const char *cgroups)
{
	struct entry *e = proc_get_entry(t, seen);
	int err = 0;

	if (!e)
		return -ENOMEM;
	if (!e->p.name_cnt)
		err = add_name(&e->p, 0, seen);
	if (!err && args && len > e->p.args_len) /* those of an exec record are cut */
		err = set_args(&e->p, args, len);
	if (!err && cgroups)
		set_cgroup(&e->p, container_cgroup(cgroups), container_from_cgroups(cgroups));
	proc_keep(t, e);
	return err;
}

/* NULL: before all that is known. */
static const struct proc_name *name_at(const struct proc *p, uint64_t ts_ns)
{
	const struct proc_name *name = NULL;

	for (size_t i = 0; i < p->name_cnt && p->names[i].since_ns <= ts_ns; i++)
		name = &p->names[i];
	return name;
}

/* Does an exec lie between the two? One at the earlier moment does not. */
static bool exec_between(const struct proc *p, uint64_t a_ns, uint64_t b_ns)
{
	uint64_t from_ns = a_ns < b_ns ? a_ns : b_ns, to_ns = a_ns < b_ns ? b_ns : a_ns;

	for (size_t i = 0; i < p->name_cnt; i++)
		if (p->names[i].exec && p->names[i].since_ns > from_ns && p->names[i].since_ns <= to_ns)
			return true;
	return false;
}

void proc_name_owner(const struct proc_table *t, struct owner *owner, uint64_t ts_ns)
{
	const struct proc *p = owner->act_ns ? proc_find(t, owner->pid, owner->start_ns) : NULL;
	const struct proc_name *name = p ? name_at(p, ts_ns) : NULL;
	bool exec;

	if (!name || name == name_at(p, owner->act_ns))
		return;
	exec = exec_between(p, owner->act_ns, ts_ns);
	if (!exec && owner->act_ns > ts_ns)
		return; /* the name it was about to give itself says more */
	if (exec && owner->act_ns < ts_ns)
		owner->tid = owner->pid; /* the one thread it leaves, whichever that was */
	if (exec)
		owner->uid = name->uid;
	if (exec || owner->tid == owner->pid)
		memcpy(owner->tcomm, name->comm, EV_COMM_LEN);
	memcpy(owner->comm, name->comm, EV_COMM_LEN);
}
