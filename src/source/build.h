/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to a bundle for this kernel: the cache, else pidtap-cc. */
#ifndef PIDTAP_SOURCE_BUILD_H
#define PIDTAP_SOURCE_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sysroot.h"
#include "compat/feature.h"
#include "source/bundle.h"

struct build_opts {
	struct sysroot root;
	const char *kernel_headers; /* --kernel-headers DIR, or NULL */
	bool allow_mismatch;
	const char *cache_dir; /* default BUILD_CACHE_DIR; made (0700) where missing */
	bool no_cache;	     /* neither read nor write bundles; made header trees go to a private temporary */
	const char *backend; /* "kprobe" or "tracepoint": BACKEND_KPROBE=1/0 in the text */
	const char *compiler; /* path of pidtap-cc; NULL: beside our own executable, else $PATH */
};
#define BUILD_CACHE_DIR "/var/cache/pidtap"

enum build_how { BUILD_CACHED, BUILD_COMPILED };

/* Gets the bundle. 0: *out is the caller's. Prints one line itself where it fails (no headers by any way,
 * with what each lacked indented below; a cache directory others can write to; a compile error with the
 * compiler's words indented), and a note where a damaged or foreign cache file was rebuilt; returns negative
 * errno. */
int build_bundle(
	const struct build_opts *opts, struct features *feat, struct bundle *out, enum build_how *how);

/* Reads the bundle file the user carried here (--bundle) and checks that it is this kernel's. Prints,
 * negative errno. */
int build_carried(const char *path, const struct sysroot *root, struct bundle *out);

/* --dump-bpf: the flattened text on stdout, the flags as a comment before it. */
int build_dump(const struct build_opts *opts, struct features *feat);

/* The flattened probes/ text, embedded by tools/embed at build time (#line keeps probes/FILE:LINE). */
extern const char build_bpf_text[];
extern const size_t build_bpf_text_len;

#endif
