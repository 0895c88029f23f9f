/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside OpenSSL's libssl: the functions in which all ways to read and to write meet, and the one by which it writes records.
 *
 * SSL_read, SSL_read_ex and the BIO that has a TLS connection in it (BIO_f_ssl) call ssl_read_internal; SSL_write and its kin call
 * ssl_write_internal (1.1.1 to 3.6; with another argument, `flags`, since 3.3). These are not exported: where the symbol
 * table is stripped they are read from the code of the exported ones. They are taken only if SSL_read and SSL_write do call them.
 */
#ifndef PIDTAP_SOURCE_TLS_INNER_H
#define PIDTAP_SOURCE_TLS_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "source/elf_image.h"

/* Addresses in the image; 0: not found. */
struct tls_inner {
	uint64_t read;	   /* (ssl, buf, num, size_t *done) */
	uint64_t write;	   /* likewise, or with write_flags: (ssl, buf, num, flags, size_t *done) */
	bool write_flags;
	uint64_t bio_write; /* where it calls BIO_write(bio, data, len) of libcrypto, or that itself where both are in one file */
};

void tls_inner_find(const struct elf_image *img, struct tls_inner *out);

#endif
