/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/build_cache.c src/source/bundle.c src/source/bundle_file.c src/base/buf.c src/base/log.c src/base/patient.c src/base/clock.c
 * -lmd */
#include "base/log.h"
#include "source/build_int.h"
#include "stderr.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bpf_insn insns[] = {{BPF_JMP | BPF_EXIT}};
static struct bundle_prog progs[] = {{"tc_egress", insns, 1, NULL, 0}};
static struct bundle sample = {
	.key = {.release = "6.1.0", .text = "text"}, .license = "GPL", .progs = progs, .prog_cnt = 1};

static char top[] = "/tmp/test_build_cache.XXXXXX";
static char words[4096]; /* what was printed by the last call of a function _saying */

static int open_saying(const char *dir)
{
	struct caught c;
	int err;

	catch_begin(&c, stderr);
	err = build_cache_open(dir);
	catch_end(&c, words, sizeof(words));
	return err;
}

static int get_saying(const char *dir, const struct bundle_key *key)
{
	struct bundle b = {0};
	struct caught c;
	int err;

	catch_begin(&c, stderr);
	err = build_cache_get(dir, key, &b);
	catch_end(&c, words, sizeof(words));
	bundle_free(&b);
	return err;
}

static bool one_line(const char *part)
{
	const char *end = strchr(words, '\n');

	return end && !end[1] && strstr(words, part);
}

static int count_files(const char *dir, char path[PATH_MAX])
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int cnt = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, PATH_MAX, "%s/%s", dir, e->d_name);
		cnt++;
	}
	if (d)
		closedir(d);
	return cnt;
}

static void test_directory(void)
{
	char dir[128], link[128];
	struct stat st = {0};

	snprintf(dir, sizeof(dir), "%s/var/cache/pidtap", top);
	snprintf(link, sizeof(link), "%s/link", top);
	tap_is_int(open_saying(dir), 0, "makes the directory and its parents");
	tap_ok(!stat(dir, &st) && (st.st_mode & 07777) == 0700, "for nobody else");
	tap_is_int(open_saying(dir), 0, "takes one that is there");
	tap_is_str(words, "", "without a word");
	chmod(dir, 0770);
	tap_is_int(open_saying(dir), -EPERM, "not one its group can write to");
	tap_ok(one_line("written to by others") && one_line(dir), "said in one line: %s", words);
	chmod(dir, 0702);
	tap_is_int(open_saying(dir), -EPERM, "not one anybody can write to");
	chmod(dir, 0755);
	tap_is_int(open_saying(dir), 0, "others may look");
	tap_is_int(symlink(dir, link), 0, "a symbolic link to it");
	tap_is_int(open_saying(link), -EPERM, "is not followed");
	tap_ok(one_line("symbolic link"), "said in one line");
	tap_is_int(unlink(link) || (close(open(link, O_CREAT | O_WRONLY, 0600)), 0), 0, "a file");
	tap_is_int(open_saying(link), -EPERM, "is no directory");
	tap_is_int(open_saying(""), -ENOENT, "no name");
	if (!chown(dir, 65534, 0)) {
		tap_is_int(open_saying(dir), geteuid() == 65534 ? 0 : -EPERM, "not another user's");
		tap_ok(one_line("another user"), "said in one line");
	} else {
		printf("# not root: another user's directory is not tried\n");
	}
}

static void test_keep(void)
{
	char dir[128], path[PATH_MAX], other[PATH_MAX];
	struct bundle_key foreign = sample.key;
	struct bundle another = sample;
	struct stat st = {0};

	snprintf(dir, sizeof(dir), "%s/keep", top);
	tap_is_int(open_saying(dir), 0, "a directory");
	tap_is_int(get_saying(dir, &sample.key), -ENOENT, "nothing in it");
	tap_is_str(words, "", "which is no news");
	build_cache_put(dir, &sample);
	tap_is_int(count_files(dir, path), 1, "one file is kept");
	tap_ok(!stat(path, &st) && (st.st_mode & 07777) == 0600, "for nobody else");
	tap_is_int(get_saying(dir, &sample.key), 0, "and found");

	strcpy(foreign.flags, "other");
	tap_is_int(get_saying(dir, &foreign), -ENOENT, "not under another key");
	another.key = foreign;
	build_cache_put(dir, &another);
	tap_is_int(count_files(dir, other), 2, "another key has a file of its own");
	tap_is_int(get_saying(dir, &sample.key), 0, "the first is still there");
	tap_is_int(get_saying(dir, &foreign), 0, "as is the second");
}

static void test_damaged(void)
{
	char dir[128], path[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/damaged", top);
	tap_is_int(open_saying(dir), 0, "a directory");
	build_cache_put(dir, &sample);
	tap_is_int(count_files(dir, path), 1, "one file");
	tap_is_int(truncate(path, 100), 0, "cut short");
	tap_is_int(get_saying(dir, &sample.key), -ENOENT, "is not taken");
	tap_ok(one_line("damaged") && one_line(path), "said in one line: %s", words);
	build_cache_put(dir, &sample);
	tap_is_int(get_saying(dir, &sample.key), 0, "and replaced");
	tap_is_int(unlink(path) || symlink("/dev/zero", path), 0, "a symbolic link in its place");
	tap_is_int(get_saying(dir, &sample.key), -ENOENT, "is not followed");
	tap_ok(one_line("symbolic link"), "said in one line");
	build_cache_put(dir, &sample);
	tap_is_int(get_saying(dir, &sample.key), 0, "and replaced, not written through");
	tap_is_int(chmod(path, 0620), 0, "one that a group can write to");
	tap_is_int(get_saying(dir, &sample.key), -ENOENT, "is not believed");
	tap_ok(one_line("written by others"), "said in one line: %s", words);
}

static void test_foreign(void)
{
	char dir[128], path[PATH_MAX];
	struct bundle foreign = sample;

	snprintf(dir, sizeof(dir), "%s/foreign", top);
	tap_is_int(open_saying(dir), 0, "a directory");
	build_cache_put(dir, &sample);
	tap_is_int(count_files(dir, path), 1, "one file");
	strcpy(foreign.key.headers, "other");
	tap_is_int(bundle_write(path, &foreign), 0, "of another key");
	tap_is_int(get_saying(dir, &sample.key), -ENOENT, "is not taken");
	tap_ok(one_line("other kernel headers"), "said in one line: %s", words);
}

static void test_bounded(void)
{
	char dir[128], path[PATH_MAX];
	struct bundle b = sample;

	snprintf(dir, sizeof(dir), "%s/bounded", top);
	tap_is_int(open_saying(dir), 0, "a directory");
	snprintf(path, sizeof(path), "%s/headers", dir);
	tap_is_int(mkdir(path, 0700), 0, "something that is not a bundle");
	for (int i = 0; i < BUILD_CACHE_KEEP + 5; i++) {
		/* mtime has the grain of the kernel's tick: set by hand, so that the order is certain. */
		struct timespec at[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};

		snprintf(b.key.text, sizeof(b.key.text), "%d", i);
		snprintf(path, sizeof(path), "%s/bundle-%d", dir, i);
		tap_ok(!bundle_write(path, &b) && !utimensat(AT_FDCWD, path, at, 0), "bundle %d", i);
	}
	build_cache_put(dir, &sample);
	tap_is_int(
		count_files(dir, path), BUILD_CACHE_KEEP + 1, "no more than the limit, and what is not ours");
	tap_is_int(get_saying(dir, &sample.key), 0, "the newest is there");
	snprintf(path, sizeof(path), "%s/bundle-5", dir);
	tap_ok(access(path, F_OK), "the oldest went");
	snprintf(path, sizeof(path), "%s/bundle-6", dir);
	tap_ok(!access(path, F_OK), "those within the limit did not");
}

static void test_tmp(void)
{
	char path[PATH_MAX], deep[PATH_MAX + 16];
	struct stat st = {0};

	setenv("TMPDIR", top, 1);
	tap_is_int(build_tmp_make(path), 0, "a temporary directory");
	tap_ok(!strncmp(path, top, strlen(top)), "under TMPDIR");
	tap_ok(!stat(path, &st) && (st.st_mode & 07777) == 0700, "for nobody else");
	snprintf(deep, sizeof(deep), "%s/a", path);
	tap_is_int(mkdir(deep, 0755), 0, "something in it");
	snprintf(deep, sizeof(deep), "%s/a/f", path);
	tap_is_int(symlink("/etc", deep), 0, "and a link out of it");
	build_tmp_remove(path);
	tap_ok(access(path, F_OK) && !access("/etc", F_OK), "goes with what is in it, and no more");
}

int main(void)
{
	tap_ok(mkdtemp(top), "a place");
	test_directory();
	test_keep();
	test_damaged();
	test_foreign();
	test_bounded();
	test_tmp();
	build_tmp_remove(top);
	return tap_done();
}
