/* SPDX-License-Identifier: BSD-2-Clause */
/* The process filter, for packets whose owner was settled in user space. Strict: a packet nobody owns does not pass, unless
 * that is asked for. */
#ifndef PIDTAP_PIPELINE_FILTER_H
#define PIDTAP_PIPELINE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/owner.h"

struct filter {
	const uint32_t *pids; /* borrowed; none: any */
	size_t pid_cnt;
	const uint32_t *uids;
	size_t uid_cnt;
	bool include_unknown;
};

/* Is there anything to filter by? */
bool filter_is_set(const struct filter *f);

/* Does a packet of this owner pass? */
bool filter_passes(const struct filter *f, const struct owner *owner);

#endif
