/* SPDX-License-Identifier: BSD-2-Clause */
/* Which line of a key log a derivation of libcrypto makes (RFC 8446 section 7.1, RFC 5246 section 6.3). */
#ifndef PIDTAP_MODEL_KDF_H
#define PIDTAP_MODEL_KDF_H

#include "model/secret.h"
#include "probes/events.h"

/* 1: it makes *out; 0: none; -ENOENT: one, and of which connection, or which side of it, is not known. `t` has what became known before:
 * the secret a key update is made from says whose it is. */
int kdf_secret(const struct secret_table *t, const struct ev_kdf *ev, struct ev_secret *out);

#endif
