/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_load.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define VM_SHARE 20
#define CROWD 400
#define NSEC_PER_SEC 1000000000ULL

int load_scaled(int n)
{
	int few = n / VM_SHARE;

	if (!getenv("PIDTAP_VM"))
		return n;
	return few ? few : 1;
}

void load_pace(int i, int per_second)
{
	static struct timespec begin;
	struct timespec due;
	uint64_t ns;

	if (!i)
		clock_gettime(CLOCK_MONOTONIC, &begin);
	ns = (uint64_t)begin.tv_nsec + (uint64_t)i * NSEC_PER_SEC / (uint64_t)per_second;
	due = (struct timespec){begin.tv_sec + (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC)};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

void load_allow_files(int n)
{
	struct rlimit lim = {(rlim_t)n, (rlim_t)n};

	if (setrlimit(RLIMIT_NOFILE, &lim))
		fail("RLIMIT_NOFILE %d", n);
}

void load_crowd(struct scene *s)
{
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, s->server_addr, s->port);
	int fds[CROWD];

	for (int i = 0; i < CROWD; i++) {
		fds[i] = sk_new(s, SOCK_DGRAM, 0);
		if (connect(fds[i], (void *)&to, len))
			fail("connect");
	}
	for (int i = 0; i < CROWD; i++)
		close(fds[i]);
}
