/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers in a packet's headers, for outputs whose readers are programs: IPv4, IPv6 with its extension headers, TCP, UDP, ICMP,
 * ICMPv6. Of a tunnel the outer headers. Nothing beyond the captured bytes is read: what was not captured is not there. */
#ifndef PIDTAP_OUT_FIELDS_H
#define PIDTAP_OUT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/packet.h"

struct fields {
	uint8_t version; /* 4 or 6; 0: no IP header, and nothing of what follows */
	uint8_t ttl;
	uint8_t proto;	   /* of what is behind the extension headers */
	bool has_ports;	   /* sport, dport */
	bool has_tcp;	   /* flags, seq, ack, win */
	bool has_icmp;	   /* type, code */
	bool has_echo;	   /* id, echo_seq */
	bool is_fragment;  /* frag_off; without ports where that is not 0 */
	bool has_payload;  /* payload_len */
	uint8_t flags, type, code;
	uint16_t sport, dport, win, id, echo_seq;
	uint32_t seq, ack; /* as they stand in the header */
	uint32_t frag_off; /* bytes */
	uint32_t payload_len; /* bytes behind the TCP or UDP header, on the wire */
	const uint8_t *src, *dst; /* 4 or 16 bytes in network order, in the packet */
};

/* Sets *out whatever the packet is. */
void fields_read(const struct packet *p, struct fields *out);

/* "SYN" is S, and so on, as tcpdump has them: "S.", "P.", "F."; "" without any. */
#define FIELDS_FLAGS_MAX 9
void fields_tcp_flags(uint8_t flags, char text[FIELDS_FLAGS_MAX]);

/* "tcp", "udp", "icmp" ... of a protocol number, NULL: no name is known here. */
const char *fields_proto_name(uint8_t proto);

#endif
