/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/netns_list.c src/source/netns.c src/base/sysroot.c src/base/buf.c src/base/log.c src/base/patient.c src/base/clock.c */
/* Which network namespaces there are, and how they are opened, in a made-up /run and /proc. Of real namespaces there is one. */
#include "source/netns_list.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <unistd.h>

static char prefix[PATH_MAX];
static const struct sysroot root = {prefix};
static struct netns own;

static void add_link(const char *name, const char *target)
{
	char path[PATH_MAX], dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s.dir", name);
	tmpdir_write(dir, "", 0); /* makes the directories above */
	unlink(tmpdir_path(path, dir));
	if (symlink(target, tmpdir_path(path, name)))
		tap_ok(false, "symlink %s", path);
}

static void make_tree(void)
{
	tmpdir_path(prefix, "");
	prefix[strlen(prefix) - 1] = 0; /* a prefix has no slash behind it */
	add_link("proc/1/ns/net", "net:[101]");
	add_link("proc/2/ns/net", "net:[101]");
	add_link("proc/30/ns/net", "net:[202]");
	add_link("proc/31/ns/net", "net:[101]");
	add_link("proc/32/ns/net", "net:[202]");
	add_link("proc/33/ns/net", "mnt:[303]");
	add_link("proc/self/ns/net", "net:[404]");
	tmpdir_write("proc/34/stat", "", 0);
}

static void test_processes(void)
{
	struct netns_list list;

	tap_is_int(netns_list_read(&root, true, &list), 0, "no names yet");
	tap_is_int(list.cnt, 2, "each namespace once, of whatever kind no other");
	tap_ok(netns_list_find(&list, 101) && netns_list_find(&list, 202), "those of the processes");
	tap_ok(!netns_list_find(&list, 303) && !netns_list_find(&list, 404), "and no other");
	tap_ok(!netns_list_find(&list, 202)->name && netns_list_find(&list, 202)->pid >= 30, "by a process in it");
	netns_list_free(&list);
	tap_is_int(netns_list_read(&root, false, &list), 0, "names only");
	tap_is_int(list.cnt, 0, "of which there are none");
	netns_list_free(&list);
}

static void test_names(void)
{
	const struct netns_entry *e;
	struct netns_list list;

	add_link("run/netns/m", "/proc/self/ns/net");
	add_link("run/netns/b", "/proc/self/ns/net");
	add_link("run/netns/z", "/proc/self/ns/net");
	tmpdir_write("run/netns/a-left-over", "", 0);
	tap_is_int(netns_list_read(&root, true, &list), 0, "names and processes");
	tap_is_int(list.cnt, 3, "a plain file is no namespace");
	e = netns_list_find(&list, own.inode);
	tap_is_str(e ? e->name : NULL, "b", "of several names the first");
	netns_list_free(&list);
}

static void test_open(void)
{
	struct netns_entry e = {.inode = own.inode, .name = (char *)"b"};
	struct netns ns = {.fd = -1};
	char path[PATH_MAX];

	tmpdir_write("plain", "", 0);
	tap_is_int(netns_open(tmpdir_path(path, "nosuch"), NULL, &ns), -ENOENT, "no such file");
	tap_is_int(netns_open(tmpdir_path(path, "plain"), NULL, &ns), -EINVAL, "a file that is no namespace");
	tap_is_int(netns_open("/proc/self/ns/uts", NULL, &ns), -EINVAL, "a namespace of another kind");
	tap_ok(!mkfifo(tmpdir_path(path, "fifo"), 0600) && netns_open(path, NULL, &ns) == -EINVAL, "one that would wait");
	tap_is_int(netns_inode_at(path), 0, "which has no number");
	tap_is_int(netns_inode_at("/proc/self/ns/net"), own.inode, "that of a namespace");
	if (geteuid()) {
		tap_is_int(netns_open("/proc/self/ns/net", NULL, &ns), -EPERM, "one that may not be entered");
		return;
	}
	tap_is_int(netns_list_open(&root, &e, &ns), 0, "one of the list");
	tap_is_str(ns.name, "b", "has its name");
	tap_ok(ns.inode == own.inode && ns.fd >= 0, "and a descriptor");
	netns_close(&ns);
	tap_is_int(ns.fd, -1, "that is closed");
	e.inode++;
	tap_is_int(netns_list_open(&root, &e, &ns), -ESTALE, "another has the name by now");
	e = (struct netns_entry){.inode = 7, .pid = 99};
	tap_is_int(netns_list_open(&root, &e, &ns), -ENOENT, "its process is gone");
	tap_is_int(netns_open("/proc/self/ns/net", NULL, &ns), 0, "one without a name");
	snprintf(path, sizeof(path), "net:%u", own.inode);
	tap_is_str(ns.name, path, "is called by its number");
	netns_close(&ns);
}

static int count(void *ctx)
{
	return ++*(int *)ctx;
}

int main(void)
{
	int n = 4;

	tap_is_int(netns_own(&own), 0, "our own");
	tap_ok(own.inode && own.fd == -1 && !*own.name, "has a number and no name");
	tap_is_int(netns_in(-1, count, &n), 5, "in our own a function is simply called");
	make_tree();
	test_processes();
	test_names();
	test_open();
	return tap_done();
}
