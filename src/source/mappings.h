/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that processes map for execution, told by the kernel as it happens: each program that is started and each library it loads, at
 * once or later (dlopen). No probe is needed for it: the kernel keeps this for profilers.
 *
 * What finds no room in the buffers is lost and counted; who must know all looks through /proc then.
 */
#ifndef PIDTAP_SOURCE_MAPPINGS_H
#define PIDTAP_SOURCE_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/* A file, by numbers as /proc/PID/maps shows them (stat(2) may say others: overlay, btrfs). A number that became free is given to
 * another file, of another generation; 0: not known. */
struct mapped_file {
	uint64_t ino;
	uint64_t generation;
	uint32_t major, minor;
};

struct mapping {
	uint32_t pid; /* in our pid namespace */
	struct mapped_file file;
	uint64_t start, end; /* user addresses */
	const char *path;    /* as the process sees it; " (deleted)" may follow */
};

/* Borrowed for the call. */
typedef void (*mappings_cb)(void *ctx, const struct mapping *m);

/* Hands on what has come in `ring` (ring_open_mappings): of files only. */
void mappings_read(struct ring *ring, mappings_cb cb, void *ctx);

#endif
