/* SPDX-License-Identifier: BSD-2-Clause */
/* Following a program's values, shared by flow.c (instructions), mem.c (memory) and call.c (helpers). */
#ifndef PIDTAP_TESTS_PROBES_FLOW_H
#define PIDTAP_TESTS_PROBES_FLOW_H

#include "tests/probes/check.h"
#include "tests/probes/state.h"

struct flow {
	struct check *c;
	struct state *in; /* per instruction: what holds before it */
	bool report;	  /* all paths are joined: what is found now is said */
	uint32_t at;	  /* the instruction looked at */
	struct state now; /* what holds around it */
};

/* Says it in the last round only: in those before, joins are still to come. */
#define flow_broken(f, ...)                                                                                  \
	do {                                                                                                 \
		if ((f)->report)                                                                             \
			check_broken((f)->c, (f)->at, __VA_ARGS__);                                          \
	} while (0)

void flow_since(struct flow *f, uint32_t since, const char *what);

/* The register, reported where it is unset on some path. */
struct val flow_read(struct flow *f, int reg);

/* A load or store of `size` bytes at base + off, where `base` is a register's value. */
struct val mem_load(struct flow *f, const struct val *base, int64_t off, int64_t size);
void mem_store(struct flow *f, const struct val *base, int64_t off, int64_t size, const struct val *what);

/* Bytes a helper reads or writes through a pointer. `in_map_since`: from when on they may lie in a map's
 * value. */
void mem_helper(struct flow *f, const struct val *base, int64_t size, bool write, uint32_t in_map_since,
	const char *what);

/* Arguments, result and the registers a call leaves unset. */
void call_helper(struct flow *f, const struct bpf_insn *insn);

#endif
