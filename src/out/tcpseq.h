/* SPDX-License-Identifier: BSD-2-Clause */
/* Relative TCP sequence numbers, as tcpdump shows them: counted from the first numbers seen of a flow, from
 * its SYN-ACK where that was seen. The table is bounded: the flow that was silent longest is forgotten first,
 * and begins anew if it speaks again. */
#ifndef PIDTAP_OUT_TCPSEQ_H
#define PIDTAP_OUT_TCPSEQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One end of a flow. All bytes take part in comparisons: zero the struct before filling it. */
struct tcpseq_end {
	uint8_t addr[16]; /* IPv4: the first four, the rest zero */
	uint16_t port;	  /* host order */
};

/* A segment with ACK set. On return seq and ack are what to show. */
struct tcpseq_segment {
	struct tcpseq_end from, to;
	uint32_t netns; /* the same tuple in two namespaces is two flows */
	bool syn;	/* begins the flow anew */
	uint32_t seq;
	uint32_t ack;
	uint32_t sack_base; /* out: to be taken off the numbers in a SACK option */
};

struct tcpseq; /* opaque */

/* NULL: out of memory. Remembers at most `max_flows`. */
struct tcpseq *tcpseq_new(size_t max_flows);
void tcpseq_free(struct tcpseq *t);

/* The first segment of a flow, and one there is no memory for, keeps its absolute numbers. */
void tcpseq_relate(struct tcpseq *t, struct tcpseq_segment *seg);

#endif
