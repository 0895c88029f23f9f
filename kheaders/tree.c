/* SPDX-License-Identifier: BSD-2-Clause */
/* A finished tree, plain or split in two:
 *
 *   plain   Ubuntu, Fedora, Arch, a kernel built in its sources: everything below one directory
 *   split   Debian, SUSE, kernels built with O=: the generated and the architecture's headers in one
 * directory
 *           ("build"), the common ones in another ("source")
 */
#include "kheaders/kheaders_int.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX                                                                                       \
	(1 << 20) /* autoconf.h is the largest that is read: 100 kB with everything switched on */

#define AUTOCONF "include/generated/autoconf.h"
#define UTSRELEASE "include/generated/utsrelease.h"
#define KCONFIG "include/linux/kconfig.h"

/* dir/file into `out`, which has PATH_MAX bytes; NULL where it does not fit. */
static const char *below(char *out, const char *dir, const char *file)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", dir, file);

	return n < 0 || n >= PATH_MAX ? NULL : out;
}

static bool has(const struct sysroot *root, const char *dir, const char *file)
{
	char path[PATH_MAX];

	return below(path, dir, file) && sysroot_exists(root, path);
}

static int slurp(const struct sysroot *root, const char *dir, const char *file, char **text, size_t *len)
{
	char path[PATH_MAX];

	if (!below(path, dir, file))
		return -ENAMETOOLONG;
	return sysroot_read(root, path, FILE_BYTES_MAX, text, len);
}

static bool is_common_half(const struct sysroot *root, const char *dir)
{
	return has(root, dir, KCONFIG);
}

/* Is `path` (links followed, relative to `build`) a common half? Then `out` is its canonical path. */
static bool try_common(const struct sysroot *root, const char *build, const char *path, char *out)
{
	char full[PATH_MAX];
	int n = *path == '/' ? snprintf(full, sizeof(full), "%s", path)
			     : snprintf(full, sizeof(full), "%s/%s", build, path);

	if (n < 0 || (size_t)n >= sizeof(full) || kh_realpath(root, full, out))
		return false;
	return is_common_half(root, out);
}

/* The directory of the last "include DIR/Makefile" in a build directory's Makefile, cut out of `text`; or
 * NULL. */
static char *included_dir(char *text)
{
	char *dir = NULL;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t len = strlen(line);

		if (strncmp(line, "include /", 9) && strncmp(line, "include .", 9))
			continue;
		if (len < 9 + strlen("/Makefile") || strcmp(line + len - strlen("/Makefile"), "/Makefile"))
			continue;
		line[len - strlen("/Makefile")] = 0;
		dir = line + strlen("include ");
	}
	return dir;
}

/* The Makefile of a split tree's build directory names the other half. A directory of that name beside the
 * build directory comes first: both were unpacked somewhere else together, and the path in the Makefile is of
 * the machine they were made for. */
static bool common_by_makefile(const struct sysroot *root, const char *build, char *out)
{
	char *text, *dir, beside[PATH_MAX];
	bool found = false;
	int n;

	if (slurp(root, build, "Makefile", &text, NULL))
		return false;
	dir = included_dir(text);
	if (dir) {
		const char *slash = strrchr(dir, '/');

		n = snprintf(beside, sizeof(beside), "../%s", slash ? slash + 1 : dir);
		found = (n > 0 && (size_t)n < sizeof(beside) && try_common(root, build, beside, out)) ||
			try_common(root, build, dir, out);
	}
	free(text);
	return found;
}

/* Where the common half is: here (a plain tree), where the place says, at the "source" link that make O=
 * leaves, or where the Makefile points. */
static bool find_common(const struct kh_place *place, const char *build, char *out)
{
	const struct sysroot *root = &place->root;

	return try_common(root, build, ".", out) ||
	       (place->source && try_common(root, build, place->source, out)) ||
	       try_common(root, build, "source", out) || common_by_makefile(root, build, out);
}

/* The text up to `end` behind the first `key` in a file of the tree. */
static bool file_value(const struct sysroot *root, const char *build, const char *file, const char *key,
	const char *end, char *out, size_t size)
{
	char *text, *at;
	size_t len = 0;

	if (slurp(root, build, file, &text, NULL))
		return false;
	at = strstr(text, key);
	if (at) {
		at += strlen(key);
		len = strcspn(at, end);
		if (len < size) {
			memcpy(out, at, len);
			out[len] = 0;
		}
	}
	free(text);
	return len > 0 && len < size;
}

void kh_tree_release(const struct sysroot *root, const char *build, char *release, size_t size)
{
	/* In this order: Debian 11's kernel.release is the upstream version ("5.10.223"), not uname -r. */
	if (!file_value(root, build, UTSRELEASE, "#define UTS_RELEASE \"", "\"\n", release, size) &&
		!file_value(root, build, "include/config/kernel.release", "", "\n", release, size))
		release[0] = 0;
}

static void hash_text(SHA2_CTX *ctx, const char *text, size_t len)
{
	SHA256Update(ctx, (const uint8_t *)text, len);
	SHA256Update(ctx, (const uint8_t *)"", 1);
}

static void hash_stat(SHA2_CTX *ctx, const struct sysroot *root, const char *dir, const char *file)
{
	char path[PATH_MAX], full[PATH_MAX], text[64];
	struct stat st;

	if (!below(path, dir, file) || sysroot_path(root, full, sizeof(full), "%s", path) || stat(full, &st))
		return;
	snprintf(text, sizeof(text), "%lld %lld", (long long)st.st_size, (long long)st.st_mtime);
	hash_text(ctx, file, strlen(file));
	hash_text(ctx, text, strlen(text));
}

/* Reading 15,000 headers at every start would cost more than it tells: the configuration decides most of a
 * layout, and a package that is installed anew or a kernel that is built again changes the times of the
 * others. */
static void identify(const struct sysroot *root, const char *build, const char *source, struct kheaders *out)
{
	static const char *const generated[] = {UTSRELEASE, AUTOCONF, "include/generated/asm-offsets.h",
		"include/generated/bounds.h", "include/generated/uapi/linux/version.h"};
	static const char *const common[] = {KCONFIG, "include/linux/sched.h", "include/linux/fs.h",
		"include/linux/skbuff.h", "include/net/sock.h"};
	char *text = NULL;
	size_t len = 0;
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	hash_text(&ctx, out->build, strlen(out->build));
	hash_text(&ctx, out->source, strlen(out->source));
	hash_text(&ctx, out->release, strlen(out->release));
	if (!slurp(root, build, AUTOCONF, &text, &len))
		hash_text(&ctx, text, len);
	free(text);
	for (size_t i = 0; i < sizeof(generated) / sizeof(generated[0]); i++)
		hash_stat(&ctx, root, build, generated[i]);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		hash_stat(&ctx, root, source, common[i]);
	SHA256End(&ctx, out->identity);
}

static int missing(const struct kh_place *place, const char *looked_for, int err, struct kheaders_finding *f)
{
	const char *sep = place->remedy ? ": " : "", *remedy = place->remedy ? place->remedy : "";
	char full[PATH_MAX];
	struct stat st;

	if (err != -ENOENT && err != -ENOTDIR)
		return kh_why(f, -ENOENT, "%s: %s", place->dir, strerror(-err));
	if (!sysroot_path(&place->root, full, sizeof(full), "%s", place->dir) && !lstat(full, &st) &&
		S_ISLNK(st.st_mode))
		return kh_why(f, -ENOENT, "%s points to %s, which does not exist%s%s", place->dir, looked_for,
			sep, remedy);
	return kh_why(f, -ENOENT, "%s does not exist%s%s", place->dir, sep, remedy);
}

/* Is the tree of the kernel it is wanted for? Sets the clause either way. */
static int check_release(
	const struct kheaders_opts *opts, const char *dir, const char *release, struct kheaders_finding *f)
{
	bool same = !strcmp(release, opts->release);

	if (same)
		return kh_why(f, 0, "%s (release %s)", dir, release);
	if (opts->allow_mismatch)
		return kh_why(f, 0, "%s (release %s, not %s: forced)", dir, *release ? release : "unknown",
			opts->release);
	if (!*release)
		return kh_why(f, -ENOENT, "%s does not say which kernel it is of (no " UTSRELEASE ")", dir);
	return kh_why(f, -ENOENT, "%s is of kernel %s, not %s", dir, release, opts->release);
}

int kh_tree_take(const struct kheaders_opts *opts, const struct kh_place *place, struct kheaders *out,
	struct kheaders_finding *f)
{
	const struct sysroot *root = &place->root;
	char build[PATH_MAX], source[PATH_MAX], release[sizeof(out->release)];
	int err = kh_realpath(root, place->dir, build);

	if (err)
		return missing(place, build, err, f);
	if (!sysroot_is_dir(root, build))
		return kh_why(f, -ENOENT, "%s is not a directory", place->dir);
	if (!find_common(place, build, source))
		return kh_why(f, -ENOENT, "%s has no " KCONFIG " and names no tree that has it", place->dir);
	if (!has(root, build, AUTOCONF))
		return kh_why(f, -ENOENT,
			"%s is not prepared (no " AUTOCONF "): run make modules_prepare there", place->dir);
	kh_tree_release(root, build, release, sizeof(release));
	err = check_release(opts, place->dir, release, f);
	if (!err)
		err = sysroot_path(root, out->build, sizeof(out->build), "%s", build);
	if (!err)
		err = sysroot_path(root, out->source, sizeof(out->source), "%s", source);
	if (err)
		return err;
	strcpy(out->release, release);
	identify(root, build, source, out);
	return 0;
}
