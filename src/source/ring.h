/* SPDX-License-Identifier: BSD-2-Clause */
/* The perf buffers that carry records from BPF to us, one per running CPU.
 *
 * Our own reader, because the wake-up is the cost: the kernel wakes us when a CPU's buffer holds `watermark` bytes
 * (perf_event_attr.watermark, libbcc's reader knows only a count of events), and the session's timer drains the rest.
 * Records are looked at in place: ring_peek shows the oldest record of a CPU, ring_pop steps over it, and only
 * ring_commit gives the room back to the kernel. A record that wraps around the end of the buffer is copied into a
 * scratch area.
 */
#ifndef PIDTAP_SOURCE_RING_H
#define PIDTAP_SOURCE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/* Opens a buffer of `bytes` (rounded up to a power of two of pages) on every running CPU and puts it into the perf event
 * array `map_fd`. 0 or negative errno (-EPERM or -ENOMEM: kernel.perf_event_mlock_kb or memory); prints nothing. */
int ring_open(int map_fd, size_t bytes, size_t watermark, struct ring **out);

/* The same for what the kernel tells by itself: files that processes map for execution (PERF_RECORD_MMAP2 of perf_event_open(2), there
 * since 3.16; source/mappings.h reads them). Readable with each record. */
int ring_open_mappings(size_t bytes, struct ring **out);
void ring_close(struct ring *r);

/* How many CPUs; the `cpu` of the functions below is 0 .. count - 1, not the kernel's number. */
size_t ring_cpu_cnt(const struct ring *r);

/* Readable when the watermark is reached. */
int ring_fd(const struct ring *r, size_t cpu);

/* Notes how far the kernel has written: ring_peek shows what was there at this moment. */
void ring_refresh(struct ring *r);

/* The CPU's oldest record not popped: its bytes, 4-byte aligned, borrowed until ring_pop; or NULL. *len may count up to 7
 * bytes of padding. Lost records on the way are counted and stepped over. */
const void *ring_peek(struct ring *r, size_t cpu, size_t *len);
void ring_pop(struct ring *r, size_t cpu);

/* Gives the room of popped records back to the kernel. */
void ring_commit(struct ring *r);

/* The fullest buffer, in percent, as of ring_refresh. */
unsigned int ring_fill_percent(const struct ring *r);

/* Records the kernel had no room for (PERF_RECORD_LOST), all CPUs together; and on one of them, whose number in the kernel
 * goes to *number. */
uint64_t ring_lost(const struct ring *r);
uint64_t ring_lost_on(const struct ring *r, size_t cpu, uint32_t *number);

#endif
