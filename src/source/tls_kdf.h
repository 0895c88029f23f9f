/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets of OpenSSL without its ssl_log_secret: by the exported functions of libcrypto that derive them.
 *
 * TLS 1.2: the pseudorandom function is called with the master secret, "key expansion", the server's random and the client's (RFC 5246
 * section 6.3): that is a whole line of the key log. TLS 1.3: HKDF-Expand-Label is called with a label that says which secret this
 * makes, with what it is made from, and no random. So it counts only
 *
 *   - in a call of libssl that was handed its connection: the exported functions, and what all ways to read and write meet in where
 *     that is known (tls_inner); a thread's calls are kept in their nesting, since a callback of one connection may use another;
 *   - and if the key lies in the first 4,096 bytes of that connection's object. There OpenSSL has its early, handshake, master and
 *     traffic secrets, and its object is larger than that (1.1.1: 6,280 bytes, 3.0: 7,608, 3.5: 5,576), so no other object's can be there.
 *
 * The second shows by itself whose secret it is: a call that was not seen, or one that did not end as it should, makes a secret missing,
 * never a wrong line. Then the random is read from that object, at the place its exported accessor reads it from. What has no call
 * (BIO_f_ssl, where tls_inner is not known) is counted and not told. QUIC's objects (3.2) are told from connections by their type; what it
 * does with the connection within was not tried.
 *
 * The probes are where every user of that libcrypto passes: some 20 hits a handshake, estimated 150 on 1.1.1. So this is the last way,
 * and libcrypto is probed only when a process maps it that has such a libssl, or where both are in one file.
 *
 * GnuTLS has no such way that is whole: it derives through an internal table of functions. TLS 1.3 passes nettle's exported hkdf_expand
 * with a keyed hash in place of the key: that lies nowhere that would tell whose it is, and its own exported gnutls_hkdf_expand is
 * for applications and its self tests only (3.6 to 3.8). TLS 1.2 passes _gnutls_prf_raw, exported for FIPS tests, with all of a line: half
 * of the lines, for libraries in which _gnutls_call_keylog_func is not found, and none is known.
 */
#ifndef PIDTAP_SOURCE_TLS_KDF_H
#define PIDTAP_SOURCE_TLS_KDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/elf_image.h"
#include "source/tls_inner.h"

/* Programs and where in the file they are attached. */
#define TLS_KDF_POINTS 36
struct tls_kdf_point {
	const char *prog; /* static */
	uint64_t offset;
	bool random; /* the program needs EV_TLS_RANDOM() of the library */
};

struct tls_kdf {
	struct tls_kdf_point points[TLS_KDF_POINTS];
	size_t cnt;
};

/* Which functions a libssl derives by. */
enum tls_kdf_by {
	TLS_KDF_NONE,
	TLS_KDF_OUTSIDE, /* of another file, its libcrypto */
	TLS_KDF_INSIDE	 /* of its own: OpenSSL is linked statically */
};
enum tls_kdf_by tls_kdf_by(const struct elf_image *libssl);

/* The calls of a libssl, added to *out. */
void tls_kdf_calls(const struct elf_image *libssl, const struct tls_inner *inner, struct tls_kdf *out);

/* The functions of a libcrypto, added to *out. 0, or -ENOENT: it is none, and nothing is added. */
int tls_kdf_functions(const struct elf_image *libcrypto, struct tls_kdf *out);

#endif
