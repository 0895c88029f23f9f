/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the protocol files of the dissector (dissect*.c), used nowhere else. */
#ifndef PIDTAP_OUT_DISSECT_INT_H
#define PIDTAP_OUT_DISSECT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "out/dissect.h"
#include "out/tcpseq.h"

/* What is left of a packet. */
struct span {
	const uint8_t *data;
	uint32_t cap; /* bytes of it that were captured */
	uint32_t len; /* bytes of it on the wire, as the layer around says; cap <= len */
};

struct dissect {
	struct dissect_opts opts;
	struct tcpseq *seq;
	/* Of the packet in hand: */
	struct buf *out;
	uint32_t netns;
	int depth; /* of IP headers inside IP headers */
};

/* The IP header around a TCP segment or UDP datagram. */
struct net {
	const uint8_t *src, *dst; /* network order */
	bool v6;
	bool behind_ext; /* the addresses stand before the extension headers' words already: ports only */
	bool fragment;	 /* the first of several */
};

/* Writes tcpdump's mark for a packet that was cut here, " [|proto]". Returns false. */
bool dissect_cut_off(struct dissect *d, const char *proto);

/* True if `n` bytes of it were captured; else that mark and false. */
bool dissect_need(struct dissect *d, const struct span *s, uint32_t n, const char *proto);

/* The rest behind the first `n` bytes, which the caller has checked to be captured. */
struct span dissect_skip(const struct span *s, uint32_t n);

/* The first `len` bytes of it by a length field in the packet, which may claim more than there is. */
struct span dissect_limit(const struct span *s, uint32_t len);

/* "10.0.0.1.80 > 10.0.0.2.5555: ", with ports in host order. */
void dissect_ends(struct dissect *d, const struct net *net, uint16_t sport, uint16_t dport);

/* The same without ports, where they were not captured. */
void dissect_addrs(struct dissect *d, const struct net *net);

/* Each begins at its own header. */
void dissect_arp(struct dissect *d, const struct span *s);
void dissect_ip4(struct dissect *d, const struct span *s);
void dissect_ip6(struct dissect *d, const struct span *s);
void dissect_icmp(struct dissect *d, const struct span *s);
void dissect_icmp6(struct dissect *d, const struct span *s);
void dissect_tcp(struct dissect *d, const struct span *s, const struct net *net);
void dissect_udp(struct dissect *d, const struct span *s, const struct net *net);

/* A protocol number nobody else took, and the payload of every IP header. `net` is that header's. */
void dissect_transport(struct dissect *d, const struct span *s, const struct net *net, uint8_t proto);

#endif
