/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/build_int.h"
#include "base/buf.h"
#include "base/log.h"

static void report_none(const struct kheaders_opts *look, const struct kheaders *kh)
{
	struct buf findings = BUF_INIT;
	char remedy[256];

	kheaders_remedy(&look->root, look->release, remedy, sizeof(remedy));
	for (int i = 0; i < KHEADERS_KIND_CNT; i++) {
		if (kh->findings[i].tried)
			buf_printf(&findings, "%s: %s\n", kheaders_kind_name(i), kh->findings[i].why);
	}
	log_err("no headers for kernel %s: %s; or name a tree by --kernel-headers, or use a bundle made "
		"elsewhere for this kernel (--bundle)",
		look->release, remedy);
	log_block(buf_cstr(&findings));
	buf_free(&findings);
}

void build_headers_report(const struct kheaders_opts *look, const struct kheaders *kh)
{
	if (look->explicit_dir)
		log_err("--kernel-headers: %s", kh->findings[KHEADERS_EXPLICIT].why);
	else
		report_none(look, kh);
}
