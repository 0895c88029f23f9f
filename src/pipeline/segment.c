/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/segment.h"
#include "base/bytes.h"

#include <net/ethernet.h>
#include <netinet/in.h>

#define IP_HEADER_MIN 20
#define IP6_HEADER 40
#define TCP_HEADER_MIN 20
#define TCP_SYN 0x02
#define EXTENSIONS_MAX 8

/* Where the transport header begins; 0: there is none, or it cannot be told. *end: where the packet ends, by its own length. */
static size_t ip4_payload(const uint8_t *ip, size_t len, size_t *end)
{
	size_t header, total;

	if (len < IP_HEADER_MIN || ip[9] != IPPROTO_TCP || get_be16(ip + 6) & 0x1fff)
		return 0;
	header = (size_t)(ip[0] & 15) * 4;
	total = get_be16(ip + 2);
	*end = total ? total : len; /* 0: not filled in yet, segmentation is left to the device */
	return header < IP_HEADER_MIN ? 0 : header;
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS;
}

static size_t ip6_payload(const uint8_t *ip, size_t len, size_t *end)
{
	size_t at = IP6_HEADER;
	uint8_t next;

	if (len < IP6_HEADER)
		return 0;
	next = ip[6];
	*end = get_be16(ip + 4) ? IP6_HEADER + (size_t)get_be16(ip + 4) : len;
	for (int i = 0; i < EXTENSIONS_MAX && is_extension(next) && at + 8 <= len; i++) {
		next = ip[at];
		at += ((size_t)ip[at + 1] + 1) * 8;
	}
	return next == IPPROTO_TCP ? at : 0;
}

bool segment_read(const struct packet *p, struct segment *out)
{
	size_t len = p->l3_len, at = 0, end = 0, header;
	const uint8_t *tcp;

	if (p->ethertype == ETHERTYPE_IP)
		at = ip4_payload(p->l3, len, &end);
	else if (p->ethertype == ETHERTYPE_IPV6)
		at = ip6_payload(p->l3, len, &end);
	len = end < len ? end : len; /* an Ethernet frame may be padded */
	if (!at || at + TCP_HEADER_MIN > len)
		return false;
	tcp = p->l3 + at;
	header = (size_t)(tcp[12] >> 4) * 4;
	if (header < TCP_HEADER_MIN || at + header > len)
		return false;
	out->seq = get_be32(tcp + 4) + !!(tcp[13] & TCP_SYN);
	out->data = tcp + header;
	out->len = len - at - header;
	return true;
}
