/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that several processes hold: when the owner gives one up, who has it now? */
#include "session_int.h"
#include "model/flow_hold.h"
#include "source/procfd.h"

#define CANDIDATES_MAX 32
#define RELATIVES_MAX 256

/* Looking through the descriptors of all processes takes long on a large machine: a twentieth of the time at most. */
#define SEARCH_SHARE 20

void session_on_holder(struct session *s, const struct ev_owner *ev)
{
	struct owner who;

	owner_from_val(&ev->owner, &who);
	if (ev->flags & EV_OWN_AGAIN)
		return;
	if (ev->ino && holders_add(s->holders, ev->ino, &who, ev->hdr.ts_ns, ev->fd))
		s->stats.claims_failed++;
}

static bool read_owner(const struct session *s, uint32_t pid, struct owner *out)
{
	struct ev_owner_val val;

	if (procfd_owner(&s->root, pid, &val))
		return false;
	owner_from_val(&val, out);
	return true;
}

/* The descriptor that is given up may be there still: who closes it is told of before it is done, and can be interrupted. */
static bool still_has(const struct session *s, const struct ev_release *ev, const struct owner *who)
{
	return procfd_has_other(&s->root, who->pid, ev->ino, who->pid == ev->pid ? ev->fd : -1);
}

/* One that acted on the socket or was told of, and still has it. Of some of the latter no more is known than their number. */
static bool find_known(struct session *s, const struct ev_release *ev, struct owner *heir)
{
	struct owner who[CANDIDATES_MAX];
	size_t n = flow_claimants(s->flows, ev, who, CANDIDATES_MAX);

	n += holders_get(s->holders, ev->ino, who + n, CANDIDATES_MAX - n);
	for (size_t i = 0; i < n; i++)
		if (still_has(s, ev, &who[i]) && (who[i].act_ns || read_owner(s, who[i].pid, &who[i]))) {
			*heir = who[i];
			return true;
		}
	return false;
}

struct search {
	struct session *s;
	uint64_t ino;
	uint32_t but_pid; /* who gives it up was looked at already */
	unsigned int left; /* to be looked at */
	uint32_t answer;
};

static bool it_has(struct search *q, const struct proc *p)
{
	if (p->exit_ns == UINT64_MAX && p->pid != q->but_pid && procfd_has(&q->s->root, p->pid, q->ino))
		q->answer = p->pid;
	return q->answer;
}

static bool family_has(void *ctx, const struct proc *p)
{
	struct search *q = ctx;

	if (!q->left)
		return true;
	q->left--;
	return it_has(q, p) || proc_children(q->s->procs, p, family_has, q);
}

/* Processes that inherited it, also by way of others; then those that may have got it from a relative: its parent's family. Of
 * children that are older than the capture only /proc knows. 0: none. */
static uint32_t find_relative(struct session *s, const struct ev_release *ev)
{
	const struct proc *p = proc_find(s->procs, ev->pid, ev->start_ns);
	struct search q = {.s = s, .ino = ev->ino, .but_pid = ev->pid, .left = RELATIVES_MAX};
	struct proc parent = {.exit_ns = UINT64_MAX};

	if (p)
		proc_children(s->procs, p, family_has, &q);
	if (!q.answer)
		q.answer = procfd_find_child(&s->root, ev->pid, ev->ino);
	if (q.answer || !p || !p->ppid)
		return q.answer;
	parent.pid = p->ppid;
	parent.start_ns = p->parent_start_ns;
	family_has(&q, &parent);
	return q.answer;
}

/* *all: everybody was looked at. */
static uint32_t find_unknown(struct session *s, const struct ev_release *ev, bool *all)
{
	uint32_t pid = find_relative(s, ev);
	uint64_t began_ns = clock_mono_ns();

	if (pid || began_ns < s->next_search_ns)
		return pid;
	pid = procfd_find(&s->root, ev->ino, ev->pid);
	s->next_search_ns = began_ns + (clock_mono_ns() - began_ns) * SEARCH_SHARE;
	*all = true;
	return pid;
}

bool session_find_heir(struct session *s, const struct ev_release *ev, struct owner *heir, bool *nobody)
{
	bool all = false;
	uint32_t pid;

	*nobody = false;
	if (!ev->ino)
		return false;
	if (find_known(s, ev, heir))
		return true;
	pid = find_unknown(s, ev, &all);
	*nobody = all && !pid;
	return pid && read_owner(s, pid, heir);
}

/* It may have been given up again while it was looked for: packets wait until what was told meanwhile is read. */
static void note_unsure(struct session *s, uint64_t since_ns)
{
	if (s->unsure_looked_ns <= s->told_ns || since_ns < s->unsure_since_ns)
		s->unsure_since_ns = since_ns;
	s->unsure_looked_ns = clock_mono_ns();
}

void session_on_release(struct session *s, const struct ev_release *ev)
{
	struct owner heir, owner;
	bool nobody, found;

	if (!flow_claimants(s->flows, ev, &owner, 1))
		return;
	found = session_find_heir(s, ev, &heir, &nobody);
	if (found)
		filter_acted(s->filter, heir.pid, heir.start_ns);
	else
		note_unsure(s, ev->hdr.ts_ns);
	if (flow_handover(s->flows, ev, found ? &heir : NULL))
		s->stats.claims_failed++;
}
