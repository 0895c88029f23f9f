/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/filter_name.c src/base/sysroot.c src/base/buf.c */
#include "source/filter_name.h"
#include "tap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Field 22, counted by words: the name of this process has no spaces yet. */
static unsigned long long my_start(void)
{
	unsigned long long start = 0;
	FILE *f = fopen("/proc/self/stat", "r");

	if (!f)
		return 0;
	for (int field = 1, got = 0; field < 22 && got != EOF; field++)
		got = fscanf(f, "%*s");
	if (fscanf(f, "%llu", &start) != 1)
		start = 0;
	fclose(f);
	return start;
}

static unsigned long my_pidns(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : (unsigned long)st.st_ino;
}

static void test_own(void)
{
	char name[FILTER_NAME_MAX], want[FILTER_NAME_MAX], kept[FILTER_NAME_MAX];

	filter_name_make(name, true);
	filter_name_make(kept, false);
	snprintf(want, sizeof(want), "pidtap/%lu/%d/%llu/made", my_pidns(), getpid(), my_start());
	tap_is_str(name, want, "pid namespace, pid, start time, what was made");
	tap_ok(!filter_name_is_stale(name) && !filter_name_is_stale(kept), "we live");
	tap_ok(filter_name_made_qdisc(name) && !filter_name_made_qdisc(kept), "made or kept");
}

/* The name in /proc/PID/stat stands between parentheses and may hold some. */
static void test_strange_process_name(void)
{
	char before[FILTER_NAME_MAX], after[FILTER_NAME_MAX];

	filter_name_make(before, false);
	prctl(PR_SET_NAME, ") R 1 (a b) ) 2");
	filter_name_make(after, false);
	tap_is_str(after, before, "a process name that looks like fields");
	tap_ok(!filter_name_is_stale(before), "does not make it stale");
	prctl(PR_SET_NAME, "test_filter_nam");
}

/* A name of the pid namespace `pidns`; the rest behind "pidtap/" is `format` with pid and start time put in. */
static bool stale_in(unsigned long pidns, const char *format, int pid, unsigned long long start)
{
	char name[FILTER_NAME_MAX];
	int n = snprintf(name, sizeof(name), "pidtap/%lu", pidns);

	snprintf(name + n, sizeof(name) - (size_t)n, format + strlen("pidtap"), pid, start);
	return filter_name_is_stale(name);
}

static bool stale(const char *format, int pid, unsigned long long start)
{
	return stale_in(my_pidns(), format, pid, start);
}

static void test_stale(void)
{
	unsigned long long start = my_start();
	pid_t child = fork();
	int status;

	if (!child)
		_exit(0);
	tap_ok(waitpid(child, &status, 0) == child, "a process that is gone");
	tap_ok(stale("pidtap/%d/%llu/made", child, start), "its filter is stale");
	tap_ok(stale("pidtap/%d/%llu/made", child, 0), "also where its start was never known");
	tap_ok(stale("pidtap/%d/%llu/kept", getpid(), start + 1), "a pid used again is not the owner");
	tap_ok(stale("pidtap/%d/%llu/kept", getpid(), 0), "whatever was written down");
	tap_ok(!stale("pidtap/%d/%llu/kept", getpid(), start), "its owner is alive");
	tap_ok(!stale_in(my_pidns() + 1, "pidtap/%d/%llu/made", child, start),
		"a pid of another namespace says nothing here");
}

/* Killed, and its parent has not asked yet: /proc still shows it, with its start time. */
static void test_zombie(void)
{
	char name[FILTER_NAME_MAX];
	int ends[2];
	siginfo_t info;
	pid_t child;

	if (pipe(ends))
		exit(1);
	child = fork();
	if (!child) {
		filter_name_make(name, true);
		_exit(write(ends[1], name, sizeof(name)) != sizeof(name));
	}
	tap_ok(read(ends[0], name, sizeof(name)) == sizeof(name), "a process that attached");
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	tap_ok(filter_name_is_stale(name), "a zombie's filter is stale");
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
}

static void test_foreign(void)
{
	static const char *const names[] = {"", "pidtap", "pidtap/", "pidtap//", "pidtap/9/1", "pidtap/9/1/2",
		"pidtap/9/1/2/", "pidtap/9/1/2/other", "pidtap/9/1/2/mad", "pidtap/9/1/2/made2", "pidtap/9/1/2/made/3",
		"pidtap/9/1/2/made x", "pidtap/9/1/2/ made", "pidtap/9/ 1/2/made", "pidtap/9/1/ 2/made",
		"pidtap/9/+1/2/made", "pidtap/9/01/2/made", "pidtap/9/-1/2/made", "pidtap/9/0/2/made",
		"pidtap/9/1/-2/made", "pidtap/9/4294967297/2/made", "pidtap/9/1/18446744073709551617/made",
		"pidtap/9/x/2/made", "xpidtap/9/1/2/made", "PIDTAP/9/1/2/made", "pidtap/9/1/2/MADE",
		"pidtap/9/1/2/made\n", "bpf.o:[classifier]", "tcpdump/9/1/2/made"};
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!filter_name_is_stale(names[i]) && !filter_name_made_qdisc(names[i]))
			continue;
		printf("# taken for ours: %zu\n", i);
		wrong++;
	}
	tap_is_int(wrong, 0, "others' filters are never taken for ours");
}

static void test_long(void)
{
	char name[4 * FILTER_NAME_MAX];

	memset(name, '1', sizeof(name));
	memcpy(name, "pidtap/", 7);
	name[sizeof(name) - 1] = 0;
	tap_ok(!filter_name_is_stale(name) && !filter_name_made_qdisc(name), "a name of only digits");
	memcpy(name + 500, "/1/made", 8);
	tap_ok(!filter_name_is_stale(name), "longer than any");
	tap_ok(stale("pidtap/%d/%llu/made", 2147483647, 18446744073709551615ULL),
		"the largest numbers are numbers");
}

int main(void)
{
	test_own();
	test_strange_process_name();
	test_stale();
	test_zombie();
	test_foreign();
	test_long();
	return tap_done();
}
