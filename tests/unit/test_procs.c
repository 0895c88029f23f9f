/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/procs.c src/base/sysroot.c src/base/buf.c */
#include "source/procs.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <unistd.h>

static void write_process(const char *dir, const char *pid, const char *comm, const char *ppid, const char *ticks, const char *tgid)
{
	char name[64], text[512];
	int len;

	snprintf(name, sizeof(name), "%s/proc/%s/stat", dir, pid);
	len = snprintf(text, sizeof(text), "%s (%s) S %s 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 %s 23 24\n", pid, comm, ppid,
		ticks);
	tmpdir_write(name, text, (size_t)len);
	snprintf(name, sizeof(name), "%s/proc/%s/status", dir, pid);
	len = snprintf(text, sizeof(text), "Name:\tTgid: 5\nUmask:\t0022\nTgid:\t%s\nPid:\t%s\n", tgid, pid);
	tmpdir_write(name, text, (size_t)len);
}

struct seen {
	size_t cnt;
	uint64_t pids, ppids, starts_ns; /* sums */
};

static void count(void *ctx, const struct procs_entry *p)
{
	struct seen *s = ctx;

	s->cnt++;
	s->pids += p->pid;
	s->ppids += p->ppid;
	s->starts_ns += p->start_ns;
}

static void find_self(void *ctx, const struct procs_entry *p)
{
	if (p->pid == (uint32_t)getpid())
		*(struct procs_entry *)ctx = *p;
}

static void test_replay(void)
{
	char prefix[PATH_MAX];
	const struct sysroot root = {tmpdir_path(prefix, "root")};
	struct procs_entry p;
	struct seen s = {0};
	uint32_t leader = 0;

	tap_is_int(procs_each(&root, count, &s), -ENOENT, "no /proc");
	write_process("root", "1", "init", "0", "2", "1");
	write_process("root", "20", "a) S 9 (b", "1", "300", "20");
	write_process("root", "21", "thread", "1", "300", "20");
	tmpdir_write("root/proc/30/stat", "30 (cut", 7);
	tmpdir_write("root/proc/40/task", "", 0);
	tmpdir_write("root/proc/uptime", "1 1\n", 4);
	tap_is_int(procs_each(&root, count, &s), 0, "processes, and what is none");
	tap_ok(s.cnt == 3 && s.pids == 42 && s.ppids == 2 && s.starts_ns == 602 * 10000000ULL, "all, and their parents and starts");
	tap_ok(!procs_get(&root, 20, &p, &leader) && p.pid == 20 && p.ppid == 1 && p.start_ns == 3000000000, "one of them");
	tap_ok(procs_get(&root, 21, &p, &leader) == -EINVAL && leader == 20, "the number of a thread");
	tap_is_int(procs_get(&root, 40, &p, &leader), -ENOENT, "no process");
}

static void test_machine(void)
{
	const struct sysroot root = {""};
	struct procs_entry p = {0}, same;
	uint32_t leader;

	tap_ok(!procs_each(&root, find_self, &p) && p.ppid == (uint32_t)getppid(), "this process is there, and its parent right");
	tap_ok(!procs_get(&root, (uint32_t)getpid(), &same, &leader) && same.start_ns == p.start_ns && p.start_ns,
		"its start, too");
}

int main(void)
{
	test_replay();
	test_machine();
	return tap_done();
}
