/* SPDX-License-Identifier: BSD-2-Clause */
/* An output. Each format implements this table of functions; session knows nothing more of them.
 *
 * Calls come from one thread, packets in time order. A function that fails returns a negative errno and is not called
 * again but for close; it never prints. What was handed over before a failure stays valid on disk.
 */
#ifndef PIDTAP_OUT_SINK_H
#define PIDTAP_OUT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/packet.h"
#include "model/plain.h"
#include "model/secret.h"
#include "model/stats.h"

struct sink;

struct sink_ops {
	const char *name; /* "text", "pcapng" */

	/* A new interface; always before its first packet. May be NULL. */
	int (*iface)(struct sink *s, const struct iface *iface);

	/* One packet; borrowed for the call. May be NULL: a sink of secrets. */
	int (*packet)(struct sink *s, const struct packet *p);

	/* A TLS secret that is news; before the packets it is for. Borrowed for the call. May be NULL. */
	int (*secret)(struct sink *s, const struct secret *secret);

	/* Plaintext of a TLS connection; borrowed for the call. May be NULL. */
	int (*plain)(struct sink *s, const struct plain *plain);

	/* A TCP connection ended, and all that was said over it was told: what is held for it can be written, and forgotten. So this
	 * comes late: end->ts_ns is before that of calls before it. Only with plaintext. Borrowed for the call. May be NULL. */
	int (*ended)(struct sink *s, const struct plain_end *end);

	/* Hand everything to the kernel now: called when no packet is waiting, so that a reader of a pipe sees whole
	 * packets at once. May be NULL. */
	int (*flush)(struct sink *s);

	/* The end: statistics of every interface, then flush. Not called after a failure. May be NULL. */
	int (*finish)(struct sink *s, const struct iface_table *ifaces, const struct stats *st);

	/* Frees it and closes its file, in every case. */
	void (*close)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	uint64_t taken;	  /* packets handed to it, those made from plaintext included; */
	uint64_t packets; /* of these, whose bytes reached the file: after a failure the others are not there */
	uint64_t bytes;	  /* bytes of the output that reached the file, whole blocks or lines only; */
	bool torn;	  /* a part of one more did, and could not be taken back */
};

#endif
