/* SPDX-License-Identifier: BSD-2-Clause */
/* Does a program break a known rule of a kernel version? Reads compiled instructions; needs no kernel.
 *
 * Three passes over one program, each adding a line for every rule it finds broken: check_insns looks at
 * instructions one by one, check_loops at where they lead, check_flow at what registers and the stack hold
 * along all paths. What check_flow cannot decide it reports as broken: silence means "breaks no rule known
 * here", never "loads".
 */
#ifndef PIDTAP_TESTS_PROBES_CHECK_H
#define PIDTAP_TESTS_PROBES_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "source/bundle.h"

struct check {
	const struct bundle *bundle; /* borrowed */
	const struct bundle_prog *prog;
	uint32_t kver;
	unsigned int broken; /* rules found broken */
	struct buf lines;    /* one for each, "tc_egress insn 123: ...\n"; the caller frees them */
};

/* All passes. A program that is empty or jumps out of itself is reported and not followed. */
void check_prog(struct check *c);

/* The maps of the bundle exist on that kernel. c->prog is not used. */
void check_maps(struct check *c);

/* The passes. The last two need a program whose jumps stay inside it; without memory they report that. */
void check_insns(struct check *c);
void check_loops(struct check *c);
void check_flow(struct check *c);

/* Adds a line about instruction `insn`. */
void check_broken(struct check *c, uint32_t insn, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Adds "<what> exists since X, not on Y" unless the kernel is new enough. Returns whether it is. */
bool check_since(struct check *c, uint32_t insn, uint32_t since, const char *what);

/* Where the program can be after instruction `at`, into `to`. Returns how many: 0 (exit), 1 or 2; the second
 * is that of a taken jump. May lie outside the program. */
int check_next(const struct bundle_prog *prog, uint32_t at, int64_t to[2]);

/* The map that instruction `insn` loads, an index into bundle->maps, or -1. */
int check_map_at(const struct check *c, uint32_t insn);

#endif
