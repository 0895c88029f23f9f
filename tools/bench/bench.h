/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benches of tables have in common: CPU time and memory, and how they are printed. */
#ifndef PIDTAP_TOOLS_BENCH_H
#define PIDTAP_TOOLS_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* CPU time of this process. */
static inline uint64_t bench_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static inline size_t bench_resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t pages = 0;

	if (!f || fscanf(f, "%*s %zu", &pages) != 1)
		abort();
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* What each of `cnt` took since then. */
static inline void bench_print_ns(const char *what, uint64_t start_ns, uint32_t cnt)
{
	printf("%-36s %6.0f ns\n", what, (double)(bench_ns() - start_ns) / cnt);
}

static inline void bench_print_bytes(const char *what, size_t before, uint32_t cnt)
{
	printf("%-36s %6zu bytes\n", what, (bench_resident_bytes() - before) / cnt);
}

/* The next of `cnt` in an order that is scattered and comes to all: by a step that is prime to their number. */
static inline uint32_t bench_next(uint32_t i, uint32_t cnt)
{
	return (uint32_t)((i + 2654435761ULL) % cnt);
}

#endif
