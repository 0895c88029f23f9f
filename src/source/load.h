/* SPDX-License-Identifier: BSD-2-Clause */
/* From a bundle to maps and programs in the kernel. */
#ifndef PIDTAP_SOURCE_LOAD_H
#define PIDTAP_SOURCE_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "source/bundle.h"

/* The maps of a bundle, created; owns the descriptors. */
struct maps;

struct load_size {
	const char *map;
	uint32_t max_entries;
};

/* A marked 64-bit immediate (EV_PATCH_* of probes/events.h) and what to put in its place. */
struct load_patch {
	uint64_t mark;
	uint64_t value;
};

/* Creates every map of the bundle; `sizes` override the compiled defaults. Perf arrays get one slot per possible CPU.
 * Prints and returns negative errno. `b` is borrowed until maps_free. */
int maps_create(const struct bundle *b, const struct load_size *sizes, size_t size_cnt, struct maps **out);
void maps_free(struct maps *m);

/* Descriptor of a map by name, borrowed; -ENOENT. */
int maps_fd(const struct maps *m, const char *name);

/* Loads one program with its map descriptors and patches put in. Every mark must occur at least once. `kern_version` is
 * the exact LINUX_VERSION_CODE (compat/kver.h): kernels below 5.0 compare it. Returns a descriptor the caller closes.
 * Prints one sentence, for a refusal by the verifier with its log indented below; returns negative errno. */
int prog_load(const struct bundle *b, const struct maps *m, const char *name, const struct load_patch *patches,
	size_t patch_cnt, uint32_t kern_version);

/* For tests: puts `value` in place of every load of `mark`; returns how many. */
size_t load_patch_insns(struct bpf_insn *insns, size_t cnt, uint64_t mark, uint64_t value);

/* Sum over all CPUs of the per-CPU u64 array `fd`, entries 0 .. cnt-1. 0 or negative errno. */
int map_sum_percpu(int fd, uint64_t *sums, uint32_t cnt);

/* A hash with u8 values, a set for instance: puts a key into it in any case, or only where it is not there (-EEXIST); takes it out
 * (-ENOENT). 0 or negative errno. */
int map_put(int fd, const void *key, uint8_t value);
int map_add(int fd, const void *key, uint8_t value);
int map_remove(int fd, const void *key);

/* The value of a key as it is now. 0, -ENOENT, other negative errno. */
int map_get(int fd, const void *key, void *value);

/* Puts a program into a program array. 0 or negative errno. */
int map_set_prog(int fd, uint32_t index, int prog_fd);

/* Number of keys in a hash of `key_size` bytes (at most 64) that are there at this moment, `max` at most: the kernel begins
 * the walk anew where the key it stands at is removed, so in a busy map it would not end. Negative errno. */
int64_t map_count(int fd, size_t key_size, uint32_t max);

#endif
