/* SPDX-License-Identifier: BSD-2-Clause */
/* Where owners are learnt: one table per back-end of what program is attached where (hooks.c), and one way to attach
 * them. Nothing in it filters by process: a filter changed later loses nothing. */
#ifndef PIDTAP_SOURCE_HOOKS_H
#define PIDTAP_SOURCE_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat/feature.h"
#include "source/bundle.h"
#include "source/load.h"

struct backend; /* a table; constant, static */
struct hooks;	/* what is attached; owns it */

/* A row of such a table. */
struct hook {
	const char *prog;     /* name in the bundle */
	const char *category; /* tracepoints only */
	const char *target;   /* kernel function, or tracepoint */
	const char *without;  /* NULL: needed. Else what is lost where the kernel lacks the target */
};

/* "kprobe", "tracepoint" or "auto" (kprobe where the kernel has it). NULL: not on this kernel; then why holds one
 * clause. */
const struct backend *backend_choose(const char *name, struct features *feat, char *why, size_t why_size);

/* The table itself, whatever this kernel can attach; NULL where there is none of that name ("auto" is none). */
const struct backend *backend_by_name(const char *name);
const char *backend_name(const struct backend *b);
const struct hook *backend_hooks(const struct backend *b, size_t *cnt);

/* Do its hooks tell of each descriptor that goes, also with its process? */
bool backend_tells_closes(const struct backend *b);

/* The hooks that TLS plaintext needs besides. */
const struct backend *backend_tls(const struct backend *b);

/* Loads and attaches every hook of the back-end. A hook whose kernel function does not exist is left out where the table
 * says another covers it, else the whole fails. Prints; negative errno, and nothing stays attached. */
int hooks_attach(const struct backend *backend, const struct bundle *b, const struct maps *m, struct features *feat,
	uint32_t kern_version, struct hooks **out);

/* The same of these rows, whose strings are borrowed until hooks_free: tests attach one hook by itself. */
int hooks_attach_rows(const struct hook *rows, size_t cnt, const struct bundle *b, const struct maps *m,
	struct features *feat, uint32_t kern_version, struct hooks **out);

/* Detaches in reverse order. */
void hooks_free(struct hooks *h);

size_t hooks_count(const struct hooks *h);

#endif
