/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside kheaders/: the ways, and what they share.
 *
 * A way looks in one place. 0: the tree is found (or, with dry_run, could be made) and `out` is filled but
 * for kind and findings. -ENOENT: nothing there that serves. Other negative errno: a tree could not be made.
 * In every case f->why holds the clause for people; the ways print nothing.
 */
#ifndef PIDTAP_KHEADERS_INT_H
#define PIDTAP_KHEADERS_INT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sysroot.h"
#include "kheaders/kheaders.h"

int kh_explicit(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f);
int kh_installed(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f);
int kh_usr_src(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f);
int kh_tar(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f);
int kh_btf(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f);

/* Sets the clause (cut where it does not fit) and returns `err`. */
int kh_why(struct kheaders_finding *f, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* path.c */

/* realpath(3) inside the root: an absolute symlink starts at the root's top again. `path` is absolute; `out`
 * has PATH_MAX bytes and receives a path below the root, without its prefix. -ENOENT: something on the way is
 * missing, and `out` is the path that was looked for, links followed. -ELOOP, -ENAMETOOLONG. */
int kh_realpath(const struct sysroot *root, const char *path, char *out);

/* tree.c */

/* A place where a finished tree may be. */
struct kh_place {
	struct sysroot root;
	const char *dir;    /* absolute, below the root */
	const char *source; /* where its common half may be, if it is split; or NULL */
	const char *remedy; /* from kheaders_remedy, or NULL */
};

/* Checks that a whole tree of the right kernel is there, finds its other half, and fills `out`. A way's
 * results. */
int kh_tree_take(const struct kheaders_opts *opts, const struct kh_place *place, struct kheaders *out,
	struct kheaders_finding *f);

/* UTS_RELEASE of the tree whose generated half is `build` (below the root), "" where it does not say. */
void kh_tree_release(const struct sysroot *root, const char *build, char *release, size_t size);

/* made.c: trees we make ourselves, below cache_dir. */

struct kh_made {
	char dir[PATH_MAX];  /* where the tree is, or will be: absolute */
	char temp[PATH_MAX]; /* where it grows until kh_made_publish, "" before kh_made_begin and after the
				end */
	int fd;		     /* of temp, or -1 */
};

/* Names the tree. 1: it is there already, made by an earlier run; 0: not yet (nor, perhaps, cache_dir);
 * negative errno: cache_dir is unusable. */
int kh_made_find(struct kh_made *m, const char *cache_dir, const char *name);

/* Makes the temporary directory; kh_made_publish or kh_made_abort ends it. */
int kh_made_begin(struct kh_made *m);

/* Add to the tree, with the directories above. `path` is relative and has no "..": -EINVAL. No symlink in it
 * is followed: -ELOOP or -ENOTDIR. A file that exists is -EEXIST. */
int kh_made_dir(const struct kh_made *m, const char *path);
int kh_made_file(const struct kh_made *m, const char *path, const void *data, size_t len);
int kh_made_link(const struct kh_made *m, const char *path, const char *target);

/* Writes it to the disk and gives it its name at once. That another run was faster is no error. After a
 * failure the tree is gone. */
int kh_made_publish(struct kh_made *m);

/* Removes what was made so far; does nothing before kh_made_begin and after kh_made_publish. */
void kh_made_abort(struct kh_made *m);

/* tar.c, for tests and fuzzing */

/* The name of a tar member as kh_made_* takes it: without "./" and doubled slashes, "" for the top itself.
 * `out` has PATH_MAX bytes. False: absolute, or with "..", or too long. */
bool kh_member_name(const char *name, char *out);

/* Does the symlink at `path` (from kh_member_name) with this target stay inside the tree? */
bool kh_link_inside(const char *path, const char *target);

/* btf_dump.c */

#define KH_BTF_PATH "/sys/kernel/btf/vmlinux"

/* Appends the C text of the types the BPF text looks into. -ENOENT: this BTF lacks one; other errors: it
 * cannot be read or written as C by this libbpf, or memory is short. */
int kh_btf_dump(const void *blob, size_t len, struct buf *text, struct kheaders_finding *f);

/* The name of the i-th structure that is dumped for its own sake, NULL behind the last. */
const char *kh_btf_root(size_t i);

/* btf_text.c */

/* The files of a BTF tree that are the same for every kernel, up to one with path NULL. */
struct kh_file {
	const char *path;
	const char *text;
};
extern const struct kh_file kh_btf_files[];

#define KH_BTF_DUMP "include/generated/btf.h"
#define KH_BTF_VERSION "include/linux/version.h"
#define KH_BTF_RELEASE "include/generated/utsrelease.h"

#endif
