/* SPDX-License-Identifier: BSD-2-Clause */
/* A tree for a kernel that came without headers: its types out of /sys/kernel/btf/vmlinux, as C.
 *
 * Only what the BPF text looks into is dumped, 70 kB instead of 2.8 MB: that compiles in a fraction of the
 * time, and the kernel's own copies of the BPF uapi types, which clash with libbcc's, stay out.
 */
#include "kheaders/kheaders_int.h"
#include "compat/kver.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BTF_BYTES_MAX (64 << 20) /* distribution kernels have 4 to 6 MB */
#define NOTES_BYTES_MAX 65536	 /* a few notes of 20 to 60 bytes */

/* The contents of KH_BTF_PATH, read when first needed. */
struct blob {
	char *data;
	size_t len;
};

static int read_btf(const struct sysroot *root, struct blob *btf, struct kheaders_finding *f)
{
	int err = btf->data ? 0 : sysroot_read(root, KH_BTF_PATH, BTF_BYTES_MAX, &btf->data, &btf->len);

	return err ? kh_why(f, err, KH_BTF_PATH ": %s", strerror(-err)) : 0;
}

/* The two files that differ from kernel to kernel and are not the dump. */
struct kernel_files {
	char version[160];
	char release[160];
};

static int describe_kernel(const struct kheaders_opts *opts, struct kernel_files *files)
{
	uint32_t code;
	/* The vDSO is the running kernel's, and a captured tree is of another machine. */
	int err = *opts->root.prefix ? -ENOENT : kver_running(&code);

	if (err)
		err = kver_parse(opts->release, &code);
	if (err)
		return err;
	snprintf(files->version, sizeof(files->version),
		"#define LINUX_VERSION_CODE %u\n"
		"#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n",
		code);
	snprintf(files->release, sizeof(files->release), "#define UTS_RELEASE \"%.127s\"\n", opts->release);
	return 0;
}

/* Is there a build id among the kernel's ELF notes: type 3 (NT_GNU_BUILD_ID), named "GNU"? */
static bool has_build_id(const char *notes, size_t len)
{
	static const uint32_t type = 3;
	char head[sizeof(type) + sizeof("GNU")];

	memcpy(head, &type, sizeof(type));
	memcpy(head + sizeof(type), "GNU", sizeof("GNU"));
	return memmem(notes, len, head, sizeof(head));
}

/* BTF is a section of the kernel's image, so the build id covers it: hashing it, at every start, would take
 * 20 ms for the same answer. Where there is none, it is hashed. */
static int hash_kernel(
	SHA2_CTX *ctx, const struct sysroot *root, struct blob *btf, struct kheaders_finding *f)
{
	char *notes = NULL;
	size_t len;
	int err = 0;

	if (!sysroot_read(root, "/sys/kernel/notes", NOTES_BYTES_MAX, &notes, &len) &&
		has_build_id(notes, len)) {
		SHA256Update(ctx, (const uint8_t *)notes, len);
	} else {
		err = read_btf(root, btf, f);
		if (!err)
			SHA256Update(ctx, (const uint8_t *)btf->data, btf->len);
	}
	free(notes);
	return err;
}

/* Over all that goes into the tree: a new pidtap with other texts or roots makes a new one. */
static int identify(const struct sysroot *root, struct blob *btf, const struct kernel_files *files,
	char *identity, struct kheaders_finding *f)
{
	const char *name;
	SHA2_CTX ctx;
	int err;

	SHA256Init(&ctx);
	err = hash_kernel(&ctx, root, btf, f);
	if (err)
		return err;
	SHA256Update(&ctx, (const uint8_t *)files, sizeof(*files));
	for (const struct kh_file *file = kh_btf_files; file->path; file++) {
		SHA256Update(&ctx, (const uint8_t *)file->path, strlen(file->path) + 1);
		SHA256Update(&ctx, (const uint8_t *)file->text, strlen(file->text) + 1);
	}
	for (size_t i = 0; (name = kh_btf_root(i)); i++)
		SHA256Update(&ctx, (const uint8_t *)name, strlen(name) + 1);
	SHA256End(&ctx, identity);
	return 0;
}

static int write_files(const struct kh_made *m, const struct buf *dump, const struct kernel_files *files)
{
	int err = kh_made_file(m, KH_BTF_DUMP, dump->data, dump->len);

	if (!err)
		err = kh_made_file(m, KH_BTF_VERSION, files->version, strlen(files->version));
	if (!err)
		err = kh_made_file(m, KH_BTF_RELEASE, files->release, strlen(files->release));
	for (const struct kh_file *file = kh_btf_files; file->path && !err; file++)
		err = kh_made_file(m, file->path, file->text, strlen(file->text));
	return err;
}

static int make_tree(struct kh_made *m, const struct buf *dump, const struct kernel_files *files,
	struct kheaders_finding *f)
{
	int err = kh_made_begin(m);

	if (!err)
		err = write_files(m, dump, files);
	if (!err)
		err = kh_made_publish(m);
	if (err) {
		kh_made_abort(m);
		return kh_why(f, err, "cannot make %s: %s", m->dir, strerror(-err));
	}
	return 0;
}

/* With dry_run the dump is made and thrown away: whether it can be is what is asked. */
static int generate(const struct kheaders_opts *opts, struct blob *btf, const struct kernel_files *files,
	struct kh_made *m, struct kheaders_finding *f)
{
	struct buf dump = BUF_INIT;
	int err = read_btf(&opts->root, btf, f);

	if (!err)
		err = kh_btf_dump(btf->data, btf->len, &dump, f);
	if (!err && !opts->dry_run)
		err = make_tree(m, &dump, files, f);
	buf_free(&dump);
	return err;
}

/* Finds the tree of an earlier run, or makes it. */
static int find_or_generate(const struct kheaders_opts *opts, struct blob *btf,
	const struct kernel_files *files, const char *identity, struct kh_made *m, struct kheaders_finding *f)
{
	char name[64];
	int there;

	snprintf(name, sizeof(name), "headers-btf-%.16s", identity);
	there = kh_made_find(m, opts->cache_dir, name);
	if (there < 0)
		return kh_why(f, there, "no place for a tree: %s: %s", opts->cache_dir, strerror(-there));
	if (!there) {
		int err = generate(opts, btf, files, m, f);

		if (err)
			return err;
	}
	return kh_why(f, 0, "%s from " KH_BTF_PATH " in %s",
		there || !opts->dry_run ? "generated" : "to be generated", m->dir);
}

int kh_btf(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f)
{
	char identity[sizeof(out->identity)];
	struct kernel_files files = {""};
	struct blob btf = {NULL, 0};
	struct kh_made m;
	int err;

	if (!sysroot_exists(&opts->root, KH_BTF_PATH))
		return kh_why(f, -ENOENT,
			KH_BTF_PATH " does not exist (kernel older than 5.4 or built without "
				    "CONFIG_DEBUG_INFO_BTF)");
	if (describe_kernel(opts, &files))
		return kh_why(f, -ENOENT, "the kernel's release \"%s\" is no version", opts->release);
	err = identify(&opts->root, &btf, &files, identity, f);
	if (!err)
		err = find_or_generate(opts, &btf, &files, identity, &m, f);
	free(btf.data);
	if (err)
		return err;
	strcpy(out->build, m.dir);
	strcpy(out->source, m.dir);
	strcpy(out->identity, identity);
	snprintf(out->release, sizeof(out->release), "%s", opts->release);
	return 0;
}
