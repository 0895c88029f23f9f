/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/mappings.h"
#include "source/ring.h"

#include <string.h>

/* PERF_RECORD_MMAP2 behind its header (perf_event_open(2)). */
struct record {
	uint32_t pid, tid;
	uint64_t addr, len, pgoff;
	uint32_t major, minor;
	uint64_t ino, generation;
	uint32_t prot, flags;
	char path[]; /* ends with NUL */
};

static void hand_on(const struct record *r, size_t len, mappings_cb cb, void *ctx)
{
	struct mapping m = {
		.pid = r->pid,
		.file = {.ino = r->ino, .generation = r->generation, .major = r->major, .minor = r->minor},
		.start = r->addr,
		.end = r->addr + r->len,
		.path = r->path,
	};

	if (r->ino && r->path[0] == '/' && memchr(r->path, 0, len - sizeof(*r)))
		cb(ctx, &m);
}

void mappings_read(struct ring *ring, mappings_cb cb, void *ctx)
{
	ring_refresh(ring);
	for (size_t cpu = 0; cpu < ring_cpu_cnt(ring); cpu++) {
		const void *rec;
		size_t len;

		while ((rec = ring_peek(ring, cpu, &len))) {
			if (len > sizeof(struct record))
				hand_on(rec, len, cb, ctx);
			ring_pop(ring, cpu);
		}
	}
	ring_commit(ring);
}
