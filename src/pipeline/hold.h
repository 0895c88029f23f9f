/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of a TLS handshake wait until its keys are known, so that these stand before the ServerHello in the file: Wireshark uses
 * no secret that comes later (facts/peers.md).
 *
 * A flow is held from the ServerHello on, both directions and both captured copies of it, until secret_complete() says so, or
 * a bound is reached: time, bytes of the flow, bytes in all. Then all of it is handed on, in its order and with its time
 * stamps; flows that do not begin a handshake are never delayed. ClientHellos are found at the beginning of a segment on any port, at
 * any place of a connection (STARTTLS), and split over segments.
 *
 * Held packets are copied. Bounded; every way out is counted. Single-threaded; times are CLOCK_MONOTONIC.
 */
#ifndef PIDTAP_PIPELINE_HOLD_H
#define PIDTAP_PIPELINE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/packet.h"
#include "model/secret.h"
#include "probes/events.h"

struct hold;

struct hold_opts {
	uint64_t max_ns;	  /* from the ServerHello */
	size_t max_flow_bytes;
	size_t max_bytes;	  /* in all */
	const struct secret_table *secrets; /* borrowed until hold_free */
	/* A packet may go on: at once, or when its flow is released. Borrowed for the call. */
	void (*pass)(void *ctx, const struct packet *p);
	void *ctx;
};

struct hold_stats {
	uint64_t held;		/* packets that waited */
	uint64_t with_keys;	/* flows released because their keys are there */
	uint64_t without_keys;	/* all others: they may not be decryptable; of these, */
	uint64_t too_long;	/* after max_ns */
	uint64_t too_large;	/* because of bytes of the flow or in all, or for lack of memory */
	uint64_t at_end;	/* by hold_flush */
	uint64_t unwatched;	/* ClientHellos that there was no room to remember: their flows were not held */
	size_t bytes;		/* held at this moment */
};

/* Copies *opts. NULL: out of memory. */
struct hold *hold_new(const struct hold_opts *opts);
void hold_free(struct hold *h);

/* The next packet in time order; `rec` is its record (key, flags), p what outputs get. Calls pass for it now or later. */
void hold_packet(struct hold *h, const struct ev_packet *rec, const struct packet *p);

/* Secrets of this connection came. */
void hold_secret(struct hold *h, const uint8_t random[EV_RANDOM_LEN]);

/* Releases what has waited long enough. */
void hold_expire(struct hold *h, uint64_t now_ns);

/* Releases everything, flow by flow: the end. */
void hold_flush(struct hold *h);

/* When hold_expire has something to do; UINT64_MAX: nothing waits. */
uint64_t hold_next_ns(const struct hold *h);

void hold_stats(const struct hold *h, struct hold_stats *out);

#endif
