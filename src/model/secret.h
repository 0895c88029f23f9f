/* SPDX-License-Identifier: BSD-2-Clause */
/* The TLS secrets that became known: each line of the key log once, and whether a connection's are enough to decrypt it.
 *
 * A connection is known by the random of its ClientHello, which stands in the key log and on the wire. Bounded: the connection
 * whose secrets came first is forgotten first, and its memory wiped. Single-threaded; times are CLOCK_MONOTONIC.
 */
#ifndef PIDTAP_MODEL_SECRET_H
#define PIDTAP_MODEL_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"

/* One line: "LABEL RANDOM SECRET", in hex (the NSS key log format, draft-ietf-tls-keylogfile). */
struct secret {
	uint64_t ts_ns;
	uint32_t pid;
	uint8_t random[EV_RANDOM_LEN];
	uint8_t value[EV_SECRET_MAX];
	uint32_t len; /* bytes of value */
	char label[EV_LABEL_LEN];
};

struct secret_table;

/* `max`: connections. NULL: out of memory. */
struct secret_table *secret_table_new(size_t max);
void secret_table_free(struct secret_table *t);

/* 1: it is news, *out (may be NULL) is it, borrowed until the table changes; 0: known already; -EBADMSG: a label that is no word, no
 * secret or no random; -ENOMEM. */
int secret_add(struct secret_table *t, const struct ev_secret *ev, const struct secret **out);

/* What is needed to read a connection's application data: CLIENT_RANDOM (TLS 1.2), or both handshake and both first traffic secrets
 * (TLS 1.3, RFC 8446 section 7.1). */
bool secret_complete(const struct secret_table *t, const uint8_t random[EV_RANDOM_LEN]);

/* Calls cb for every line of a connection (all: random NULL) in the order they came; a negative errno of it ends the walk and is
 * returned. */
int secret_each(const struct secret_table *t, const uint8_t *random, int (*cb)(void *ctx, const struct secret *s), void *ctx);

/* "LABEL RANDOM SECRET\n" into buf[SECRET_LINE_MAX]; returns its length. The caller wipes it. */
#define SECRET_LINE_MAX (EV_LABEL_LEN + 1 + 2 * EV_RANDOM_LEN + 1 + 2 * EV_SECRET_MAX + 2)
size_t secret_line(const struct secret *s, char line[SECRET_LINE_MAX]);

#endif
