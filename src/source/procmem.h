/* SPDX-License-Identifier: BSD-2-Clause */
/* A process's memory, by /proc/PID/mem: unlike a probe it also gets what the process has not touched yet. */
#ifndef PIDTAP_SOURCE_PROCMEM_H
#define PIDTAP_SOURCE_PROCMEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"

/* Reads the NUL-terminated text at this address of the process into out[size]. 0; -ENOENT or -ESRCH: it is gone; -ENAMETOOLONG: more than fits;
 * or another negative errno. After a failure *out is empty. */
int procmem_text(const struct sysroot *root, uint32_t pid, uint64_t at, char *out, size_t size);

#endif
