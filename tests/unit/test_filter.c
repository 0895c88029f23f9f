/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/filter.c */
#include "pipeline/filter.h"
#include "tap.h"

static const uint32_t pids[] = {10, 20}, uids[] = {0, 1000};

static bool passes(const struct filter *f, uint32_t pid, uint32_t uid)
{
	const struct owner o = {.pid = pid, .uid = uid, .attr = EV_ATTR_PORT};

	return filter_passes(f, &o);
}

int main(void)
{
	const struct filter none = {0}, by_pid = {.pids = pids, .pid_cnt = 2},
			    by_uid = {.uids = uids, .uid_cnt = 2};
	const struct filter both = {.pids = pids, .pid_cnt = 2, .uids = uids, .uid_cnt = 1};
	const struct owner nobody = {0};
	struct filter f;

	tap_ok(!filter_is_set(&none) && filter_is_set(&by_pid) && filter_is_set(&by_uid),
		"is there a filter?");
	tap_ok(filter_passes(&none, &nobody) && passes(&none, 1, 1), "without one all pass");
	tap_ok(passes(&by_pid, 10, 5) && passes(&by_pid, 20, 5), "each of several pids");
	tap_ok(!passes(&by_pid, 11, 0) && !passes(&by_pid, 0, 0), "no other pid");
	tap_ok(passes(&by_uid, 1, 0) && passes(&by_uid, 1, 1000), "each of several uids, root too");
	tap_ok(!passes(&by_uid, 10, 1), "no other uid");
	tap_ok(passes(&both, 10, 0), "pid and uid: both must match");
	tap_ok(!passes(&both, 10, 1000) && !passes(&both, 11, 0), "one of them is not enough");
	/* its uid reads 0, which is root's */
	tap_ok(!filter_passes(&by_uid, &nobody), "nobody is not root");
	tap_ok(!filter_passes(&by_pid, &nobody), "a filter is strict");
	f = by_pid;
	f.include_unknown = true;
	tap_ok(filter_passes(&f, &nobody), "unless asked to include the unknown");
	tap_ok(!passes(&f, 11, 0), "which does not include others");
	f = none;
	f.include_unknown = true;
	tap_ok(!filter_is_set(&f) && passes(&f, 11, 0), "including the unknown is no filter");
	return tap_done();
}
