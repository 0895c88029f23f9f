/* SPDX-License-Identifier: BSD-2-Clause */
/* The files a process has mapped for execution, as /proc/PID/maps shows them now. */
#ifndef PIDTAP_SOURCE_PROCMAPS_H
#define PIDTAP_SOURCE_PROCMAPS_H

#include <stdint.h>

#include "base/sysroot.h"
#include "source/mappings.h"

/* Calls cb for each mapping; generations are not known. Nothing where the process is gone, or another user's. */
void procmaps_each(const struct sysroot *root, uint32_t pid, mappings_cb cb, void *ctx);

#endif
