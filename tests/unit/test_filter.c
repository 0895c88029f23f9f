/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/filter.c src/model/owner.c */
#include "pipeline/filter.h"
#include "tap.h"

#include <errno.h>

#define SEC 1000000000ULL
#define TICK 10000000ULL /* what /proc tells start times in */

static const uint32_t uids[] = {0, 1000};
static const char *const comms[] = {"curl", "a-name-of-more-than-15-bytes"};

static uint32_t forgotten[16];
static size_t forgotten_cnt;

static void on_forgotten(void *ctx, uint32_t pid)
{
	(void)ctx;
	forgotten[forgotten_cnt++ % 16] = pid;
}

static struct filter *new_filter(struct filter_opts opts)
{
	opts.forgotten = on_forgotten;
	if (!opts.max)
		opts.max = 8;
	forgotten_cnt = 0;
	return filter_new(&opts);
}

static bool passes_as(const struct filter *f, uint32_t pid, uint64_t start_ns, uint32_t uid, const char *comm)
{
	struct owner o = {.pid = pid, .start_ns = start_ns, .uid = uid, .attr = EV_ATTR_PORT};

	snprintf(o.comm, sizeof(o.comm), "%s", comm);
	return filter_passes(f, &o);
}

static bool passes(const struct filter *f, uint32_t pid, uint64_t start_ns)
{
	return passes_as(f, pid, start_ns, 0, "x");
}

static bool nobody_passes(const struct filter *f)
{
	const struct owner nobody = {0};

	return filter_passes(f, &nobody);
}

/* A process `pid` that starts at its number in seconds, and its parent likewise. */
static bool do_fork(struct filter *f, uint32_t ppid, uint32_t pid, uint64_t ts_ns)
{
	const struct ev_proc ev = {.hdr = {.type = EV_FORK, .ts_ns = ts_ns}, .pid = pid, .start_ns = pid * SEC,
		.ppid = ppid, .parent_start_ns = ppid * SEC};

	return filter_fork(f, &ev);
}

static void do_exit(struct filter *f, uint32_t pid, uint64_t ts_ns)
{
	const struct ev_proc ev = {.hdr = {.type = EV_EXIT, .ts_ns = ts_ns}, .pid = pid, .start_ns = pid * SEC};

	filter_exit(f, &ev);
}

static void test_sets(void)
{
	struct filter *f = new_filter((struct filter_opts){0});

	tap_ok(nobody_passes(f) && passes(f, 1, 0), "without a filter all pass");
	filter_free(f);
	f = new_filter((struct filter_opts){.include_unknown = true});
	tap_ok(nobody_passes(f) && passes(f, 1, 0), "including the unknown is no filter");
	filter_free(f);
	f = new_filter((struct filter_opts){.uids = uids, .uid_cnt = 2});
	tap_ok(passes_as(f, 1, 0, 0, "x") && passes_as(f, 1, 0, 1000, "x"), "each of several uids, root too");
	tap_ok(!passes_as(f, 10, 0, 1, "x"), "no other uid");
	/* its uid reads 0, which is root's */
	tap_ok(!nobody_passes(f), "nobody is not root");
	filter_free(f);
	f = new_filter((struct filter_opts){.comms = comms, .comm_cnt = 2});
	tap_ok(passes_as(f, 1, 0, 5, "curl") && passes_as(f, 1, 0, 5, "a-name-of-more-"), "names, as the kernel cuts them");
	tap_ok(!passes_as(f, 1, 0, 5, "curl2") && !passes_as(f, 1, 0, 5, "cur") && !passes_as(f, 1, 0, 5, "a-name-of-more"),
		"no part of them, and nothing longer");
	tap_ok(!nobody_passes(f), "nobody has no name");
	filter_free(f);
}

static void test_strict(void)
{
	struct filter *f = new_filter((struct filter_opts){.by_process = true, .uids = uids, .uid_cnt = 1});

	tap_is_int(filter_add(f, 10, 10 * SEC, false), 0, "a process is given");
	tap_is_int(filter_add(f, 20, 20 * SEC, false), 0, "another");
	tap_ok(passes(f, 10, 10 * SEC) && passes(f, 20, 20 * SEC), "both pass");
	tap_ok(!passes(f, 11, 11 * SEC) && !passes(f, 0, 0), "no other one");
	tap_ok(!passes_as(f, 10, 10 * SEC, 1000, "x"), "pid and uid: both must match");
	tap_ok(passes(f, 10, 10 * SEC + TICK - 1), "/proc tells the start in ticks, a record in nanoseconds");
	tap_ok(!passes(f, 10, 10 * SEC + TICK) && !passes(f, 10, 99 * SEC), "the number used again is a stranger");
	tap_ok(!nobody_passes(f), "nor nobody");
	filter_free(f);
	f = new_filter((struct filter_opts){.by_process = true, .include_unknown = true});
	tap_ok(nobody_passes(f), "unless asked to include the unknown");
	tap_ok(!passes(f, 11, 0), "which does not include others");
	filter_free(f);
}

static void test_children(void)
{
	struct filter *f = new_filter((struct filter_opts){.by_process = true});

	filter_add(f, 10, 10 * SEC, true);
	filter_add(f, 20, 20 * SEC, false);
	tap_ok(filter_follows(f, 10) && !filter_follows(f, 20) && !filter_follows(f, 30), "who is followed?");
	tap_ok(do_fork(f, 10, 11, 100) && passes(f, 11, 11 * SEC), "a child of one that is");
	tap_ok(do_fork(f, 11, 12, 101) && passes(f, 12, 12 * SEC), "and its child");
	tap_ok(!do_fork(f, 20, 21, 102) && !passes(f, 21, 21 * SEC), "no child of one that is only given");
	tap_ok(!do_fork(f, 30, 31, 103) && !passes(f, 31, 31 * SEC), "nor of a stranger");
	do_exit(f, 11, 104);
	do_exit(f, 11, 104);
	tap_ok(passes(f, 11, 11 * SEC), "one that ended may have late packets");
	tap_ok(!filter_follows(f, 11), "but makes no child");
	tap_ok(passes(f, 12, 12 * SEC) && filter_follows(f, 12), "its child goes on");
	do_exit(f, 99, 105);
	tap_is_int(forgotten_cnt, 0, "there is room for all");
	filter_free(f);
}

/* A number goes to another process. */
static void test_reuse(void)
{
	const struct ev_proc stranger = {.pid = 7, .start_ns = 7 * SEC, .ppid = 11, .parent_start_ns = 500 * SEC};
	const struct ev_proc again = {.pid = 11, .start_ns = 600 * SEC, .ppid = 10, .parent_start_ns = 10 * SEC};
	struct filter *f = new_filter((struct filter_opts){.by_process = true});

	filter_add(f, 10, 10 * SEC, true);
	do_fork(f, 10, 11, 100);
	do_exit(f, 11, 101);
	tap_ok(!passes(f, 11, 500 * SEC), "a stranger with the number of a child does not pass");
	tap_ok(!filter_fork(f, &stranger) && !passes(f, 7, 7 * SEC), "nor does its child");
	tap_ok(passes(f, 11, 11 * SEC), "the child's late packets do");
	tap_ok(filter_fork(f, &again) && passes(f, 11, 600 * SEC) && filter_follows(f, 11), "a new child with that number");
	tap_is_int(forgotten_cnt, 0, "the kernel side keeps the number");
	filter_free(f);
}

static void test_alive(void)
{
	struct filter *f = new_filter((struct filter_opts){.by_process = true});

	tap_is_int(filter_alive(f), 0, "at first nobody is alive");
	filter_add(f, 10, 10 * SEC, true);
	filter_add(f, 20, 20 * SEC, false);
	filter_add(f, 20, 20 * SEC, false);
	do_fork(f, 10, 11, 100);
	tap_is_int(filter_alive(f), 3, "those that were given, each once, and a child are");
	do_exit(f, 10, 101);
	do_exit(f, 10, 101);
	do_exit(f, 99, 101);
	tap_is_int(filter_alive(f), 2, "an end that is told twice is one, that of a stranger none");
	filter_gone(f, 20, 102);
	filter_gone(f, 20, 103);
	filter_gone(f, 30, 103);
	tap_ok(filter_alive(f) == 1 && passes(f, 20, 20 * SEC), "one that is seen to be gone may have late packets");
	do_exit(f, 11, 104);
	tap_is_int(filter_alive(f), 0, "at last nobody is");
	filter_free(f);
}

static void test_room(void)
{
	struct filter *f = new_filter((struct filter_opts){.by_process = true, .max = 8});
	uint32_t pid;

	filter_add(f, 10, 10 * SEC, true);
	for (pid = 11; pid <= 14; pid++)
		do_fork(f, 10, pid, SEC);
	filter_acted(f, 12, 12 * SEC);
	filter_acted(f, 12, 99 * SEC); /* a stranger */
	do_exit(f, 12, 2 * SEC);
	do_exit(f, 13, 2 * SEC);
	do_exit(f, 11, 2 * SEC);
	filter_acted(f, 11, 11 * SEC); /* told of late */
	tap_is_int(forgotten_cnt, 0, "while there is room nobody is forgotten");
	do_fork(f, 10, 15, 3 * SEC);
	tap_ok(do_fork(f, 10, 16, 3 * SEC) && forgotten_cnt == 1 && forgotten[0] == 13, "then first who never had a socket");
	tap_ok(do_fork(f, 10, 17, 3 * SEC) && do_fork(f, 10, 18, 3 * SEC) && forgotten_cnt == 1 && passes(f, 12, 12 * SEC),
		"others have some time");
	tap_ok(!do_fork(f, 10, 19, 3 * SEC) && filter_missed(f) == 1, "no room: counted");
	tap_ok(!passes(f, 19, 19 * SEC), "and it does not pass");
	tap_ok(do_fork(f, 10, 20, 2 * SEC + EV_LINGER_NS + 1) && forgotten_cnt == 3 && forgotten[1] == 12 && forgotten[2] == 11,
		"after that they go, too, in the order of their ends");
	tap_ok(passes(f, 14, 14 * SEC) && passes(f, 20, 20 * SEC), "never who is alive");
	tap_is_int(filter_add(f, 21, 21 * SEC, false), 0, "the last place");
	tap_is_int(filter_add(f, 22, 22 * SEC, false), -ENOSPC, "none left");
	tap_is_int(filter_add(f, 21, 21 * SEC, true), 0, "the same one again needs none");
	tap_is_int(filter_missed(f), 2, "counted, too");
	do_exit(f, 15, 10 * SEC);
	tap_ok(forgotten_cnt == 4 && forgotten[3] == 15, "when there is little room an end makes some at once");
	filter_free(f);
}

int main(void)
{
	test_sets();
	test_strict();
	test_children();
	test_reuse();
	test_alive();
	test_room();
	filter_free(NULL);
	return tap_done();
}
