/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/build_int.h"
#include "base/buf.h"
#include "base/log.h"

static void report(const struct build_opts *opts, const char *release, const struct kheaders *kh)
{
	struct buf findings = BUF_INIT;
	char remedy[256];

	kheaders_remedy(&opts->root, release, remedy, sizeof(remedy));
	for (int i = 0; i < KHEADERS_KIND_CNT; i++) {
		if (kh->findings[i].tried)
			buf_printf(&findings, "%s: %s\n", kheaders_kind_name(i), kh->findings[i].why);
	}
	log_err("no headers for kernel %s: %s; or name a tree by --kernel-headers, or use a bundle made "
		"elsewhere for "
		"this kernel (--bundle)",
		release, remedy);
	log_block(buf_cstr(&findings));
	buf_free(&findings);
}

int build_headers(const struct build_opts *opts, const char *release, const char *trees_dir, bool dry_run,
	struct kheaders *out)
{
	const struct kheaders_opts kh_opts = {
		.root = opts->root,
		.release = release,
		.explicit_dir = opts->kernel_headers,
		.allow_mismatch = opts->allow_mismatch,
		.cache_dir = trees_dir,
		.dry_run = dry_run,
	};
	int err = kheaders_resolve(&kh_opts, out);

	if (err && opts->kernel_headers)
		log_err("--kernel-headers %s: %s", opts->kernel_headers,
			out->findings[KHEADERS_EXPLICIT].why);
	else if (err)
		report(opts, release, out);
	return err;
}
