/* SPDX-License-Identifier: BSD-2-Clause */
/* links: kheaders/tar.c kheaders/made.c kheaders/kheaders.c kheaders/installed.c kheaders/tree.c
 * kheaders/path.c kheaders/remedy.c kheaders/btf.c kheaders/btf_dump.c kheaders/btf_text.c compat/kver.c
 * src/base/sysroot.c src/base/buf.c -larchive -lbpf -lmd */
/* kheaders.tar.xz: unpacked once, reused, and what a hostile one cannot do. */
#include "tap.h"
#include "tmpdir.h"
#include "kheaders/kheaders_int.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

static char cache[PATH_MAX], prefix[PATH_MAX];

/* A member of an archive made here. */
struct member {
	const char *name;
	int type;	     /* AE_IFREG ... */
	const char *content; /* of a file; where a symlink or, with type 0, a hard link leads */
};

static void write_member(struct archive *a, const struct member *m)
{
	struct archive_entry *e = archive_entry_new();
	size_t len = m->type == AE_IFREG && m->content ? strlen(m->content) : 0;

	archive_entry_set_pathname(e, m->name);
	archive_entry_set_filetype(e, m->type ? (unsigned int)m->type : AE_IFREG);
	archive_entry_set_perm(e, 0755);
	archive_entry_set_size(e, (int64_t)len);
	if (m->type == AE_IFLNK)
		archive_entry_set_symlink(e, m->content);
	if (!m->type)
		archive_entry_set_hardlink(e, m->content);
	tap_ok(archive_write_header(a, e) == ARCHIVE_OK &&
			archive_write_data(a, m->content, len) == (la_ssize_t)len,
		"archive: %s", m->name);
	archive_entry_free(e);
}

/* Puts an archive of a usable tree and `extra` where the kernel has it. */
static void make_archive(const struct member *extra)
{
	static const struct member usual[] = {
		{"./", AE_IFDIR, NULL},
		{"./include/linux/kconfig.h", AE_IFREG, "#include <generated/autoconf.h>\n"},
		{"./include/generated/utsrelease.h", AE_IFREG, "#define UTS_RELEASE \"5.15.0-test\"\n"},
	};
	static char data[65536];
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format_gnutar(a);
	archive_write_add_filter_xz(a);
	tap_is_int(archive_write_open_memory(a, data, sizeof(data), &used), ARCHIVE_OK, "an archive");
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		write_member(a, &usual[i]);
	if (extra)
		write_member(a, extra);
	tap_is_int(archive_write_close(a), ARCHIVE_OK, "is whole");
	archive_write_free(a);
	tmpdir_write("root/sys/kernel/kheaders.tar.xz", data, used);
}

static int resolve(bool dry_run, struct kheaders *kh)
{
	struct kheaders_opts opts = {
		.root = {prefix}, .release = "5.15.0-test", .cache_dir = cache, .dry_run = dry_run};

	return kheaders_resolve(&opts, kh);
}

static void empty_cache(void)
{
	nftw(cache, tmpdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	tap_is_int(mkdir(cache, 0700), 0, "an empty cache");
}

static void test_good(void)
{
	static const struct member inside = {"include/asm", AE_IFLNK, "../include/linux"};
	char path[PATH_MAX], target[PATH_MAX];
	struct kheaders kh;
	ino_t first;

	make_archive(&inside);
	tap_is_int(resolve(true, &kh), 0, "a dry run finds it");
	tap_ok(strstr(kh.findings[KHEADERS_TAR].why, "to be unpacked") != NULL, "and says what it would do");
	tap_is_int(tmpdir_count(cache), 0, "and makes nothing");
	tap_is_int(resolve(false, &kh), 0, "it is unpacked");
	tap_is_int(kh.kind, KHEADERS_TAR, "and chosen");
	tap_is_str(kh.release, "5.15.0-test", "it says its release");
	tap_is_str(kh.source, kh.build, "it is not split");
	tap_is_int(strncmp(kh.build, cache, strlen(cache)), 0, "it lies in the cache");
	snprintf(path, sizeof(path), "%.4000s/include/asm", kh.build);
	tap_is_int(readlink(path, target, sizeof(target)), strlen("../include/linux"),
		"a link inside the tree stays");
	tap_is_int(tmpdir_count(cache), 1, "nothing is left beside it");

	first = tmpdir_inode(kh.build);
	tap_is_int(resolve(false, &kh), 0, "the next run");
	tap_is_int(tmpdir_inode(kh.build), first, "takes the same tree");
	snprintf(path, sizeof(path), "%.4000s/include/linux/kconfig.h", kh.build);
	tap_is_int(unlink(path), 0, "somebody tears it apart");
	tap_is_int(resolve(false, &kh), 0, "the next run");
	tap_is_int(access(path, R_OK), 0, "makes it anew");
	empty_cache();
}

/* The archive is refused as a whole, and nothing of it stays. */
static void refuses(const struct member *extra, const char *why)
{
	char want[512], outside[PATH_MAX];
	struct kheaders kh;

	make_archive(extra);
	tap_ok(resolve(false, &kh) < 0, "refused");
	snprintf(want, sizeof(want), "/sys/kernel/kheaders.tar.xz: %s", why);
	tap_is_str(kh.findings[KHEADERS_TAR].why, want, "saying which member");
	tap_is_int(tmpdir_count(cache), 0, "the cache is empty");
	tap_ok(access(tmpdir_path(outside, "evil"), F_OK) && access("/tmp/pidtap-evil", F_OK),
		"nothing is outside");
}

static void test_hostile(void)
{
	static const struct member above = {"include/../../../evil", AE_IFREG, "x"};
	static const struct member first = {"../evil", AE_IFREG, "x"};
	static const struct member absolute = {"/tmp/pidtap-evil", AE_IFREG, "x"};
	static const struct member link_out = {"include/out", AE_IFLNK, "../../evil"};
	static const struct member link_absolute = {"include/out", AE_IFLNK, "/tmp"};
	static const struct member hard = {"include/hard", 0, "/etc/passwd"};
	static const struct member pipe = {"include/pipe", AE_IFIFO, NULL};
	static const struct member twice = {"include/linux/kconfig.h", AE_IFREG, "other"};
	static const struct member under_file = {"include/linux/kconfig.h/x", AE_IFREG, "x"};
	static const struct member escape = {"\033[2J/../x", AE_IFREG, "x"};

	refuses(&above, "refused, member include/../../../evil leaves the tree or is no plain file");
	refuses(&first, "refused, member ../evil leaves the tree or is no plain file");
	refuses(&absolute, "refused, member /tmp/pidtap-evil leaves the tree or is no plain file");
	refuses(&link_out, "refused, member include/out leaves the tree or is no plain file");
	refuses(&link_absolute, "refused, member include/out leaves the tree or is no plain file");
	refuses(&hard, "refused, member include/hard leaves the tree or is no plain file");
	refuses(&pipe, "refused, member include/pipe leaves the tree or is no plain file");
	refuses(&twice, "cannot unpack include/linux/kconfig.h: File exists");
	refuses(&under_file, "cannot unpack include/linux/kconfig.h/x: Not a directory");
	refuses(&escape, "refused, member ?[2J/../x leaves the tree or is no plain file");
}

static void test_damaged(void)
{
	struct kheaders kh;

	tmpdir_write("root/sys/kernel/kheaders.tar.xz",
		"\xfd"
		"7zXZ\0 and then nothing",
		22);
	tap_ok(resolve(false, &kh) < 0, "a damaged archive is refused");
	tap_ok(strstr(kh.findings[KHEADERS_TAR].why, "is damaged") != NULL, "saying so: %s",
		kh.findings[KHEADERS_TAR].why);
	tmpdir_write("root/sys/kernel/kheaders.tar.xz", "", 0);
	tap_ok(resolve(false, &kh) < 0, "an empty one, too");
	tap_is_int(tmpdir_count(cache), 0, "nothing is left");
	tap_is_int(rmdir(cache), 0, "without a cache");
	make_archive(NULL);
	tap_ok(resolve(false, &kh) < 0, "nothing can be unpacked");
	tap_ok(strstr(kh.findings[KHEADERS_TAR].why, "cannot make ") != NULL, "saying what");
	tap_is_int(resolve(true, &kh), 0, "but a dry run needs none");
	empty_cache();
}

/* An archive a distribution could have made, by GNU tar. */
static void test_captured(void)
{
	struct kheaders_opts opts = {
		.root = {"tests/sysroot/ikheaders"}, .release = "5.15.0-0-custom", .cache_dir = cache};
	char path[PATH_MAX];
	struct kheaders kh;

	tap_is_int(kheaders_resolve(&opts, &kh), 0, "a captured archive");
	tap_is_int(kh.kind, KHEADERS_TAR, "is unpacked");
	tap_is_str(kh.release, "5.15.0-0-custom", "its release");
	snprintf(path, sizeof(path), "%.4000s/arch/x86/include/asm/page.h", kh.build);
	tap_is_int(access(path, R_OK), 0, "and its files");
}

static void names(const char *name, const char *want)
{
	char out[PATH_MAX];
	bool ok = kh_member_name(name, out);

	tap_ok(ok == (want != NULL), "'%.20s' is %s", name, want ? "a member" : "none");
	if (ok && want)
		tap_is_str(out, want, "by that name");
}

static void test_names(void)
{
	static char too_long[PATH_MAX + 10];

	names("a/b", "a/b");
	names("./a//b/./c/", "a/b/c");
	names("./", "");
	names("", "");
	names("..a/b..", "..a/b..");
	names("/a", NULL);
	names("..", NULL);
	names("a/..", NULL);
	names("a/../b", NULL);
	memset(too_long, 'a', sizeof(too_long) - 1);
	names(too_long, NULL);
	tap_ok(kh_link_inside("a/b", "c"), "a link beside itself");
	tap_ok(kh_link_inside("a/b", "../c"), "a link to the top");
	tap_ok(kh_link_inside("a/b", "./c/../../d"), "a link down and up");
	tap_ok(!kh_link_inside("a", "../c"), "a link above the top");
	tap_ok(!kh_link_inside("a/b", "../../c"), "a link above the top from below");
	tap_ok(!kh_link_inside("a/b", "../../a/c"), "a link that leaves and comes back");
	tap_ok(!kh_link_inside("a/b", "/c"), "an absolute link");
}

/* What tar.c never asks for, kh_made_* refuses by itself. */
static void test_made(void)
{
	char outside[PATH_MAX];
	struct kh_made m;

	tmpdir_path(outside, "evil");
	tap_is_int(kh_made_find(&m, cache, "made"), 0, "a new tree");
	tap_is_int(kh_made_begin(&m), 0, "begun");
	tap_is_int(kh_made_file(&m, "../../evil", "x", 1), -EINVAL, "no file above it");
	tap_is_int(kh_made_file(&m, "a/../../../evil", "x", 1), -EINVAL, "nor by a detour");
	tap_is_int(kh_made_file(&m, "/tmp/pidtap-evil", "x", 1), -EINVAL, "nor by an absolute path");
	tap_is_int(kh_made_dir(&m, ".."), -EINVAL, "no directory above it");
	tap_is_int(kh_made_link(&m, "out", tmpdir_top), 0, "a symlink to the outside");
	tap_ok(kh_made_file(&m, "out/evil", "x", 1) < 0, "is not followed");
	tap_ok(kh_made_file(&m, "out", "x", 1) < 0, "nor written through");
	tap_ok(access(outside, F_OK), "nothing is outside");
	kh_made_abort(&m);
	kh_made_abort(&m);
	tap_is_int(kh_made_find(&m, cache, "made"), 0, "aborted, it is not there");
}

int main(void)
{
	tmpdir_path(prefix, "root");
	tmpdir_path(cache, "cache");
	mkdir(cache, 0700);
	test_good();
	test_hostile();
	test_damaged();
	test_captured();
	test_names();
	test_made();
	return tap_done();
}
