/* SPDX-License-Identifier: BSD-2-Clause */
/* How many CPUs this machine could have and which are running: per-CPU maps are sized by the first, perf buffers are
 * opened on the second. */
#ifndef PIDTAP_COMPAT_CPUS_H
#define PIDTAP_COMPAT_CPUS_H

#include <stddef.h>
#include <stdint.h>

/* CPUs in /sys/devices/system/cpu/possible, at least 1. The kernel sizes per-CPU map values by it. */
uint32_t cpus_possible(void);

/* Numbers of the running CPUs: *cpus (caller frees) of *cnt. 0 or negative errno. */
int cpus_online(uint32_t **cpus, size_t *cnt);

/* Parses the kernel's list format "0-3,8", ascending. Same results; -EINVAL where it is none. */
int cpus_parse(const char *list, uint32_t **cpus, size_t *cnt);

#endif
