/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/filter_name.h"
#include "base/sysroot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_MAX 4096

static const struct sysroot here = {""};

/* Field 22 of /proc/PID/stat (proc(5)); field 2 may hold spaces and parentheses. 0: no such process. */
static unsigned long long start_time(int pid)
{
	unsigned long long start = 0;
	char path[64], *text, *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (sysroot_read(&here, path, STAT_MAX, &text, NULL))
		return 0;
	at = strrchr(text, ')');
	if (at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			  &start) != 1)
		start = 0;
	free(text);
	return start;
}

struct parsed {
	int pid;
	unsigned long long start;
	bool made;
};

static void format(char name[FILTER_NAME_MAX], const struct parsed *p)
{
	snprintf(name, FILTER_NAME_MAX, "pidtap/%d/%llu/%s", p->pid, p->start, p->made ? "made" : "kept");
}

/* sscanf takes more than was ever written; so what it read must give the same name again. */
static bool parse(const char *name, struct parsed *out)
{
	char again[FILTER_NAME_MAX], how[8];

	if (sscanf(name, "pidtap/%d/%llu/%7s", &out->pid, &out->start, how) != 3)
		return false;
	out->made = !strcmp(how, "made");
	format(again, out);
	return !strcmp(name, again) && out->pid > 0;
}

void filter_name_make(char name[FILTER_NAME_MAX], bool made_qdisc)
{
	const struct parsed p = {getpid(), start_time(getpid()), made_qdisc};

	format(name, &p);
}

bool filter_name_is_stale(const char *name)
{
	unsigned long long start;
	struct parsed p;

	if (!parse(name, &p))
		return false;
	start = start_time(p.pid);
	return !start || start != p.start;
}

bool filter_name_made_qdisc(const char *name)
{
	struct parsed p;

	return parse(name, &p) && p.made;
}
