/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/procfd.c src/source/procs.c src/base/clock.c src/base/sysroot.c src/base/buf.c */
#include "source/procfd.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#define PARENT 10
#define CHILD 12
#define ZOMBIE 14
#define INO 77

static void write_text(const char *name, const char *text)
{
	tmpdir_write(name, text, strlen(text));
}

static void add_fd(unsigned int pid, int fd, const char *target)
{
	char name[64], path[PATH_MAX];

	snprintf(name, sizeof(name), "proc/%u/fd/none", pid);
	write_text(name, "");
	snprintf(name, sizeof(name), "proc/%u/fd/%d", pid, fd);
	if (symlink(target, tmpdir_path(path, name)))
		tap_ok(false, "symlink %s", path);
}

/* 10 has children 11 and 12, 13 is no relative. */
static void make_proc(void)
{
	write_text("proc/10/task/10/children", "");
	write_text("proc/10/task/15/children", "11 12 ");
	write_text("proc/11/stat", "");
	write_text("proc/12/stat", "12 (a ) (b) S 10 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 1234 5 6");
	write_text("proc/12/status", "Name:\ta\nUid:\t1000\t0\t0\t0\n");
	write_text("proc/13/stat", "13 (x");
	write_text("proc/14/stat", "14 (S) Z 10 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 1234 5 6");
	write_text("proc/self/stat", "");
	add_fd(10, 0, "/dev/null");
	add_fd(11, 3, "socket:[770]");
	add_fd(12, 0, "/dev/null");
	add_fd(12, 50, "socket:[77]");
	add_fd(13, 4, "socket:[78]");
}

/* What was told; enough is told at `until`. */
struct seen {
	unsigned int cnt, of_child, of_13;
	uint64_t until;
};

static int on_socket(void *ctx, uint32_t pid, int fd, uint64_t ino)
{
	struct seen *s = ctx;

	s->cnt++;
	s->of_child += pid == CHILD && fd == 50 && ino == INO;
	s->of_13 += pid == 13 && fd == 4 && ino == 78;
	return ino == s->until ? 5 : 0;
}

static void test_each(const struct sysroot *root)
{
	struct sysroot nowhere = {"/nonexistent"};
	struct seen s = {0}, one = {.until = 78};

	tap_is_int(procfd_each(root, on_socket, &s), 0, "every socket of every process");
	tap_ok(s.cnt == 3 && s.of_child == 1 && s.of_13 == 1, "and no other file");
	tap_is_int(procfd_each(root, on_socket, &one), 5, "until it is enough");
	tap_ok(one.cnt <= 3 && one.of_13 == 1, "nothing comes after that");
	tap_is_int(procfd_each(&nowhere, on_socket, &s), -ENOENT, "no /proc");
}

int main(void)
{
	const struct sysroot root = {tmpdir_prefix()};
	struct ev_owner_val who;

	make_proc();
	tap_ok(procfd_has(&root, CHILD, INO), "a process that has the socket");
	tap_ok(!procfd_has(&root, 11, INO), "one that has one whose number begins alike");
	tap_ok(!procfd_has(&root, 99, INO), "one that is gone");
	tap_ok(!procfd_has(&root, CHILD, 0), "no inode number");
	tap_ok(!procfd_has_other(&root, CHILD, INO, 50), "by none but the one that is being closed");
	tap_ok(procfd_has_other(&root, CHILD, INO, 5), "by another than that");
	tap_is_int(procfd_number(&root, CHILD, INO, -1), 50, "by which descriptor");
	tap_is_int(procfd_number(&root, CHILD, INO, 50), 50, "by the one it had it by");
	tap_is_int(procfd_number(&root, CHILD, INO, 0), 50, "by another one now");
	tap_is_int(procfd_number(&root, 11, INO, 3), -1, "by none");
	tap_is_int(procfd_find_child(&root, PARENT, INO), CHILD, "a child of one of its threads");
	tap_is_int(procfd_find_child(&root, PARENT, 78), 0, "who has it is no child");
	tap_is_int(procfd_find_child(&root, 99, INO), 0, "children of one that is gone");
	tap_is_int(procfd_find(&root, 78, CHILD), 13, "one of all");
	tap_is_int(procfd_find(&root, 78, 13), 0, "none but the one that is left out");
	tap_is_int(procfd_find(&root, 1, 0), 0, "none of all");
	tap_is_int(procfd_owner(&root, CHILD, &who), 0, "who it is");
	tap_ok(who.pid == CHILD && who.tid == CHILD && who.uid == 1000 && who.start_ns == 12340000000ULL, "numbers");
	tap_is_str(who.comm, "a ) (b", "a name with parentheses");
	tap_ok(procfd_owner(&root, 13, &who) < 0, "a line that is cut");
	tap_ok(procfd_owner(&root, 99, &who) < 0, "a process that is gone");
	tap_ok(procfd_is_there(&root, CHILD, 12340000000ULL + 7), "a process that is there");
	tap_ok(!procfd_is_there(&root, CHILD, 12350000000ULL), "another of its number is not");
	tap_ok(!procfd_is_there(&root, ZOMBIE, 12340000000ULL), "nor is a zombie");
	tap_ok(!procfd_is_there(&root, 99, 12340000000ULL), "nor one that is gone");
	test_each(&root);
	return tap_done();
}
