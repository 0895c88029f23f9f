/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes: what the kernel side tells of them. */
#include "session_int.h"
#include "source/procfd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CGROUPS_MAX 65536 /* bytes of /proc/PID/cgroup */

static int take(struct session *s, const struct ev_hdr *ev)
{
	switch (ev->type) {
	case EV_FORK:
		return proc_fork(s->procs, (const struct ev_proc *)ev);
	case EV_EXEC:
		return proc_exec(s->procs, (const struct ev_exec *)ev);
	case EV_RENAME:
		return proc_renamed(s->procs, (const struct ev_proc *)ev);
	case EV_EXIT:
		return proc_exit(s->procs, (const struct ev_proc *)ev);
	default:
		return 0;
	}
}

void session_on_process(struct session *s, const struct ev_hdr *ev)
{
	session_filter_process(s, ev);
	session_conn_process(s, ev);
	if (take(s, ev))
		s->stats.claims_failed++;
	if (ev->type != EV_EXIT)
		return;
	session_note_exit(s, ((const struct ev_proc *)ev)->pid);
	session_on_exit(s, (const struct ev_proc *)ev);
}

static void note_cgroup(struct session *s, const struct ev_proc *seen)
{
	char path[64], *cgroups;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", seen->pid);
	if (sysroot_read(&s->root, path, CGROUPS_MAX, &cgroups, NULL))
		return;
	if (procfd_is_there(&s->root, seen->pid, seen->start_ns) && proc_note(s->procs, seen, NULL, 0, cgroups))
		s->stats.claims_failed++;
	free(cgroups);
}

static bool is_uncontained(const struct session *s, const struct owner *o)
{
	return owner_is_process(o, s->uncontained.pid, s->uncontained.start_ns);
}

const char *session_container(void *ctx, const struct owner *owner)
{
	struct session *s = ctx;
	const struct proc *p = proc_find(s->procs, owner->pid, owner->start_ns);
	struct ev_proc seen = {.pid = owner->pid, .start_ns = owner->start_ns, .uid = owner->uid};

	if ((!p || !p->cgroup) && !is_uncontained(s, owner)) {
		memcpy(seen.comm, owner->comm, sizeof(seen.comm));
		note_cgroup(s, &seen);
		p = proc_find(s->procs, owner->pid, owner->start_ns);
		if (!p || !p->cgroup)
			s->uncontained = seen; /* it is gone: not to be looked for with each of its packets */
	}
	return p ? p->container : NULL;
}
