/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files are TLS libraries that processes use: those of the system's library folders, whatever processes have mapped (also in
 * containers), and programs that have OpenSSL linked into them. Each file is told once.
 *
 * Probes are of files, so a process that maps a known library later needs nothing. To find the others, processes are looked
 * at when they are told of (exec), and all of them round by round, a few at a time: looking costs a read of /proc/PID/maps.
 */
#ifndef PIDTAP_SOURCE_TLS_FIND_H
#define PIDTAP_SOURCE_TLS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"

struct tls_find;

/* A file that may be one, told for the first time. `fd` is closed after the call; `name` is its path as its process sees it, `dir` the
 * folder of that under the root. `named`: by the user. Both borrowed for the call. */
typedef void (*tls_find_cb)(void *ctx, int fd, const char *name, const char *dir, bool named);

/* NULL: out of memory. `root` is copied. */
struct tls_find *tls_find_new(const struct sysroot *root, tls_find_cb cb, void *ctx);
void tls_find_free(struct tls_find *f);

/* A file the user named. 0, or negative errno. */
int tls_find_path(struct tls_find *f, const char *path);

/* The libraries in the folders the dynamic linker looks into. */
void tls_find_system(struct tls_find *f);

/* What a process has mapped now. */
void tls_find_process(struct tls_find *f, uint32_t pid);

/* The next `max` processes, all of them round by round. Returns true when a round is over. */
bool tls_find_some(struct tls_find *f, unsigned int max);

#endif
