/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/filter.h"

static bool contains(const uint32_t *list, size_t cnt, uint32_t v)
{
	for (size_t i = 0; i < cnt; i++)
		if (list[i] == v)
			return true;
	return !cnt;
}

bool filter_is_set(const struct filter *f)
{
	return f->pid_cnt || f->uid_cnt;
}

bool filter_passes(const struct filter *f, const struct owner *owner)
{
	if (!filter_is_set(f))
		return true;
	if (owner->attr == EV_ATTR_NONE)
		return f->include_unknown;
	return contains(f->pids, f->pid_cnt, owner->pid) && contains(f->uids, f->uid_cnt, owner->uid);
}
