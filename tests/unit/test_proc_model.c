/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/proc.c src/model/proc_record.c src/model/container.c src/model/owner.c */
/* The process table against histories that are made up first and then told in another order, as far as the rings of several
 * CPUs can disorder them: what it says of any moment must be what happened. Seeds are fixed. */
#include "model/proc.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000ULL
#define PIDS 8	   /* few, so that each is used again and again */
#define LIVES 40   /* of each */
#define EXECS 5	   /* in a life, at most */
#define DISORDER 6 /* places a record may come early or late */
#define RECORDS (PIDS * LIVES * (EXECS + 2))
#define QUESTIONS 20000

struct life {
	uint32_t pid;
	uint64_t start_ms, end_ms;
	uint64_t exec_ms[EXECS];
	bool is_exec[EXECS]; /* else it only gives itself a name */
	uint32_t exec_cnt;
};

struct world {
	struct life lives[PIDS * LIVES];
	struct ev_exec records[RECORDS]; /* all types: the longest */
	size_t record_cnt;
	uint32_t random;
};

static uint32_t roll(struct world *w, uint32_t sides)
{
	w->random = w->random * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)w->random * sides) >> 32);
}

/* A name for each program of each life; the first is the fork's. */
static void name_life(const struct life *l, uint32_t program, char comm[EV_COMM_LEN])
{
	snprintf(comm, EV_COMM_LEN, "%u-%x-%u", l->pid, (unsigned int)l->start_ms, program);
}

static void tell(struct world *w, const struct life *l, uint16_t type, uint32_t program, uint64_t at_ms)
{
	struct ev_exec *ev = &w->records[w->record_cnt++];

	memset(ev, 0, sizeof(*ev));
	ev->proc.hdr.type = type;
	ev->proc.hdr.ts_ns = at_ms * MS;
	ev->proc.pid = l->pid;
	ev->proc.start_ns = l->start_ms * MS;
	ev->proc.uid = program;
	name_life(l, program, ev->proc.comm);
}

static void live(struct world *w, struct life *l, uint32_t pid, uint64_t from_ms)
{
	uint64_t at_ms = l->start_ms = from_ms + 10 + roll(w, 50); /* not within a tick of USER_HZ */

	l->pid = pid;
	tell(w, l, EV_FORK, 0, at_ms);
	l->exec_cnt = roll(w, EXECS + 1);
	for (uint32_t i = 0; i < l->exec_cnt; i++) {
		at_ms += 1 + roll(w, 20);
		l->exec_ms[i] = at_ms;
		l->is_exec[i] = roll(w, 2);
		tell(w, l, l->is_exec[i] ? EV_EXEC : EV_RENAME, i + 1, at_ms);
	}
	l->end_ms = at_ms + 1 + roll(w, 20);
	tell(w, l, EV_EXIT, l->exec_cnt, l->end_ms);
}

static int by_time(const void *a, const void *b)
{
	const struct ev_hdr *x = a, *y = b;

	return (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

static void disorder(struct world *w)
{
	for (size_t i = 0; i + DISORDER < w->record_cnt; i++) {
		size_t other = i + roll(w, DISORDER);
		struct ev_exec swapped = w->records[i];

		w->records[i] = w->records[other];
		w->records[other] = swapped;
	}
}

static void make_history(struct world *w, uint32_t seed)
{
	w->random = seed;
	w->record_cnt = 0;
	for (uint32_t pid = 0; pid < PIDS; pid++) {
		uint64_t at_ms = 100;

		for (size_t i = 0; i < LIVES; i++) {
			struct life *l = &w->lives[pid * LIVES + i];

			live(w, l, pid + 1, at_ms);
			at_ms = l->end_ms;
		}
	}
	qsort(w->records, w->record_cnt, sizeof(w->records[0]), by_time);
	disorder(w);
}

static int replay(const struct world *w, struct proc_table *t)
{
	int err = 0;

	for (size_t i = 0; i < w->record_cnt && !err; i++) {
		const struct ev_exec *ev = &w->records[i];

		if (ev->proc.hdr.type == EV_FORK)
			err = proc_fork(t, &ev->proc);
		else if (ev->proc.hdr.type == EV_EXEC)
			err = proc_exec(t, ev);
		else if (ev->proc.hdr.type == EV_RENAME)
			err = proc_renamed(t, &ev->proc);
		else
			err = proc_exit(t, &ev->proc);
	}
	return err;
}

static uint32_t program_at(const struct life *l, uint64_t at_ms)
{
	uint32_t n = 0;

	while (n < l->exec_cnt && l->exec_ms[n] <= at_ms)
		n++;
	return n;
}

static bool exec_between(const struct life *l, uint32_t acted, uint32_t asked)
{
	uint32_t first = acted < asked ? acted : asked, last = acted < asked ? asked : acted;

	for (uint32_t i = first; i < last; i++)
		if (l->is_exec[i])
			return true;
	return false;
}

/* One who acted at one moment of a life is asked about at another: is the name that of the latter? But for one it gives itself
 * later on: that stays. */
static bool right_name(struct world *w, const struct proc_table *t, const struct life *l)
{
	uint32_t span = (uint32_t)(l->end_ms - l->start_ms) + 1;
	uint64_t act_ms = l->start_ms + roll(w, span), at_ms = l->start_ms + roll(w, span);
	uint32_t acted = program_at(l, act_ms), asked = program_at(l, at_ms), uid = acted;
	struct owner o = {.pid = l->pid, .start_ns = l->start_ms * MS, .act_ns = act_ms * MS, .uid = acted};
	char want[EV_COMM_LEN];

	name_life(l, acted, o.comm);
	proc_name_owner(t, &o, at_ms * MS);
	if (exec_between(l, acted, asked))
		uid = asked;
	else if (acted > asked)
		asked = acted;
	name_life(l, asked, want);
	return !strcmp(o.comm, want) && o.uid == uid;
}

static void test_history(struct world *w, uint32_t seed)
{
	struct proc_table *t = proc_table_new(RECORDS);
	size_t names = 0, ends = 0;

	make_history(w, seed);
	tap_is_int(replay(w, t), 0, "history %u: %zu records", seed, w->record_cnt);
	tap_is_int(proc_count(t), PIDS * LIVES, "each life is a process");
	for (size_t i = 0; i < QUESTIONS; i++)
		names += right_name(w, t, &w->lives[roll(w, PIDS * LIVES)]);
	tap_is_int(names, QUESTIONS, "all names are those of their times");
	for (size_t i = 0; i < PIDS * LIVES; i++)
		ends += proc_find(t, w->lives[i].pid, w->lives[i].start_ms * MS)->exit_ns == w->lives[i].end_ms * MS;
	tap_is_int(ends, PIDS * LIVES, "all have ended when they did");
	proc_table_free(t);
}

/* A table that is too small knows less, nothing else. */
static void test_small(struct world *w)
{
	struct proc_table *t = proc_table_new(PIDS);
	size_t known = 0, right = 0;

	make_history(w, 99);
	tap_is_int(replay(w, t), 0, "a table for as many as are alive at once");
	tap_is_int(proc_count(t), PIDS, "holds that many");
	for (size_t i = 0; i < PIDS * LIVES; i++) {
		const struct life *l = &w->lives[i];
		const struct proc *p = proc_find(t, l->pid, l->start_ms * MS);

		known += !!p;
		/* a late end makes it anew, with a name */
		right += p && p->pid == l->pid && p->start_ns == l->start_ms * MS && p->name_cnt <= l->exec_cnt + 2;
	}
	tap_ok(known == PIDS && right == known, "each of them one that lived");
	proc_table_free(t);
}

int main(void)
{
	static struct world w;

	for (uint32_t seed = 1; seed <= 5; seed++)
		test_history(&w, seed);
	test_small(&w);
	return tap_done();
}
