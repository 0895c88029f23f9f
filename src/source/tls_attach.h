/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes in TLS libraries: loads the programs with the first library, attaches them to each file once, and detaches all. Which
 * files those are is tls_find's business. */
#ifndef PIDTAP_SOURCE_TLS_ATTACH_H
#define PIDTAP_SOURCE_TLS_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat/feature.h"
#include "source/bundle.h"
#include "source/load.h"
#include "source/tls_points.h"

struct tls_probes;

struct tls_probes_opts {
	const struct bundle *bundle; /* borrowed until tls_probes_free, like the next two */
	const struct maps *maps;
	struct features *feat;
	uint32_t kern_version;
	bool plaintext; /* else secrets only: a few hits a handshake */
};

/* NULL: out of memory. */
struct tls_probes *tls_probes_new(const struct tls_probes_opts *opts);

/* Detaches in reverse. */
void tls_probes_free(struct tls_probes *t);

/* Attaches to the file of a descriptor, for all processes that map it or will. `name` is for messages. 0, or negative errno after
 * printing: then nothing is attached to it, and the others stay. */
int tls_probes_attach(struct tls_probes *t, int fd, const char *name, const struct tls_points *points);

/* Likewise to a libcrypto's functions that derive secrets, for the libraries that are probed by TLS_WAY_KDF. */
int tls_probes_attach_crypto(struct tls_probes *t, int fd, const char *name, const struct tls_kdf *kdf);

/* Probes attached. */
size_t tls_probes_count(const struct tls_probes *t);

#endif
