/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that runs out at a chosen allocation. What is tested is linked with -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc. */
#ifndef PIDTAP_TESTS_OOM_H
#define PIDTAP_TESTS_OOM_H

#include <stdbool.h>
#include <stddef.h>

static long oom_after = -1; /* allocations that still succeed, then one fails; -1: none does */

void *__real_malloc(size_t size);
void *__real_calloc(size_t cnt, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t cnt, size_t size);
void *__wrap_realloc(void *old, size_t size);

static inline bool oom_now(void)
{
	return oom_after >= 0 && !oom_after--;
}

void *__wrap_malloc(size_t size)
{
	return oom_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t cnt, size_t size)
{
	return oom_now() ? NULL : __real_calloc(cnt, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return oom_now() ? NULL : __real_realloc(old, size);
}

#endif
