/* SPDX-License-Identifier: BSD-2-Clause */
/* A TCP segment that never was on a wire, as an Ethernet frame: what a TLS connection carries, in a form every reader of captures
 * follows.
 *
 * The connection's own packets are in the same file, and readers tell TCP streams apart by addresses and ports alone, not by
 * interface or VLAN (Wireshark 4.0 to 4.6 as they are set up; measured: with the real tuple in one header both streams become one,
 * and neither can be followed any more). Both ends of a connection on this host have one tuple, too. So the segment is in a tunnel:
 *
 *   Ethernet | IP: the real addresses | IP of the other version: this very stream | TCP: the real ports
 *
 *   IPv4: an IPv6 header inside (RFC 4213), fd74:6c73:0:SIDE:NUMBER:NUMBER:a.b.c.d; 74 6c 73 is "tls", a.b.c.d real
 *   IPv6: an IPv4 header inside (RFC 2473), 240.0.0.0 + 2 * NUMBER + SIDE - 1: of a range that is nobody's (RFC 1112)
 *
 * SIDE is 1 for the process, 2 for its peer. So ip.src, ipv6.src and tcp.srcport are what they really are, each but once.
 * All checksums are right.
 */
#ifndef PIDTAP_OUT_SYNTH_H
#define PIDTAP_OUT_SYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SYNTH_HEADERS 94 /* Ethernet, IPv4 and IPv6, TCP without options */
#define SYNTH_PAYLOAD_MAX (65535 - 80) /* what the length of an IPv4 header leaves of 64 KiB */

#define SYNTH_FIN 0x01 /* TCP flags; a segment with SYN has no data */
#define SYNTH_SYN 0x02
#define SYNTH_PSH 0x08
#define SYNTH_ACK 0x10

struct synth_end {
	uint8_t addr[16]; /* network order; IPv4 as v4-mapped */
	uint16_t port;	  /* host order */
};

enum synth_side { SYNTH_HERE, SYNTH_PEER };

struct synth_segment {
	const struct synth_end *ends; /* of SYNTH_HERE and SYNTH_PEER */
	bool v6;
	uint32_t number; /* of the stream: 27 bits count for IPv6 */
	enum synth_side from;
	uint32_t seq, ack;
	uint8_t flags;
	const uint8_t *data; /* borrowed for the call */
	uint32_t len;	     /* at most SYNTH_PAYLOAD_MAX */
};

/* Appends the frame. */
void synth_frame(struct buf *b, const struct synth_segment *s);

#endif
