/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/build.h"
#include "base/log.h"
#include "source/build_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that a compilation depends on. */
struct plan {
	struct bundle_key key;
	struct kheaders kh;
	const char *env_source; /* borrowed from kh */
	char **flags;		/* owned, NULL-terminated */
	char compiler[PATH_MAX];
};

static const char *cache_dir(const struct build_opts *opts)
{
	return opts->cache_dir ? opts->cache_dir : BUILD_CACHE_DIR;
}

static int add_flag(char ***flags, const char *flag)
{
	size_t cnt = 0;
	char **grown;

	while ((*flags)[cnt])
		cnt++;
	grown = realloc(*flags, (cnt + 2) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*flags = grown;
	grown[cnt + 1] = NULL;
	grown[cnt] = strdup(flag);
	return grown[cnt] ? 0 : -ENOMEM;
}

/* Those of the header tree, the backend and the toggles. Prints where it fails. */
static int make_flags(struct plan *p, const struct build_opts *opts, struct features *feat)
{
	const char *backend = strcmp(opts->backend, "kprobe") ? "-DBACKEND_KPROBE=0" : "-DBACKEND_KPROBE=1";
	char defines[FEAT_CNT][40];
	size_t cnt = feature_defines(feat, defines);
	int err = kheaders_flags(&p->kh, &p->flags, &p->env_source);

	if (!err)
		err = add_flag(&p->flags, backend);
	for (size_t i = 0; i < cnt && !err; i++)
		err = add_flag(&p->flags, defines[i]);
	if (err)
		log_err("cannot put the compiler flags together: %s", strerror(-err));
	return err;
}

static void plan_fini(struct plan *p)
{
	kheaders_free_flags(p->flags);
}

/* Prints where it fails. */
static int plan_init(struct plan *p, const struct build_opts *opts, struct features *feat,
	const char *trees_dir, bool dry_run)
{
	int err;

	memset(p, 0, sizeof(*p));
	build_key_machine(&opts->root, &p->key);
	err = build_headers(opts, p->key.release, trees_dir, dry_run, &p->kh);
	if (!err)
		err = make_flags(p, opts, feat);
	if (err)
		return err;
	memcpy(p->key.headers, p->kh.identity, sizeof(p->key.headers));
	build_key_flags(p->flags, &p->key);
	build_cc_find(opts, p->compiler); /* one that is missing is missed when it is needed */
	build_key_compiler(p->compiler, &p->key);
	return 0;
}

static int compile(const struct plan *p, const char *kept_in, struct bundle *out)
{
	const struct build_cc cc = {
		.path = p->compiler, .kh = &p->kh, .env_source = p->env_source, .flags = p->flags};
	int err;

	if (kept_in && p->compiler[0])
		log_info("compiling the BPF text for kernel %s (once; kept in %s) ...", p->key.release,
			kept_in);
	else if (p->compiler[0])
		log_info("compiling the BPF text for kernel %s ...", p->key.release);
	err = build_cc_run(&cc, out);
	if (!err)
		out->key = p->key;
	return err;
}

static int build_uncached(const struct build_opts *opts, struct features *feat, struct bundle *out)
{
	char tmp[PATH_MAX];
	struct plan plan;
	int err = build_tmp_make(tmp);

	if (err)
		return err;
	err = plan_init(&plan, opts, feat, tmp, false);
	if (!err)
		err = compile(&plan, NULL, out);
	plan_fini(&plan);
	build_tmp_remove(tmp);
	return err;
}

static int build_cached(
	const struct build_opts *opts, struct features *feat, struct bundle *out, enum build_how *how)
{
	const char *dir = cache_dir(opts);
	struct plan plan;
	int err = build_cache_open(dir);

	if (err)
		return err;
	err = plan_init(&plan, opts, feat, dir, false);
	if (err)
		goto out;
	if (!build_cache_get(dir, &plan.key, out)) {
		*how = BUILD_CACHED;
		goto out;
	}
	err = compile(&plan, dir, out);
	if (err)
		goto out;
	*how = BUILD_COMPILED;
	build_cache_put(dir, out);
out:
	plan_fini(&plan);
	return err;
}

int build_bundle(
	const struct build_opts *opts, struct features *feat, struct bundle *out, enum build_how *how)
{
	int err;

	if (!opts->no_cache)
		return build_cached(opts, feat, out, how);
	err = build_uncached(opts, feat, out);
	if (!err)
		*how = BUILD_COMPILED;
	return err;
}

int build_carried(const char *path, const struct sysroot *root, struct bundle *out)
{
	struct bundle_key here = {0};
	struct bundle b;
	char why[384];
	int err = bundle_read(path, &b, why, sizeof(why));

	if (err) {
		log_err("cannot use the bundle %s: %s; make it by --bundle-out on a host of this kernel",
			path, why);
		return err;
	}
	build_key_machine(root, &here);
	err = bundle_key_compare(&b.key, &here, 1, why, sizeof(why));
	if (err) {
		log_err("cannot use the bundle %s: it was made for %s; make one by --bundle-out on a host of "
			"this kernel",
			path, why);
		bundle_free(&b);
		return err;
	}
	*out = b;
	return 0;
}

int build_dump(const struct build_opts *opts, struct features *feat)
{
	struct plan plan;
	int err = plan_init(&plan, opts, feat, cache_dir(opts), true);

	if (err)
		goto out;
	printf("// kernel %s, %s in %s\n", plan.key.release, kheaders_kind_name(plan.kh.kind), plan.kh.build);
	if (plan.env_source)
		printf("// BCC_KERNEL_SOURCE=%s\n", plan.env_source);
	for (char **flag = plan.flags; *flag; flag++)
		printf("// %s\n", *flag);
	fwrite(build_bpf_text, 1, build_bpf_text_len, stdout);
	if (fflush(stdout)) {
		err = -errno;
		log_err("cannot write standard output: %s", strerror(-err));
	}
out:
	plan_fini(&plan);
	return err;
}
