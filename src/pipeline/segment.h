/* SPDX-License-Identifier: BSD-2-Clause */
/* The TCP segment in a packet: where its data begins. */
#ifndef PIDTAP_PIPELINE_SEGMENT_H
#define PIDTAP_PIPELINE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/packet.h"

struct segment {
	uint32_t seq; /* host order, of data[0] (a SYN's own number is left out) */
	const uint8_t *data;
	size_t len; /* captured bytes */
};

/* false: no whole TCP header was captured, or it is a later fragment. Borrowed from the packet. */
bool segment_read(const struct packet *p, struct segment *out);

#endif
