/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a TLS library is to be probed, found in the file itself: no table of versions or struct offsets.
 *
 * Secrets: OpenSSL (1.1.1 and later) hands every secret to an internal function, ssl_log_secret(SSL *, const char *label, const
 * uint8_t *secret, size_t len), whether or not the application asked for a key log; GnuTLS (3.6.13 and later) to
 * _gnutls_call_keylog_func with the same arguments. It is found by symbol, in separate debug information, or as the one function
 * that is called with two known labels. Where it keeps the client's random is read from the code that passes or returns it.
 * What cannot be found out is said, never guessed.
 *
 * Where OpenSSL's is not found, its secrets are seen where libcrypto derives them: source/tls_kdf.h has what that shows, why it is certain,
 * and what it costs. No build of Debian's from 11 to sid needs it: in all of them, on both machines, the two labels were enough
 * (tests/tls/points.t).
 */
#ifndef PIDTAP_SOURCE_TLS_POINTS_H
#define PIDTAP_SOURCE_TLS_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"
#include "source/tls_kdf.h"

enum tls_kind { TLS_NONE, TLS_OPENSSL, TLS_GNUTLS };

enum tls_way {
	TLS_WAY_NONE,	 /* not found: why says the reason */
	TLS_WAY_SYMBOL,	 /* by its own symbol table */
	TLS_WAY_DATA,	 /* by .gnu_debugdata */
	TLS_WAY_ID,	 /* by separate debug information, found by build id */
	TLS_WAY_LINK,	 /* likewise, by .gnu_debuglink */
	TLS_WAY_STRINGS, /* by two labels that it is called with */
	TLS_WAY_KDF	 /* not found, and secrets are seen in libcrypto */
};

/* A program of the BPF text and where in the file it is attached. */
struct tls_point {
	const char *prog; /* "up_..." at the entry, "ur_..." at the return; static */
	uint64_t offset;  /* in the file, bytes */
};

#define TLS_POINT_MAX 48

struct tls_points {
	enum tls_kind kind;
	enum tls_way way;	/* of the function that gets the secrets */
	char why[128];		/* one clause where way is TLS_WAY_NONE */
	uint64_t log_secret;	/* its offset in the file; not with TLS_WAY_KDF */
	uint64_t random;	/* EV_TLS_RANDOM() */
	enum tls_kdf_by kdf_by;	/* with TLS_WAY_KDF: whether kdf has the functions that derive, too, or they are in another file */
	struct tls_kdf kdf;
	struct tls_point points[TLS_POINT_MAX]; /* plaintext and binding */
	size_t cnt;
	bool inner;  /* reads and writes are seen where all ways into the library meet (tls_inner), else in its exported functions */
	bool memory; /* so are the records it writes into memory */
};

/* Looks into a file. `dir`: the folder it is from, for debug information under `root`. 0: *out is filled; kind TLS_NONE: no TLS
 * library. Negative errno: the file cannot be read as ELF (-ENOEXEC), or is of another machine than ours. */
int tls_points_find(int fd, const struct sysroot *root, const char *dir, struct tls_points *out);

/* Looks into a file for the functions of a libcrypto. 0: *out has them; -ENOENT: it is none; negative errno likewise. */
int tls_points_crypto(int fd, struct tls_kdf *out);

/* Why nothing is had of a file: of what tls_points_find() returned; 0: it was TLS_NONE. */
const char *tls_points_refusal(int err);

/* "symbol table", ".gnu_debugdata", "debug file by build id", "debug file by link", "two string references",
 * "KDF functions of libcrypto" */
const char *tls_way_name(enum tls_way way);

/* "OpenSSL", "GnuTLS" */
const char *tls_kind_name(enum tls_kind kind);

#endif
