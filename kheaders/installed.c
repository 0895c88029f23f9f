/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to a tree somebody else made: given on the command line, installed by the distribution, or in
 * /usr/src. */
#include "kheaders/kheaders_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int kh_explicit(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f)
{
	char *dir = realpath(opts->explicit_dir, NULL);
	struct kh_place place = {.root = {""}, .dir = dir};
	int err;

	if (!dir)
		return kh_why(f, -EINVAL, "%s: %s", opts->explicit_dir, strerror(errno));
	err = kh_tree_take(opts, &place, out, f);
	free(dir);
	return err ? -EINVAL : 0;
}

int kh_installed(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f)
{
	char dir[PATH_MAX], source[PATH_MAX], remedy[256];
	struct kh_place place = {.root = opts->root, .dir = dir, .source = source, .remedy = remedy};

	if ((size_t)snprintf(dir, sizeof(dir), "/lib/modules/%s/build", opts->release) >= sizeof(dir) ||
		(size_t)snprintf(source, sizeof(source), "/lib/modules/%s/source", opts->release) >=
			sizeof(source))
		return kh_why(f, -ENOENT, "the kernel's release is too long for a path");
	kheaders_remedy(&opts->root, opts->release, remedy, sizeof(remedy));
	return kh_tree_take(opts, &place, out, f);
}

int kh_usr_src(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f)
{
	/* Debian and Ubuntu; Fedora and its kin; a tree unpacked by hand. */
	static const char *const names[] = {"linux-headers-", "kernels/", "linux-"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char dir[PATH_MAX];
		struct kh_place place = {.root = opts->root, .dir = dir};
		int n = snprintf(dir, sizeof(dir), "/usr/src/%s%s", names[i], opts->release);

		if (n > 0 && (size_t)n < sizeof(dir) && sysroot_exists(&opts->root, dir))
			return kh_tree_take(opts, &place, out, f);
	}
	return kh_why(f, -ENOENT, "/usr/src has no tree named after %s", opts->release);
}
