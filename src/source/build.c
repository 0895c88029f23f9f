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
	struct kheaders_opts look;
	struct bundle_key key;
	struct kheaders kh;
	const char *backend;	/* as a flag */
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
static int make_flags(struct plan *p, struct features *feat)
{
	char defines[FEAT_CNT][40];
	size_t cnt = feature_defines(feat, defines);
	int err;

	kheaders_free_flags(p->flags);
	p->flags = NULL;
	err = kheaders_flags(&p->kh, &p->flags, &p->env_source);
	if (!err)
		err = add_flag(&p->flags, p->backend);
	for (size_t i = 0; i < cnt && !err; i++)
		err = add_flag(&p->flags, defines[i]);
	if (err)
		log_err("cannot put the compiler flags together: %s", strerror(-err));
	return err;
}

/* What is the same whatever the header tree. */
static void plan_init(struct plan *p, const struct build_opts *opts, const char *trees_dir)
{
	memset(p, 0, sizeof(*p));
	build_key_machine(&opts->root, &p->key);
	p->look = (struct kheaders_opts){
		.root = opts->root,
		.release = p->key.release,
		.explicit_dir = opts->kernel_headers,
		.allow_mismatch = opts->allow_mismatch,
		.cache_dir = trees_dir,
	};
	p->backend = strcmp(opts->backend, "kprobe") ? "-DBACKEND_KPROBE=0" : "-DBACKEND_KPROBE=1";
	build_cc_find(opts, p->compiler); /* one that is missing is missed when it is needed */
	build_key_compiler(p->compiler, &p->key);
}

static void plan_fini(struct plan *p)
{
	kheaders_free_flags(p->flags);
}

/* What depends on the tree p->kh. Prints where it fails. */
static int plan_tree(struct plan *p, struct features *feat)
{
	int err = make_flags(p, feat);

	if (err)
		return err;
	memcpy(p->key.headers, p->kh.identity, sizeof(p->key.headers));
	build_key_flags(p->flags, &p->key);
	return 0;
}

/* From now on without the way that led to p->kh. False: the user wants this one. */
static bool plan_skip(struct plan *p)
{
	p->look.skip |= 1u << p->kh.kind;
	return !p->look.explicit_dir;
}

/* Any way's bundle will do: an earlier way's tree may be one that does not compile, and finding that out once more
 * costs seconds. 0 or negative errno; prints only what build_cache_get() does and what is out of memory. */
static int find_cached(struct plan *p, const char *dir, struct features *feat, struct bundle *out)
{
	int err;

	p->look.dry_run = true;
	do {
		err = kheaders_resolve(&p->look, &p->kh);
		if (!err)
			err = plan_tree(p, feat);
		if (err)
			break;
		err = build_cache_get(dir, &p->key, out);
	} while (err && plan_skip(p));
	p->look.dry_run = false;
	p->look.skip = 0;
	return err;
}

static int compile(const struct plan *p, const char *kept_in, struct bundle *out, struct buf *words)
{
	const struct build_cc cc = {
		.path = p->compiler, .kh = &p->kh, .env_source = p->env_source, .flags = p->flags};
	bool again = p->look.skip != 0;
	int err;

	if (kept_in && p->compiler[0] && !again)
		log_info("compiling the BPF text for kernel %s (once; kept in %s) ...", p->key.release,
			kept_in);
	else if (p->compiler[0] && !again)
		log_info("compiling the BPF text for kernel %s ...", p->key.release);
	err = build_cc_run(&cc, out, words);
	if (!err)
		out->key = p->key;
	return err;
}

/* The failure of the first tree: it is the one the user can do something about, the others stand in for it. */
struct failure {
	struct kheaders kh;
	struct buf words;
};

/* The way that led to p->kh is done with: keeps what the first one said. */
static void note_failure(const struct plan *p, struct failure *first, struct buf *words)
{
	log_verbose("%s: %s does not compile with this libbcc", kheaders_kind_name(p->kh.kind), p->kh.build);
	if (p->look.skip)
		return;
	first->kh = p->kh;
	first->words = *words;
	*words = (struct buf)BUF_INIT;
}

/* No tree is left. */
static void report(const struct plan *p, struct failure *first)
{
	if (!p->look.skip) {
		build_headers_report(&p->look, &p->kh);
		return;
	}
	for (int i = 0; i < KHEADERS_KIND_CNT; i++) {
		if (p->kh.findings[i].tried)
			log_verbose("%s: %s", kheaders_kind_name(i), p->kh.findings[i].why);
	}
	build_cc_report(&first->kh, &first->words);
}

/* The trees are tried in their order. A kernel's headers that are much newer than libbcc do not compile, because it
 * brings a linux/bpf.h of its own; a tree made from BTF does. Prints where it fails. */
static int compile_any(struct plan *p, const char *kept_in, struct features *feat, struct bundle *out)
{
	struct failure first = {.words = BUF_INIT};
	struct buf words = BUF_INIT;
	int err;

	do {
		buf_reset(&words);
		err = kheaders_resolve(&p->look, &p->kh);
		if (err) {
			report(p, &first);
			break;
		}
		err = plan_tree(p, feat);
		if (!err)
			err = compile(p, kept_in, out, &words);
		if (err == -ENOEXEC)
			note_failure(p, &first, &words);
	} while (err == -ENOEXEC && plan_skip(p));
	if (err == -ENOEXEC)
		build_cc_report(&first.kh, &first.words);
	buf_free(&words);
	buf_free(&first.words);
	return err;
}

static int build_uncached(const struct build_opts *opts, struct features *feat, struct bundle *out)
{
	char tmp[PATH_MAX];
	struct plan plan;
	int err = build_tmp_make(tmp);

	if (err)
		return err;
	plan_init(&plan, opts, tmp);
	err = compile_any(&plan, NULL, feat, out);
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
	plan_init(&plan, opts, dir);
	if (!find_cached(&plan, dir, feat, out)) {
		*how = BUILD_CACHED;
		goto out;
	}
	err = compile_any(&plan, dir, feat, out);
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
	int err;

	plan_init(&plan, opts, cache_dir(opts));
	plan.look.dry_run = true;
	err = kheaders_resolve(&plan.look, &plan.kh);
	if (err)
		build_headers_report(&plan.look, &plan.kh);
	else
		err = plan_tree(&plan, feat);
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
