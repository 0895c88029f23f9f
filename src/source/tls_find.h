/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files are TLS libraries that processes use: those of the system's library folders, whatever processes have mapped (also in
 * containers), and programs that have OpenSSL linked into them. Each file is told once.
 *
 * Probes are of files, so a process that maps a known library later needs nothing. The others are found as they are mapped
 * (source/mappings.h), which needs a few ms from a program's start; those that are mapped already, and where the kernel's news were
 * lost, by looking through all processes, a few at a time: a read of /proc/PID/maps each. A file is opened by what is mapped, not
 * by its path: also one that was deleted or replaced, or is in a container's file system.
 *
 * A library may need another one, libcrypto, in the processes that have both. Nobody else's is told.
 */
#ifndef PIDTAP_SOURCE_TLS_FIND_H
#define PIDTAP_SOURCE_TLS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"
#include "source/mappings.h"

struct tls_find;

/* A file that may be one. All borrowed for the call. */
struct tls_file {
	int fd; /* closed after the call */
	const char *name; /* its path, as its process sees it; " (deleted)" may follow */
	const char *dir;  /* the folder of that */
	uint32_t pid;	  /* the process that has it mapped; 0: it was found in a folder, or the user named it */
	bool named;	  /* by the user */
	bool crypto;	  /* a libcrypto, told because its process maps a library that needs it */
};

enum tls_answer {
	TLS_FILE_NONE,	 /* it is not probed */
	TLS_FILE_PROBED, /* it is: it keeps its inode number while it is */
	TLS_FILE_CRYPTO, /* it is, and needs the libcrypto of those who map it */
	TLS_FILE_LATER	 /* it is not, and is to be told again when a process maps it */
};

/* Tells of it for the first time. */
typedef enum tls_answer (*tls_find_cb)(void *ctx, const struct tls_file *file);

/* NULL: out of memory. `root` is copied. */
struct tls_find *tls_find_new(const struct sysroot *root, tls_find_cb cb, void *ctx);
void tls_find_free(struct tls_find *f);

/* A file the user named. 0, or negative errno: -EINVAL, no regular file. */
int tls_find_path(struct tls_find *f, const char *path);

/* Is it one by its name (libssl*.so*, libgnutls.so*)? Others are not told when a process maps them, but for the program itself. */
bool tls_find_is_library(const char *path);

/* The libraries in the folders the dynamic linker looks into. */
void tls_find_system(struct tls_find *f);

/* A process mapped something. */
void tls_find_mapping(struct tls_find *f, const struct mapping *m);

/* What a process has mapped now. */
void tls_find_process(struct tls_find *f, uint32_t pid);

/* The next `max` processes, all of them round by round. Returns true when a round is over. */
bool tls_find_some(struct tls_find *f, unsigned int max);

#endif
