/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/filter_name.h"
#include "base/sysroot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAT_MAX 4096
#define PF_EXITING 0x00000004 /* include/linux/sched.h */

static const struct sysroot here = {""};

/* Field 22 of /proc/PID/stat (proc(5)); field 2 may hold spaces and parentheses. 0: no such process, or one that was
 * killed and is on its way out, or waits for its parent to hear of it: it removes nothing any more. */
static unsigned long long start_time(int pid)
{
	unsigned long long start = 0;
	unsigned int flags = 0; /* field 9 */
	char path[64], *text, *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (sysroot_read(&here, path, STAT_MAX, &text, NULL))
		return 0;
	at = strrchr(text, ')');
	if (at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			  &flags, &start) != 2)
		start = 0;
	free(text);
	return flags & PF_EXITING ? 0 : start;
}

/* Pids mean something in their own namespace only: 0 where it cannot be told. */
static unsigned long pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : (unsigned long)st.st_ino;
}

struct parsed {
	unsigned long pidns;
	int pid;
	unsigned long long start;
	bool made;
};

static void format(char name[FILTER_NAME_MAX], const struct parsed *p)
{
	snprintf(name, FILTER_NAME_MAX, "pidtap/%lu/%d/%llu/%s", p->pidns, p->pid, p->start, p->made ? "made" : "kept");
}

/* sscanf takes more than was ever written; so what it read must give the same name again. */
static bool parse(const char *name, struct parsed *out)
{
	char again[FILTER_NAME_MAX], how[8];

	if (sscanf(name, "pidtap/%lu/%d/%llu/%7s", &out->pidns, &out->pid, &out->start, how) != 4)
		return false;
	out->made = !strcmp(how, "made");
	format(again, out);
	return !strcmp(name, again) && out->pid > 0;
}

void filter_name_make(char name[FILTER_NAME_MAX], bool made_qdisc)
{
	const struct parsed p = {pid_namespace(), getpid(), start_time(getpid()), made_qdisc};

	format(name, &p);
}

bool filter_name_is_stale(const char *name)
{
	unsigned long long start;
	struct parsed p;

	if (!parse(name, &p) || p.pidns != pid_namespace())
		return false;
	start = start_time(p.pid);
	return !start || start != p.start;
}

bool filter_name_made_qdisc(const char *name)
{
	struct parsed p;

	return parse(name, &p) && p.made;
}
