/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of source/build: what the machine is (key), where bundles are kept (cache), what to compile
 * against (headers), and the run of pidtap-cc (cc). build.c puts them together. */
#ifndef PIDTAP_SOURCE_BUILD_INT_H
#define PIDTAP_SOURCE_BUILD_INT_H

#include <limits.h>

#include "base/buf.h"
#include "kheaders/kheaders.h"
#include "source/build.h"

/* --- build_key.c: each fills its part of a zeroed key; none prints */

/* release, version, notes (under the root) and text. */
void build_key_machine(const struct sysroot *root, struct bundle_key *key);

/* flags: NULL-terminated. */
void build_key_flags(char *const *flags, struct bundle_key *key);

/* Which pidtap-cc at `path` ("" for none) and which libbcc.so it would load, without running it: LLVM's
 * libraries alone cost a warm start more than all the rest. */
void build_key_compiler(const char *path, struct bundle_key *key);

/* --- build_cache.c */

#define BUILD_CACHE_KEEP 32 /* bundles; beyond that the oldest go */

/* Makes the directory (0700, its parents 0755) where it is missing, and checks that nobody but its owner, who
 * is root or us, can write to it: what lies in it is loaded into the kernel. Prints where it fails. 0 or
 * negative errno, -EPERM for one that others can write to, a symbolic link or not a directory. */
int build_cache_open(const char *dir);

/* 0: *out is the caller's. -ENOENT: none, or one that is damaged or of another key: a note says so. */
int build_cache_get(const char *dir, const struct bundle_key *key, struct bundle *out);

/* Keeps a copy and drops the oldest beyond BUILD_CACHE_KEEP. A failure is a warning: the bundle is there. */
void build_cache_put(const char *dir, const struct bundle *b);

/* For --no-cache: a private directory under $TMPDIR or /tmp, and its removal with all that is in it. The
 * first prints where it fails; 0 or negative errno. */
int build_tmp_make(char path[PATH_MAX]);
void build_tmp_remove(const char *path);

/* --- build_headers.c */

/* Says why kheaders_resolve(look, kh) failed: what each way lacked and the distribution's remedy, or what is wrong
 * with the directory that was named. */
void build_headers_report(const struct kheaders_opts *look, const struct kheaders *kh);

/* --- build_cc.c */

struct build_cc {
	const char *path; /* of pidtap-cc, "" where there is none */
	const struct kheaders *kh;
	const char *env_source; /* kheaders_flags() */
	char *const *flags;	/* NULL-terminated */
};

/* opts->compiler, or pidtap-cc beside our own executable, or in $PATH. 0, or -ENOENT with path "". Prints
 * nothing. */
int build_cc_find(const struct build_opts *opts, char path[PATH_MAX]);

/* Compiles build_bpf_text. 0: *out is the caller's, its key empty. -ENOEXEC: the text does not compile against this
 * tree; it is not printed, `words` has what the compiler says (build_cc_report() shows it; another tree may do). For
 * all else prints one line and returns another negative errno. */
int build_cc_run(const struct build_cc *cc, struct bundle *out, struct buf *words);

/* One sentence and the compiler's words below. */
void build_cc_report(const struct kheaders *kh, struct buf *words);

#endif
