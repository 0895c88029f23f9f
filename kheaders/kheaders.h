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
#include <stddef.h>

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
	const char *cache_dir;	  /* where made trees go; private; exists, but need not with dry_run */
	bool dry_run;		  /* find out what would be used, make nothing: build and source may not exist yet */
	unsigned int skip;	  /* bit 1 << kind: leave that way out (its tree was found and did not compile) */
};

/* What one way came to. */
struct kheaders_finding {
	bool tried;
	bool chosen;
	char why[256]; /* one clause, always there: what it is, what it lacked, or why it was not tried */
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

/* Finds the headers. 0: *out is filled. -ENOENT: no way worked. -EINVAL: the explicit directory is unusable or of
 * another kernel; other ways are then not tried. Other negative errno: no way worked, and for one of them a tree could
 * not be made. In every case out->findings says why; nothing is printed. */
int kheaders_resolve(const struct kheaders_opts *opts, struct kheaders *out);

/* How the headers of kernel `release` get installed here, by /etc/os-release: "apt-get install linux-headers-R". A
 * sentence without a command where the distribution is not known. */
void kheaders_remedy(const struct sysroot *root, const char *release, char *out, size_t size);

/* The clang flags for this tree, in order, each a malloc'ed string in a NULL-terminated malloc'ed array; the caller
 * frees all (kheaders_free_flags). `env_source` is set to the directory BCC_KERNEL_SOURCE must name; borrowed from kh.
 * A split tree, too, is named to libbcc (the common half there, the generated half in flags): what it finds by itself
 * is the running kernel's only. */
int kheaders_flags(const struct kheaders *kh, char ***flags, const char **env_source);
void kheaders_free_flags(char **flags);

#endif
