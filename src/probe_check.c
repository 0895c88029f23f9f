/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe_check.h"
#include "probe_check_tls.h"
#include "compat/feature.h"
#include "compat/kver.h"
#include "kheaders/kheaders.h"
#include "source/build.h"
#include "source/hooks.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct verdict {
	char why_not[320]; /* "" : a capture can run */
};

static void print_kernel(const struct utsname *uts, const struct options *opts)
{
	uint32_t code;

	printf("kernel       %s (%s)", uts->release, uts->machine);
	if (!kver_running(&code))
		printf(", version code %u.%u.%u", code >> 16, code >> 8 & 0xff, code & 0xff);
	printf("\n");
	if (opts->assume_kver)
		printf("assumed      %u.%u\n", opts->assume_kver >> 16, opts->assume_kver >> 8 & 0xff);
}

static void print_features(struct features *feat)
{
	printf("\nfeatures\n");
	for (int i = 0; i < FEAT_CNT; i++) {
		const struct feature_info *info = feature_info((enum feature)i);
		bool has = feature_has(feat, (enum feature)i);

		printf("  %-3s %-20s %s\n", has ? "yes" : "no", info->name, info->what);
		if (!has && info->lost)
			printf("      %-20s without it: %s\n", "", info->lost);
	}
}

static void print_headers(const struct options *opts, const struct utsname *uts, struct verdict *v)
{
	struct kheaders_opts ko = {
		.root = {""},
		.release = uts->release,
		.explicit_dir = opts->kernel_headers,
		.allow_mismatch = opts->headers_force,
		.cache_dir = opts->cache_dir ? opts->cache_dir : BUILD_CACHE_DIR,
		.dry_run = true,
	};
	struct kheaders kh;
	int err = kheaders_resolve(&ko, &kh);

	printf("\nkernel headers\n");
	for (int i = 0; i < KHEADERS_KIND_CNT; i++) {
		const struct kheaders_finding *f = &kh.findings[i];

		if (f->tried)
			printf("  %-3s %s: %s\n", f->chosen ? "use" : "no", kheaders_kind_name((enum kheaders_kind)i), f->why);
	}
	if (err)
		snprintf(v->why_not, sizeof(v->why_not), "no kernel headers by any way: %s",
			err == -22 ? kh.findings[KHEADERS_EXPLICIT].why : "install them, or carry a bundle here (--bundle)");
}

static void print_backend(const struct options *opts, struct features *feat, struct verdict *v)
{
	char why[256] = "";
	const struct backend *backend = backend_choose(opts->backend, feat, why, sizeof(why));

	printf("\nback-end     %s\n", backend ? backend_name(backend) : why);
	if (!backend && !v->why_not[0])
		snprintf(v->why_not, sizeof(v->why_not), "no back-end: %s", why);
	if (!feature_has(feat, FEAT_TC_BPF) && !v->why_not[0])
		snprintf(v->why_not, sizeof(v->why_not), "the kernel lacks clsact or the BPF classifier "
							 "(CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF)");
}

int probe_check_run(const struct options *opts)
{
	struct sysroot root = {""};
	struct verdict v = {""};
	struct features feat;
	struct utsname uts;

	uname(&uts);
	features_init(&feat, &root, opts->assume_kver);
	print_kernel(&uts, opts);
	print_headers(opts, &uts, &v);
	print_features(&feat);
	print_backend(opts, &feat, &v);
	probe_check_tls(opts);
	if (geteuid() && !v.why_not[0])
		snprintf(v.why_not, sizeof(v.why_not), "capturing needs root: try sudo");
	if (v.why_not[0])
		printf("\na capture cannot run: %s\n", v.why_not);
	else
		printf("\na capture can run\n");
	return v.why_not[0] ? 1 : 0;
}
