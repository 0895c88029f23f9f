/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/proc.c src/model/proc_record.c src/model/container.c src/model/owner.c */
#include "model/proc.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000ULL

/* Process `pid` that started at `start_ms`, child of 1. */
static struct ev_proc who(uint32_t pid, uint64_t start_ms, const char *comm, uint64_t at_ms)
{
	struct ev_proc ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.start_ns = start_ms * MS;
	ev.parent_start_ns = 10 * MS;
	ev.pid = pid;
	ev.ppid = 1;
	ev.uid = 1000;
	memcpy(ev.comm, comm, strlen(comm));
	return ev;
}

static void begins(struct proc_table *t, uint32_t pid, uint64_t start_ms, const char *comm)
{
	struct ev_proc ev = who(pid, start_ms, comm, start_ms);

	tap_is_int(proc_fork(t, &ev), 0, "%u begins", pid);
}

static void execs(struct proc_table *t, struct ev_proc ev, const char *args, size_t len)
{
	struct ev_exec exec;

	memset(&exec, 0, sizeof(exec));
	exec.proc = ev;
	exec.proc.hdr.type = EV_EXEC;
	exec.args_len = (uint32_t)len;
	memcpy(exec.args, args, len);
	tap_is_int(proc_exec(t, &exec), 0, "%u is %s", ev.pid, ev.comm);
}

static void ends(struct proc_table *t, uint32_t pid, uint64_t start_ms, uint64_t at_ms)
{
	struct ev_proc ev = who(pid, start_ms, "any", at_ms);

	tap_is_int(proc_exit(t, &ev), 0, "%u ends", pid);
}

/* What an owner seen at act_ms as "old" of uid 0 is called at at_ms. */
static const char *name_of(const struct proc_table *t, uint32_t pid, uint64_t start_ms, uint64_t act_ms, uint64_t at_ms)
{
	static struct owner o;

	o = (struct owner){.pid = pid, .tid = 77, .start_ns = start_ms * MS, .act_ns = act_ms * MS, .comm = "old"};
	proc_name_owner(t, &o, at_ms * MS);
	if (strcmp(o.comm, "old"))
		tap_ok(!strcmp(o.tcomm, o.comm) && o.uid == 1000 && o.tid == (act_ms < at_ms ? pid : 77),
			"with its user and thread");
	return o.comm;
}

static void test_identity(void)
{
	struct proc_table *t = proc_table_new(16);

	begins(t, 5, 100, "first");
	ends(t, 5, 100, 200);
	begins(t, 5, 300, "second");
	tap_is_str(proc_find(t, 5, 100 * MS)->names[0].comm, "first", "a number used again");
	tap_is_str(proc_find(t, 5, 300 * MS)->names[0].comm, "second", "is another process");
	tap_is_int(proc_find(t, 5, 0)->start_ns, 300 * MS, "which is the one that is asked about");
	tap_ok(!proc_find(t, 5, 200 * MS), "a third does not exist");
	tap_ok(!proc_find(t, 6, 100 * MS) && !proc_find(t, 6, 0), "nor another number");
	tap_is_int(proc_find(t, 5, 100 * MS)->exit_ns, 200 * MS, "the first ended then");
	tap_is_int(proc_find(t, 5, 309 * MS)->start_ns, 300 * MS, "/proc tells a start in ticks");
	ends(t, 5, 300, 400);
	ends(t, 5, 300, 401);
	tap_is_int(proc_find(t, 5, 0)->exit_ns, 400 * MS, "an end told twice, by its last two threads, is the first");
	begins(t, 6, 500, "lost");
	begins(t, 6, 600, "next");
	tap_is_int(proc_find(t, 6, 500 * MS)->exit_ns, 600 * MS, "an end that was not told");
	tap_ok(proc_find(t, 6, 0)->exit_ns == UINT64_MAX, "the other is alive");
	proc_table_free(t);
	proc_table_free(NULL);
}

static void test_names(void)
{
	struct proc_table *t = proc_table_new(16);

	begins(t, 5, 100, "sh");
	execs(t, who(5, 100, "env", 110), "env\0cat\0", 8);
	execs(t, who(5, 100, "cat", 120), "cat\0", 4);
	tap_is_str(name_of(t, 5, 100, 105, 109), "old", "before the exec nothing changes");
	tap_is_str(name_of(t, 5, 100, 105, 110), "env", "from it on it is another program");
	tap_is_str(name_of(t, 5, 100, 105, 130), "cat", "and after the next one that");
	tap_is_str(name_of(t, 5, 100, 120, 130), "old", "who acted since has its own name");
	tap_is_str(name_of(t, 5, 100, 130, 119), "env", "before: who acted later");
	tap_is_str(name_of(t, 5, 100, 0, 130), "old", "when it was seen is not known");
	tap_is_str(name_of(t, 5, 200, 105, 130), "old", "another process");
	tap_is_int(proc_find(t, 5, 0)->args_len, 3, "its arguments");
	tap_is_str(proc_find(t, 5, 0)->args, "cat", "are the last ones");
	for (unsigned int i = 0; i < 40; i++)
		execs(t, who(5, 100, "again", 200 + i), "again\0x", 7);
	tap_is_int(proc_find(t, 5, 0)->name_cnt, 16, "the last names are kept");
	tap_is_int(proc_find(t, 5, 0)->names[15].since_ns, 239 * MS, "to the very last");
	proc_table_free(t);
}

/* prctl: the same program, its threads and its user go on. */
static void test_renames(void)
{
	struct proc_table *t = proc_table_new(16);
	struct owner thread = {.pid = 5, .tid = 6, .start_ns = 100 * MS, .act_ns = 105 * MS, .comm = "old", .tcomm = "pool"};
	struct owner first = {.pid = 5, .tid = 5, .start_ns = 100 * MS, .act_ns = 105 * MS, .comm = "old", .tcomm = "old"};
	struct ev_proc ev = who(5, 100, "worker", 110);

	begins(t, 5, 100, "old");
	ev.hdr.type = EV_RENAME;
	memcpy(ev.comm + 8, "garbage", 7);
	tap_is_int(proc_renamed(t, &ev), 0, "it gives itself a name");
	proc_name_owner(t, &thread, 109 * MS);
	tap_is_str(thread.comm, "old", "before that it has its old one");
	proc_name_owner(t, &thread, 120 * MS);
	tap_ok(!strcmp(thread.comm, "worker") && !strcmp(thread.tcomm, "pool") && thread.tid == 6 && !thread.uid,
		"then another, and a thread of it has its own as before");
	tap_ok(!memcmp(thread.comm, "worker\0\0\0\0\0\0\0\0\0", EV_COMM_LEN), "behind the name there is nothing");
	proc_name_owner(t, &first, 120 * MS);
	tap_ok(!strcmp(first.comm, "worker") && !strcmp(first.tcomm, "worker") && !first.uid, "the first thread's is its name");
	first.act_ns = 120 * MS;
	strcpy(first.comm, "as seen");
	proc_name_owner(t, &first, 105 * MS);
	tap_is_str(first.comm, "as seen", "one that is seen later keeps the name it is known by then");
	proc_table_free(t);
}

static void test_disorder(void)
{
	struct proc_table *t = proc_table_new(16);
	struct ev_proc fork = who(5, 100, "sh", 100);

	ends(t, 5, 100, 130);
	execs(t, who(5, 100, "cat", 120), "cat\0", 4);
	execs(t, who(5, 100, "env", 110), "env\0", 4);
	tap_is_int(proc_fork(t, &fork), 0, "the fork comes last");
	tap_is_str(name_of(t, 5, 100, 105, 115), "env", "names have their times");
	tap_is_str(name_of(t, 5, 100, 105, 125), "cat", "all of them");
	tap_is_str(name_of(t, 5, 100, 115, 100), "sh", "the fork's, too");
	tap_is_str(proc_find(t, 5, 0)->args, "cat", "the arguments are those of the last exec");
	tap_is_int(proc_find(t, 5, 0)->exit_ns, 130 * MS, "it ended");
	proc_table_free(t);
}

static bool append(void *ctx, const struct proc *child)
{
	char *list = ctx;

	sprintf(list + strlen(list), " %u", child->pid);
	return child->pid == 99;
}

static const char *children_of(const struct proc_table *t, uint32_t pid)
{
	static char list[64];

	list[0] = 0;
	tap_ok(!proc_children(t, proc_find(t, pid, 0), append, list), "all children of %u", pid);
	return list;
}

static void test_family(void)
{
	struct proc_table *t = proc_table_new(16);
	struct ev_proc child = who(6, 120, "a", 120), other = who(7, 130, "b", 130);
	char list[64] = "";

	begins(t, 5, 100, "sh");
	execs(t, who(5, 100, "sh", 101), "sh\0-c\0x\0", 8);
	child.ppid = other.ppid = 5;
	child.parent_start_ns = other.parent_start_ns = 100 * MS;
	proc_fork(t, &child);
	proc_fork(t, &other);
	tap_is_int(proc_find(t, 6, 0)->ppid, 5, "a child's parent");
	tap_is_int(proc_find(t, 6, 0)->args_len, 7, "it runs its parent's program");
	ends(t, 6, 120, 140);
	tap_is_str(children_of(t, 5), " 7 6", "the youngest first, the dead ones, too");
	child.pid = 99;
	child.start_ns = 140 * MS;
	proc_fork(t, &child);
	tap_ok(proc_children(t, proc_find(t, 5, 0), append, list), "until one will do");
	tap_is_str(list, " 99", "and no further");
	ends(t, 5, 100, 200);
	begins(t, 5, 300, "sh");
	tap_is_str(children_of(t, 5), "", "children of who had the number before are not its own");
	proc_table_free(t);
}

#define ID "4f5c1a0b9e8d7c6b5a49382716051423f0e1d2c3b4a5968778695a4b3c2d1e0f"

static void test_noted(void)
{
	struct proc_table *t = proc_table_new(16);
	struct ev_proc seen = who(5, 100, "sh", 150), child = who(6, 200, "sh", 200);

	tap_is_int(proc_note(t, &seen, "sh\0-i\0", 6, "0::/docker/" ID "\n"), 0, "one that was there before");
	tap_is_str(proc_find(t, 5, 0)->container, "4f5c1a0b9e8d", "its container");
	tap_is_str(proc_find(t, 5, 0)->cgroup, "/docker/" ID, "its cgroup");
	tap_is_int(proc_find(t, 5, 0)->args_len, 5, "its command line");
	tap_is_str(name_of(t, 5, 100, 90, 160), "old", "of an exec nothing is known");
	child.ppid = 5;
	child.parent_start_ns = 100 * MS + 7; /* the kernel tells more than /proc */
	proc_fork(t, &child);
	tap_is_str(proc_find(t, 6, 0)->container, "4f5c1a0b9e8d", "a child is in its parent's");
	child.cgroup_id = 55;
	execs(t, child, "sh", 2);
	tap_is_str(proc_find(t, 6, 0)->container, "4f5c1a0b9e8d", "still, when the number of the cgroup is told");
	child.cgroup_id = 56;
	execs(t, child, "sh", 2);
	tap_ok(!proc_find(t, 6, 0)->container, "not in another cgroup");
	tap_is_int(proc_note(t, &child, NULL, 0, NULL), 0, "nothing could be read of it");
	tap_is_str(proc_find(t, 6, 0)->args, "sh", "what records told stays");
	tap_is_int(proc_note(t, &child, "sh\0long", 7, "0::/\n"), 0, "more than a record holds");
	tap_is_int(proc_find(t, 6, 0)->args_len, 7, "is taken");
	tap_ok(!proc_find(t, 6, 0)->container, "the root is no container");
	proc_table_free(t);
}

static void test_bounds(void)
{
	struct proc_table *t = proc_table_new(4);

	for (uint32_t pid = 1; pid <= 4; pid++)
		begins(t, pid, 100 * pid, "x");
	ends(t, 3, 300, 1000);
	ends(t, 2, 200, 1010);
	begins(t, 5, 2000, "x");
	tap_is_int(proc_count(t), 4, "no more than it may hold");
	tap_ok(!proc_find(t, 3, 0) && proc_find(t, 2, 0), "who ended first is forgotten first");
	begins(t, 6, 2100, "x");
	tap_ok(!proc_find(t, 2, 0) && proc_find(t, 1, 0), "then who ended next");
	begins(t, 7, 2200, "x");
	tap_ok(!proc_find(t, 1, 0) && proc_find(t, 4, 0), "then who was known first");
	ends(t, 8, 2300, 2310);
	tap_ok(proc_find(t, 8, 0) && !proc_find(t, 4, 0), "but not the one just told of");
	proc_table_free(t);
}

int main(void)
{
	test_identity();
	test_names();
	test_renames();
	test_disorder();
	test_family();
	test_noted();
	test_bounds();
	return tap_done();
}
