/* SPDX-License-Identifier: BSD-2-Clause */
/* The bundle of a run: which back-end it is for, and the way to it. */
#include "session_int.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int choose_backend(struct session *s)
{
	const char *name = s->opts->backend;
	char why[256] = "";

	/* what is only compiled here may be attached elsewhere */
	if (s->opts->action != ACTION_CAPTURE)
		s->backend = backend_by_name(name);
	if (s->backend)
		return 0;
	/* a carried bundle was compiled for one of them */
	if (s->opts->bundle && !strcmp(name, "auto"))
		name = bundle_find_prog(&s->bundle, "kp_claim") ? "kprobe" : "tracepoint";
	s->backend = backend_choose(name, &s->feat, why, sizeof(why));
	if (s->backend)
		return 0;
	log_err("--backend %s: %s", name, why);
	return -ENOTSUP;
}

static struct build_opts build_options(const struct session *s)
{
	return (struct build_opts){
		.root = s->root,
		.kernel_headers = s->opts->kernel_headers,
		.allow_mismatch = s->opts->headers_force,
		.cache_dir = s->opts->cache_dir ? s->opts->cache_dir : BUILD_CACHE_DIR,
		.no_cache = s->opts->no_cache,
		.backend = backend_name(s->backend),
	};
}

int session_get_bundle(struct session *s)
{
	struct build_opts build;
	int err;

	if (s->opts->bundle) {
		err = build_carried(s->opts->bundle, &s->root, &s->bundle);
		return err ? err : choose_backend(s);
	}
	err = choose_backend(s);
	if (err)
		return err;
	build = build_options(s);
	return build_bundle(&build, &s->feat, &s->bundle, &s->how);
}

static int write_bundle(struct session *s, const struct build_opts *build, const char *path)
{
	struct stat st;
	int err;

	/* a bundle takes the place of what is there: not that of /dev/null or /dev/stdout */
	if (!lstat(path, &st) && !S_ISREG(st.st_mode)) {
		log_err("cannot write %s: it is there and not a regular file", path);
		return -EEXIST;
	}
	err = build_bundle(build, &s->feat, &s->bundle, &s->how);
	if (err)
		return err;
	err = bundle_write(path, &s->bundle);
	if (err)
		log_err("cannot write %s: %s", path, strerror(-err));
	return err;
}

int session_compile_only(struct session *s)
{
	struct build_opts build;
	int err = choose_backend(s);

	if (err)
		return err;
	build = build_options(s);
	if (s->opts->action == ACTION_DUMP_BPF)
		return build_dump(&build, &s->feat);
	return write_bundle(s, &build, s->opts->bundle_out);
}
