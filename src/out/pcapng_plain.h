/* SPDX-License-Identifier: BSD-2-Clause */
/* From chunks of plaintext to TCP streams (out/synth.h): which stream a chunk belongs to, how it is split into segments, and what is
 * missing in it. Pure: writes nothing.
 *
 * A stream is a TLS connection as one process sees it. It begins with SYN and SYN-ACK, numbers from 0, so that a sequence number less
 * one is the offset in what was said. The side with the lower port counts as the server. Bytes that are known to be missing
 * (EV_TLS_CUT, sent from a file, a chunk of a call that never came) are left out of the numbers and acknowledged by the other side:
 * readers show them as not captured. Whole calls that were lost leave no trace here; they are counted (stats.plain_lost). Where the
 * connection is not known the addresses are 0.0.0.0, the ports 1 (the process's) and 2.
 *
 * A connection object used again for another connection is another stream, and so is what follows when a connection becomes known
 * that was not at first. Bounded: the stream that was silent longest is forgotten first, and begins anew if it speaks again.
 *
 * When its connection ends the stream does, too, with FIN of both sides, the process's first, and is forgotten: what would come later
 * is another stream. No FIN has what was forgotten before, whose connection is not known, or was broken off where too much is missing
 * for the numbers.
 */
#ifndef PIDTAP_OUT_PCAPNG_PLAIN_H
#define PIDTAP_OUT_PCAPNG_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/plain.h"

struct plain_frame {
	uint64_t ts_ns; /* since 1970: its chunk's; at the end when the connection ended, or of the last segment if that is later */
	const struct owner *owner; /* the chunk's; at the end who spoke last. Borrowed for the call, as the next */
	const uint8_t *data; /* Ethernet */
	uint32_t len;
	uint8_t dir;	  /* EV_DIR_OUT: from the process */
	bool has_data;
	uint64_t missing; /* bytes that this frame skips: they were said and are not here */
};

/* Returns 0, or negative errno, which ends the chunk. */
typedef int (*plain_frame_fn)(void *ctx, const struct plain_frame *frame);

struct pcapng_plain;

/* `snaplen`: of the file. Segments are made to fit, down to a payload of 512 bytes: what a smaller one cuts is cut. NULL: out of
 * memory. */
struct pcapng_plain *pcapng_plain_new(uint32_t snaplen, size_t max_streams);
void pcapng_plain_free(struct pcapng_plain *t);

/* Calls `fn` for each frame. 0, what it returned, or -ENOMEM. */
int pcapng_plain_put(struct pcapng_plain *t, const struct plain *p, plain_frame_fn fn, void *ctx);

/* The same for what ends with this connection, if anything. */
int pcapng_plain_end(struct pcapng_plain *t, const struct plain_end *end, plain_frame_fn fn, void *ctx);

/* Streams that are remembered. */
size_t pcapng_plain_count(const struct pcapng_plain *t);

#endif
