/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/* The sample is as good as the two monotonic readings around it are close: the best of three goes in. */
static int64_t sample(uint64_t *mono_ns)
{
	uint64_t best = UINT64_MAX;
	int64_t offset = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t a = read_ns(CLOCK_MONOTONIC);
		uint64_t real = read_ns(CLOCK_REALTIME);
		uint64_t b = read_ns(CLOCK_MONOTONIC);

		if (b - a >= best)
			continue;
		best = b - a;
		*mono_ns = a;
		offset = (int64_t)(real - (a + (b - a) / 2));
	}
	return offset;
}

void clock_offset_init(struct clock_offset *o)
{
	uint64_t mono;
	int64_t offset = sample(&mono);

	o->now_ns = o->before_ns = offset;
	o->since_ns = 0;
}

void clock_offset_set(struct clock_offset *o, uint64_t mono_ns, int64_t offset_ns)
{
	o->before_ns = o->now_ns;
	o->now_ns = offset_ns;
	o->since_ns = mono_ns;
}

void clock_offset_update(struct clock_offset *o)
{
	uint64_t mono;
	int64_t offset = sample(&mono);

	clock_offset_set(o, mono, offset);
}

uint64_t clock_realtime_ns(const struct clock_offset *o, uint64_t mono_ns)
{
	return mono_ns + (uint64_t)(mono_ns >= o->since_ns ? o->now_ns : o->before_ns);
}
