/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel's headers come from: the tree pidtap-cc compiles the BPF text against.
 *
 * The ways are tried in the order of enum kheaders_kind, and each leaves a finding: chosen, or why not. Every path
 * is read under the sysroot, so captured trees of other machines replay in tests. Nothing is run: no shell, no tar,
 * no modprobe. Trees that have to be made (unpacked, or generated from BTF) go into `cache_dir`, a private
 * directory, made whole under a temporary name and then renamed, and are reused by the next run.
 */
#ifndef PIDTAP_KHEADERS_H
#define PIDTAP_KHEADERS_H

#include <limits.h>
#include <stdbool.h>

#include "base/sysroot.h"

enum kheaders_kind {
	KHEADERS_EXPLICIT,  /* --kernel-headers DIR */
	KHEADERS_INSTALLED, /* /lib/modules/R/build, with /lib/modules/R/source where the distribution splits them */
	KHEADERS_USR_SRC,   /* /usr/src/{linux-headers-R,kernels/R,linux-R} */
	KHEADERS_TAR,	    /* /sys/kernel/kheaders.tar.xz (CONFIG_IKHEADERS), unpacked by libarchive */
	KHEADERS_BTF,	    /* generated from /sys/kernel/btf/vmlinux by libbpf's btf_dump */
	KHEADERS_KIND_CNT
};

struct kheaders_opts {
	struct sysroot root;
	const char *release;	  /* uname -r of the kernel the headers are for */
	const char *explicit_dir; /* or NULL; not below the sysroot */
	bool allow_mismatch;	  /* take a tree whose release is another's (--kernel-headers-force) */
	const char *cache_dir;	  /* where made trees go; exists, private */
	bool dry_run;		  /* find out what would be used, make nothing */
};

/* What one way came to. */
struct kheaders_finding {
	bool tried;
	bool chosen;
	char why[256]; /* one clause: what it is, or what it lacked */
};

struct kheaders {
	enum kheaders_kind kind;
	/* Directories the compiler looks in. `build` has the generated and arch headers, `source` the common ones;
	 * equal where the tree is not split. */
	char build[PATH_MAX];
	char source[PATH_MAX];
	char release[128];   /* the tree's own UTS_RELEASE, "" where it does not say */
	char identity[65];   /* hex sha256 that changes when the tree does: part of the bundle key */
	struct kheaders_finding findings[KHEADERS_KIND_CNT];
};

/* "installed headers", "BTF" ...: for messages. */
const char *kheaders_kind_name(enum kheaders_kind kind);

/* Finds the headers. 0: *out is filled. -ENOENT: no way worked, out->findings says why each failed; nothing has been
 * printed. -EINVAL: the explicit directory is unusable or of another kernel (out->findings[KHEADERS_EXPLICIT].why);
 * other ways are then not tried. Other negative errno: a tree could not be made. */
int kheaders_resolve(const struct kheaders_opts *opts, struct kheaders *out);

/* The clang flags for this tree, in order, each a malloc'ed string in a NULL-terminated malloc'ed array; the caller
 * frees all (kheaders_free_flags). `env_source` is set to the directory BCC_KERNEL_SOURCE must name, or to NULL where
 * it must be unset because libbcc finds the (split) tree by itself (facts/kernels.md, Headers). */
int kheaders_flags(const struct kheaders *kh, char ***flags, const char **env_source);
void kheaders_free_flags(char **flags);

#endif
