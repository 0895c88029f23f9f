/* SPDX-License-Identifier: BSD-2-Clause */
/* tracefs, wherever it is: mounted at /sys/kernel/tracing, below debugfs, or nowhere, in which case it is mounted for a
 * moment in a private directory and used through the open descriptor: nothing stays mounted. */
#ifndef PIDTAP_SOURCE_TRACEFS_H
#define PIDTAP_SOURCE_TRACEFS_H

#include <stdint.h>

/* A directory descriptor the caller closes, or negative errno. */
int tracefs_open(void);

/* The number perf_event_open wants for the tracepoint "category/name". 0; -ENOENT: this kernel has no such tracepoint. */
int tracefs_event_id(int tracefs_fd, const char *category, const char *name, uint64_t *id);

#endif
