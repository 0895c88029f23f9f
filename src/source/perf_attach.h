/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching a loaded program to a probe. All return a descriptor that keeps it attached, or negative errno; -ENOENT: the
 * kernel has no such function or tracepoint. They print nothing. */
#ifndef PIDTAP_SOURCE_PERF_ATTACH_H
#define PIDTAP_SOURCE_PERF_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By the kprobe PMU (4.17+): nothing stays behind when the process dies. */
int perf_attach_kprobe(int prog_fd, const char *function, bool at_return);

/* By a line in kprobe_events (before 4.17), which outlives a killed process: its name says whose it is. `event` takes the
 * name perf_detach needs. `tracefs` is the descriptor of tracefs_open, here and below. */
int perf_attach_kprobe_event(int tracefs, int prog_fd, const char *function, bool at_return, char *event,
	size_t event_size);

/* The same at an offset of a file, for all processes that map it. `path` need not stay: the file itself is noted. */
int perf_attach_uprobe(int prog_fd, const char *path, uint64_t offset, bool at_return);
int perf_attach_uprobe_event(int tracefs, int prog_fd, const char *path, uint64_t offset, bool at_return, char *event,
	size_t event_size);

/* `id` as tracefs_event_id gives it. */
int perf_attach_tracepoint(int prog_fd, uint64_t id);

/* 4.17+. */
int perf_attach_raw_tracepoint(int prog_fd, const char *name);

/* Closes `fd` and removes the event where `event` names one. */
void perf_detach(int tracefs, int fd, const char *event);

/* Removes events of pidtaps that are gone. Returns how many. */
int perf_clean_stale(int tracefs);

#endif
