/* SPDX-License-Identifier: BSD-2-Clause */
/* From the kernel's clock of the records (CLOCK_MONOTONIC) to the time of day people read.
 *
 * The difference of the two clocks changes when the time of day is set or slewed, so it is sampled again and again
 * while a capture runs. A packet takes the offset that was in force when it was captured: a step of the clock shows
 * in the packets after it and never moves the ones before.
 */
#ifndef PIDTAP_BASE_CLOCK_H
#define PIDTAP_BASE_CLOCK_H

#include <stdint.h>

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL

/* CLOCK_MONOTONIC in ns, what bpf_ktime_get_ns() returns. */
uint64_t clock_mono_ns(void);

struct clock_offset {
	int64_t now_ns;	    /* realtime - monotonic, newest sample */
	int64_t before_ns;  /* the sample it replaced */
	uint64_t since_ns;  /* monotonic time from which now_ns holds */
};

/* Takes the first sample. */
void clock_offset_init(struct clock_offset *o);

/* Takes a sample; call it about once a second. */
void clock_offset_update(struct clock_offset *o);

/* Nanoseconds since 1970-01-01 UTC of the monotonic time `mono_ns`. */
uint64_t clock_realtime_ns(const struct clock_offset *o, uint64_t mono_ns);

/* For tests: the same with samples given by hand. */
void clock_offset_set(struct clock_offset *o, uint64_t mono_ns, int64_t offset_ns);

#endif
