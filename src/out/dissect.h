/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet's content as text in the grammar of `tcpdump -n` 4.99: Ethernet with VLAN tags, ARP, IPv4, IPv6
 * with extension headers, TCP, UDP, ICMP, ICMPv6, and these tunnelled in IP. What lies above UDP and TCP, and
 * every other protocol, is named by number and length.
 *
 * Differences from tcpdump, all deliberate: one line a packet, never a hex dump; nothing is decoded by port
 * number; an IPv4 length of 0 (a GSO packet above 64 KiB) means the whole packet, as tcpdump has it
 * since 4.99.5.
 *
 * No byte beyond the captured ones is read; where they end inside a header the line ends with "[|tcp]".
 */
#ifndef PIDTAP_OUT_DISSECT_H
#define PIDTAP_OUT_DISSECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "model/packet.h"

struct dissect_opts {
	bool quiet;   /* TCP without flags, numbers and options: "tcp 100" */
	bool verbose; /* the time to live (hop limit) and length of IP headers */
};

struct dissect; /* opaque: remembers TCP flows */

/* NULL: out of memory. */
struct dissect *dissect_new(const struct dissect_opts *opts);
void dissect_free(struct dissect *d);

/* Appends the text of a packet, without a newline. */
void dissect_packet(struct dissect *d, const struct packet *p, struct buf *out);

#endif
