/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/base/clock.c */
#include "base/clock.h"
#include "tap.h"

#include <inttypes.h>
#include <time.h>

#define SEC 1000000000ULL

static void test_steps(void)
{
	struct clock_offset o;

	clock_offset_set(&o, 0, 1000 * (int64_t)SEC);
	tap_is_int(clock_realtime_ns(&o, 5), 1000 * SEC + 5, "one sample");
	clock_offset_set(&o, 10 * SEC, 5000 * (int64_t)SEC);
	tap_is_int(clock_realtime_ns(&o, 10 * SEC), 5010 * SEC, "set forward: from the step on");
	tap_is_int(clock_realtime_ns(&o, 10 * SEC - 1), 1010 * SEC - 1, "not before");
	clock_offset_set(&o, 20 * SEC, 2000 * (int64_t)SEC);
	tap_is_int(clock_realtime_ns(&o, 20 * SEC), 2020 * SEC, "set back");
	tap_is_int(clock_realtime_ns(&o, 19 * SEC), 5019 * SEC, "with the offset before it");
	clock_offset_set(&o, 30 * SEC, -10 * (int64_t)SEC);
	tap_is_int(clock_realtime_ns(&o, 30 * SEC), 20 * SEC,
		"a machine whose clock says 1970, up for longer than that");
}

static uint64_t real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

/* Between two readings of the clock itself, give or take what reading takes on a busy machine. */
static void check_now(const struct clock_offset *o, const char *what)
{
	uint64_t before = real_ns(), got = clock_realtime_ns(o, clock_mono_ns()), after = real_ns();

	tap_ok(got + SEC / 100 >= before && got <= after + SEC / 100,
		"%s: %" PRIu64 " is between %" PRIu64 " and %" PRIu64, what, got, before, after);
}

int main(void)
{
	uint64_t first = clock_mono_ns();
	struct clock_offset o;

	test_steps();
	tap_ok(clock_mono_ns() >= first && first, "the monotonic clock goes on");
	memset(&o, 0xff, sizeof(o));
	clock_offset_init(&o);
	check_now(&o, "first sample");
	clock_offset_update(&o);
	check_now(&o, "next sample");
	tap_ok(o.since_ns >= first && o.since_ns <= clock_mono_ns(), "which holds from when it was taken");
	tap_is_int(clock_realtime_ns(&o, first), first + (uint64_t)o.before_ns,
		"what was before keeps its offset");
	return tap_done();
}
