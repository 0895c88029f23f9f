/* SPDX-License-Identifier: BSD-2-Clause */
/* Who are all the processes that hold a packet's socket? Those of whom it is known that they had it before the packet, and for
 * whom /proc says after it that they have it still. */
#include "session_int.h"
#include "model/flow_hold.h"
#include "source/procfd.h"

#include <time.h>

/* A holder's child may have ended and left the socket to one of its own. */
#define GENERATIONS_MAX 4

/* Of one process, at a look: the youngest. */
#define HEIRS_MAX 64

/* Looking who holds what takes this part of one CPU at most, and so much at once. */
#define LOOK_SHARE 10
#define LOOK_BURST_NS (200 * NSEC_PER_MSEC)

static bool wants_holders(const struct options *opts)
{
	return opts->verbose || opts->write_path;
}

void session_on_sharer(struct session *s, const struct ev_owner *ev)
{
	struct flow_origin origin;
	struct owner who;
	int err = 0;

	owner_from_val(&ev->owner, &who);
	if (!wants_holders(s->opts) || !flow_origin(s->flows, &who, &ev->key, &origin))
		return;
	if (!holders_count(s->holders, origin.ino)) {
		if (owner_same_process(&origin.who, &who))
			return;
		err = holders_add(s->holders, origin.ino, &origin.who, origin.since_ns, -1);
	}
	if (err || holders_add(s->holders, origin.ino, &who, ev->hdr.ts_ns, ev->fd))
		s->stats.claims_failed++;
}

/* What is looked for in /proc. */
struct look {
	const struct sysroot *root;
	uint64_t ino;
};

/* A walk through the children of one holder. */
struct heirs {
	struct session *s;
	uint64_t ino;
	uint64_t after_ns; /* those of before had nothing to inherit, or are known */
	uint64_t last_ns;  /* when the youngest was made */
	int fd;		   /* by which the parent has it: the children probably, too */
	unsigned int generation, left;
};

static uint64_t made_ns(const struct proc *p)
{
	return p->name_cnt ? p->names[0].since_ns : 0;
}

static void add_heir(struct heirs *h, const struct proc *p, int fd)
{
	const struct owner who = {.pid = p->pid, .tid = p->pid, .start_ns = p->start_ns, .attr = EV_ATTR_EXACT};

	if (holders_add(h->s->holders, h->ino, &who, made_ns(p), fd))
		h->s->stats.claims_failed++;
}

/* The one told of last comes first. Those from before the start may be told of at any time. */
static bool on_heir(void *ctx, const struct proc *child)
{
	struct heirs *h = ctx;
	int fd = -1;

	if (made_ns(child) <= h->after_ns)
		return made_ns(child);
	if (!h->left || holders_count(h->s->holders, h->ino) == HOLDERS_PER_SOCKET)
		return true;
	h->left--;
	if (h->last_ns < made_ns(child))
		h->last_ns = made_ns(child);
	if (child->exit_ns == UINT64_MAX)
		fd = procfd_number(&h->s->root, child->pid, h->ino, h->fd);
	if (fd >= 0) {
		add_heir(h, child, fd);
	} else if (h->generation) {
		h->generation--;
		proc_children(h->s->procs, child, on_heir, h);
		h->generation++;
	}
	return false;
}

/* Children that a holder made since it had the socket have it, too, unless they closed it. Those that are found may have
 * children themselves. */
static void find_heirs(struct session *s, uint64_t ino)
{
	struct holder *holder;

	for (size_t i = 0; (holder = holders_at(s->holders, ino, i)); i++) {
		const struct proc parent = {.pid = holder->who.pid, .start_ns = holder->who.start_ns};
		struct heirs h = {s, ino, holder->since_ns, 0, holder->fd, GENERATIONS_MAX, HEIRS_MAX};

		if (h.after_ns < holder->heirs_ns)
			h.after_ns = holder->heirs_ns;
		proc_children(s->procs, &parent, on_heir, &h);
		if (h.last_ns)
			holders_at(s->holders, ino, i)->heirs_ns = h.last_ns; /* it may have moved */
	}
}

static bool is_younger(void *ctx, const struct proc *child)
{
	struct heirs *h = ctx;

	if (made_ns(child) > h->after_ns)
		h->last_ns = made_ns(child);
	return made_ns(child);
}

/* May more than one process have it? Asked for each packet that is shown. */
static bool may_be_shared(struct session *s, const struct flow_origin *origin)
{
	const struct proc parent = {.pid = origin->who.pid, .start_ns = origin->who.start_ns};
	struct heirs h = {.after_ns = origin->since_ns};

	if (holders_count(s->holders, origin->ino))
		return true;
	proc_children(s->procs, &parent, is_younger, &h);
	return h.last_ns && !holders_add(s->holders, origin->ino, &origin->who, origin->since_ns, -1);
}

static bool has_it(void *ctx, struct holder *holder)
{
	const struct look *look = ctx;

	holder->fd = procfd_number(look->root, holder->who.pid, look->ino, holder->fd);
	return holder->fd >= 0;
}

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * (int64_t)NSEC_PER_SEC + ts.tv_nsec;
}

static bool may_look(struct session *s, uint64_t now_ns)
{
	uint64_t more_ns = (now_ns - s->look_last_ns) / LOOK_SHARE;

	s->look_last_ns = now_ns;
	if (more_ns > LOOK_BURST_NS || s->look_spare_ns + (int64_t)more_ns > (int64_t)LOOK_BURST_NS)
		s->look_spare_ns = LOOK_BURST_NS;
	else
		s->look_spare_ns += (int64_t)more_ns;
	return s->look_spare_ns > 0;
}

static void look(struct session *s, uint64_t ino)
{
	struct look l = {&s->root, ino};
	uint64_t now_ns = clock_mono_ns();
	int64_t began_ns = cpu_ns();

	if (!may_look(s, now_ns))
		return;
	find_heirs(s, ino);
	/* by itself the one is no news */
	if (holders_count(s->holders, ino) > 1)
		holders_look(s->holders, ino, s->told_ns, now_ns, has_it, &l);
	s->look_spare_ns -= cpu_ns() - began_ns;
}

void session_find_holders(struct session *s, const struct ev_packet *ev, struct packet *p)
{
	uint64_t ts_ns = ev->hdr.ts_ns;
	struct flow_origin origin;

	if (!wants_holders(s->opts) || !p->owner.pid || !flow_origin(s->flows, &p->owner, &ev->key, &origin) ||
		!may_be_shared(s, &origin))
		return;
	if (holders_looked_ns(s->holders, origin.ino) < ts_ns)
		look(s, origin.ino);
	p->holders = s->holder_pids;
	p->holder_cnt = holders_pids(s->holders, origin.ino, ts_ns, s->holder_pids, HOLDERS_PER_SOCKET);
}
