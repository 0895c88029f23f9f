/* SPDX-License-Identifier: BSD-2-Clause */
/* links: kheaders/btf.c kheaders/btf_dump.c kheaders/btf_text.c kheaders/made.c kheaders/kheaders.c
 * kheaders/installed.c kheaders/tree.c kheaders/path.c kheaders/remedy.c kheaders/tar.c compat/kver.c
 * src/base/sysroot.c src/base/buf.c -larchive -lbpf -lmd */
/* The tree generated from BTF: a small blob stored in tests/sysroot/btf-only, and this machine's own. */
#include "tap.h"
#include "tmpdir.h"
#include "kheaders/kheaders_int.h"

#include <errno.h>
#include <unistd.h>

#define ROOT "tests/sysroot/btf-only"

static char cache[PATH_MAX];

static int resolve(const char *prefix, const char *release, bool dry_run, struct kheaders *kh)
{
	struct kheaders_opts opts = {
		.root = {prefix}, .release = release, .cache_dir = cache, .dry_run = dry_run};

	opts.skip = ~(1u << KHEADERS_BTF);
	return kheaders_resolve(&opts, kh);
}

/* A file of the tree; the caller frees. */
static char *file_of(const struct kheaders *kh, const char *path)
{
	struct sysroot root = {kh->build};
	char full[PATH_MAX], *text = NULL;

	snprintf(full, sizeof(full), "/%s", path);
	tap_is_int(sysroot_read(&root, full, 1 << 20, &text, NULL), 0, "%s is there", path);
	return text ? text : strdup("");
}

static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	while (at && ((at > text && at[-1] != '\n' && at[-1] != '\t') || at[strlen(line)] != '\n'))
		at = strstr(at + 1, line);
	return at != NULL;
}

static void test_tree(void)
{
	struct kheaders kh;
	char *text;

	tap_is_int(resolve(ROOT, "6.1.0-27-amd64", true, &kh), 0, "a dry run finds BTF");
	tap_ok(strstr(kh.findings[KHEADERS_BTF].why, "to be generated from " KH_BTF_PATH) != NULL,
		"and says so");
	tap_is_int(tmpdir_count(cache), 0, "and makes nothing");
	tap_is_int(resolve(ROOT, "6.1.0-27-amd64", false, &kh), 0, "a tree is generated");
	tap_is_int(kh.kind, KHEADERS_BTF, "and chosen");
	tap_is_str(kh.release, "6.1.0-27-amd64", "its release is the kernel's");
	tap_is_str(kh.source, kh.build, "it is not split");
	tap_is_int(tmpdir_count(cache), 1, "nothing is left beside it");

	text = file_of(&kh, KH_BTF_DUMP);
	tap_ok(has_line(text, "struct sock {"), "it has struct sock");
	tap_ok(has_line(text, "_Static_assert(sizeof(struct sock) == 128, \"struct sock is laid out as in "
			      "the kernel\");"),
		"whose size is asserted");
	tap_ok(has_line(text, "unsigned int in_iowait: 1;") || has_line(text, "unsigned int in_iowait : 1;"),
		"a real bit-field stays one");
	tap_ok(has_line(text, "long __pad0;"), "padding is a member");
	tap_ok(!has_line(text, "long: 64;") && !has_line(text, "int: 32;"), "and not a bit-field");
	free(text);
	text = file_of(&kh, KH_BTF_VERSION);
	tap_ok(has_line(text, "#define LINUX_VERSION_CODE 393472"), "version.h says 6.1.0");
	free(text);
	text = file_of(&kh, KH_BTF_RELEASE);
	tap_is_str(text, "#define UTS_RELEASE \"6.1.0-27-amd64\"\n", "utsrelease.h says which kernel");
	free(text);
	for (const struct kh_file *f = kh_btf_files; f->path; f++) {
		text = file_of(&kh, f->path);
		tap_is_str(text, f->text, "%s is what it should be", f->path);
		free(text);
	}
}

static void test_identity(void)
{
	struct kheaders kh, other;

	tap_is_int(resolve(ROOT, "6.1.0-27-amd64", false, &kh), 0, "the same kernel again");
	tap_is_int(resolve(ROOT, "6.1.0-27-amd64", false, &other), 0, "and again");
	tap_is_str(other.identity, kh.identity, "has the same identity");
	tap_is_int(tmpdir_inode(other.build), tmpdir_inode(kh.build), "and the same tree");
	tap_is_int(resolve(ROOT, "6.1.1-27-amd64", false, &other), 0, "another version");
	tap_ok(strcmp(other.identity, kh.identity) != 0, "has another");
	tap_is_int(resolve(kh.build, "6.1.0", false, &other), -ENOENT, "a tree is no sysroot");
	tap_is_int(resolve(ROOT, "mainline", false, &other), -ENOENT, "a release that is no version");
	tap_is_str(other.findings[KHEADERS_BTF].why, "the kernel's release \"mainline\" is no version",
		"is said");
}

/* A note as the kernel has it: name size, description size, type 3, "GNU", the build id. */
static void write_notes(char last)
{
	char notes[36] = "\4\0\0\0\24\0\0\0\3\0\0\0GNU\0aaaaaaaaaaaaaaaaaaaa";

	notes[35] = last;
	tmpdir_write("built/sys/kernel/notes", notes, sizeof(notes));
}

/* With a build id the blob need not be hashed: it is read only when the tree is made. */
static void test_build_id(void)
{
	struct sysroot root = {ROOT};
	struct kheaders kh, other;
	char prefix[PATH_MAX], *blob;
	size_t len;

	tap_is_int(sysroot_read(&root, KH_BTF_PATH, 1 << 20, &blob, &len), 0, "the stored blob");
	tmpdir_path(prefix, "built");
	tmpdir_write("built" KH_BTF_PATH, blob, len);
	write_notes('a');
	tap_is_int(resolve(prefix, "6.1.0", false, &kh), 0, "a kernel with a build id");
	write_notes('b');
	tap_is_int(resolve(prefix, "6.1.0", false, &other), 0, "one built again");
	tap_ok(strcmp(other.identity, kh.identity) != 0, "has another identity");
	write_notes('a');
	tmpdir_write("built" KH_BTF_PATH, "damaged", 7);
	tap_is_int(resolve(prefix, "6.1.0", false, &other), 0, "the first again");
	tap_is_str(other.build, kh.build, "its tree serves without reading the blob");
	write_notes('c');
	tap_ok(resolve(prefix, "6.1.0", false, &other) < 0, "a new one with a damaged blob fails");
	tap_ok(strstr(other.findings[KHEADERS_BTF].why, "libbpf cannot read it") != NULL, "and says so");
	tap_ok(resolve(prefix, "6.1.0", true, &other) < 0, "in a dry run, too");
	free(blob);
}

/* BTF as of include/uapi/linux/btf.h: a header, no types, one empty string. */
static void test_without_sock(void)
{
	static const char empty[] = "\x9f\xeb\1\0\30\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0";
	char prefix[PATH_MAX];
	struct kheaders kh;

	tmpdir_write("empty" KH_BTF_PATH, empty, sizeof(empty));
	tap_ok(resolve(tmpdir_path(prefix, "empty"), "6.1.0", false, &kh) < 0,
		"BTF without types is no help");
	tap_ok(strstr(kh.findings[KHEADERS_BTF].why, KH_BTF_PATH) != NULL, "which is said: %s",
		kh.findings[KHEADERS_BTF].why);
}

static void test_this_machine(void)
{
	struct sysroot here = {""};
	struct kheaders kh;
	char *text;
	int err;

	if (!sysroot_exists(&here, KH_BTF_PATH)) {
		tap_ok(true, "this machine's own # SKIP it has no " KH_BTF_PATH);
		return;
	}
	err = resolve("", "6.1.0", false, &kh);
	if (err && strstr(kh.findings[KHEADERS_BTF].why, "this libbpf cannot read it")) {
		tap_ok(true, "this machine's own # SKIP its kernel is newer than its libbpf");
		return;
	}
	tap_is_int(err, 0, "this machine's own BTF: %s", kh.findings[KHEADERS_BTF].why);
	text = file_of(&kh, KH_BTF_DUMP);
	tap_ok(has_line(text, "struct task_struct {"), "has struct task_struct");
	tap_ok(!has_line(text, "long: 64;"), "and no padding in bit-fields");
	tap_ok(!strstr(text, "enum bpf_func_id {"), "and no copy of libbcc's BPF uapi");
	free(text);
}

int main(void)
{
	mkdir(tmpdir_path(cache, "cache"), 0700);
	test_tree();
	test_identity();
	test_build_id();
	test_without_sock();
	test_this_machine();
	return tap_done();
}
