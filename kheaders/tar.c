/* SPDX-License-Identifier: BSD-2-Clause */
/* /sys/kernel/kheaders.tar.xz: the running kernel's own headers, about 4 MB that unpack to 40 MB in 15,000
 * files.
 *
 * libarchive only reads here. It could write too, but its checks are about the path as a whole and would trip
 * over the cache directory's own symlinks; kh_made_* opens every directory on the way without following one.
 */
#include "kheaders/kheaders_int.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAR_PATH "/sys/kernel/kheaders.tar.xz"

/* Ten times what a large configuration has: the bounds are against a damaged or made-up file. */
#define TAR_BYTES_MAX (64 << 20)
#define MEMBER_BYTES_MAX (16 << 20)
#define TREE_BYTES_MAX (512 << 20)
#define MEMBERS_MAX 200000

bool kh_member_name(const char *name, char *out)
{
	size_t len = 0;

	if (*name == '/')
		return false;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && !strncmp(name, "..", 2))
			return false;
		if (n && !(n == 1 && *name == '.')) {
			if (len + n + 2 > PATH_MAX)
				return false;
			if (len)
				out[len++] = '/';
			memcpy(out + len, name, n);
			len += n;
		}
		name += n + (name[n] == '/');
	}
	out[len] = 0;
	return true;
}

bool kh_link_inside(const char *path, const char *target)
{
	int depth = 0;

	if (*target == '/')
		return false;
	for (; *path; path++)
		depth += *path == '/';
	while (*target) {
		size_t n = strcspn(target, "/");

		if (n == 2 && !strncmp(target, "..", 2))
			depth--;
		else if (n && !(n == 1 && *target == '.'))
			depth++;
		if (depth < 0)
			return false;
		target += n + (target[n] == '/');
	}
	return true;
}

/* What one archive may still cost. */
struct budget {
	size_t members;
	size_t bytes;
};

static int unpack_file(struct archive *a, struct archive_entry *e, const struct kh_made *m, const char *name,
	struct budget *left)
{
	int64_t size = archive_entry_size(e);
	char *data;
	int err;

	if (size < 0 || size > MEMBER_BYTES_MAX || (size_t)size > left->bytes)
		return -EFBIG;
	left->bytes -= (size_t)size;
	data = malloc((size_t)size + 1);
	if (!data)
		return -ENOMEM;
	err = archive_read_data(a, data, (size_t)size) == size ? 0 : -EBADMSG;
	if (!err)
		err = kh_made_file(m, name, data, (size_t)size);
	free(data);
	return err;
}

/* -EPERM: the member would leave the tree, or is none that headers consist of. */
static int unpack_member(
	struct archive *a, struct archive_entry *e, const struct kh_made *m, struct budget *left)
{
	const char *given = archive_entry_pathname(e), *target = archive_entry_symlink(e);
	char name[PATH_MAX];

	if (!given || !kh_member_name(given, name) || archive_entry_hardlink(e))
		return -EPERM;
	if (!left->members--)
		return -EFBIG;
	switch (archive_entry_filetype(e)) {
	case AE_IFDIR:
		return *name ? kh_made_dir(m, name) : 0;
	case AE_IFREG:
		return unpack_file(a, e, m, name, left);
	case AE_IFLNK:
		return target && kh_link_inside(name, target) ? kh_made_link(m, name, target) : -EPERM;
	default:
		return -EPERM;
	}
}

static int member_failed(const char *member, int err, struct kheaders_finding *f)
{
	if (err == -EPERM)
		return kh_why(
			f, err, TAR_PATH ": refused, member %s leaves the tree or is no plain file", member);
	return kh_why(f, err, TAR_PATH ": cannot unpack %s: %s", member, strerror(-err));
}

static int unpack_all(struct archive *a, const struct kh_made *m, struct kheaders_finding *f)
{
	struct budget left = {MEMBERS_MAX, TREE_BYTES_MAX};
	struct archive_entry *e;
	int got, err;

	while ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		err = unpack_member(a, e, m, &left);
		if (err) {
			const char *member = archive_entry_pathname(e);

			return member_failed(member ? member : "without a name", err, f);
		}
	}
	if (got != ARCHIVE_EOF)
		return kh_why(f, -EBADMSG, TAR_PATH " is damaged: %s", archive_error_string(a));
	return 0;
}

static int unpack(const char *data, size_t len, const struct kh_made *m, struct kheaders_finding *f)
{
	struct archive *a = archive_read_new();
	int err;

	if (!a)
		return kh_why(f, -ENOMEM, "out of memory");
	/* ARCHIVE_WARN: built without liblzma, it would run the program xz. */
	if (archive_read_support_filter_xz(a) != ARCHIVE_OK)
		err = kh_why(f, -ENOTSUP, TAR_PATH ": this libarchive cannot read xz");
	else if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
		 archive_read_open_memory(a, data, len) != ARCHIVE_OK)
		err = kh_why(f, -EBADMSG, TAR_PATH " is damaged: %s", archive_error_string(a));
	else
		err = unpack_all(a, m, f);
	archive_read_free(a);
	if (!err && !sysroot_exists(&(struct sysroot){m->temp}, "/include/linux/kconfig.h"))
		err = kh_why(f, -EBADMSG, TAR_PATH " has no include/linux/kconfig.h in it");
	return err;
}

static int make_tree(const char *data, size_t len, struct kh_made *m, struct kheaders_finding *f)
{
	int err = kh_made_begin(m);

	if (err)
		return kh_why(f, err, "cannot make %s: %s", m->dir, strerror(-err));
	err = unpack(data, len, m, f);
	if (err) {
		kh_made_abort(m);
		return err;
	}
	err = kh_made_publish(m);
	if (err)
		return kh_why(f, err, "cannot make %s: %s", m->dir, strerror(-err));
	return 0;
}

static int read_tar(const struct sysroot *root, char **data, size_t *len, struct kheaders_finding *f)
{
	int err = sysroot_read(root, TAR_PATH, TAR_BYTES_MAX, data, len);

	if (err == -ENOENT)
		return kh_why(f, err,
			TAR_PATH " does not exist (kernel built without CONFIG_IKHEADERS, or with it "
				 "as a module: modprobe kheaders)");
	return err ? kh_why(f, err, TAR_PATH ": %s", strerror(-err)) : 0;
}

int kh_tar(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f)
{
	char identity[sizeof(out->identity)], name[64], *data;
	struct kh_made m;
	size_t len;
	int there, err;

	err = read_tar(&opts->root, &data, &len, f);
	if (err)
		return err;
	SHA256Data((const uint8_t *)data, len, identity);
	snprintf(name, sizeof(name), "headers-tar-%.16s", identity);
	there = kh_made_find(&m, opts->cache_dir, name);
	if (there < 0)
		err = kh_why(f, there, "no place to unpack " TAR_PATH ": %s: %s", opts->cache_dir,
			strerror(-there));
	else if (!there && !opts->dry_run)
		err = make_tree(data, len, &m, f);
	free(data);
	if (err)
		return err;
	strcpy(out->build, m.dir);
	strcpy(out->source, m.dir);
	strcpy(out->identity, identity);
	kh_tree_release(&(struct sysroot){""}, m.dir, out->release, sizeof(out->release));
	return kh_why(
		f, 0, TAR_PATH " %s in %s", there || !opts->dry_run ? "unpacked" : "to be unpacked", m.dir);
}
