/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/synth.h"

#include <netinet/in.h>

#include "base/bytes.h"

#define MAC_LEN 6
#define ETH_LEN (2 * MAC_LEN + 2)
#define IP4_LEN 20
#define IP6_LEN 40
#define TCP_LEN 20
#define TTL 64

#define TYPE_IP 0x0800 /* ethertypes: IANA ieee-802-numbers */
#define TYPE_IP6 0x86dd

/* Readers take a long silence of one side for a full window: so it is as wide as scaling makes it. */
#define WINDOW 65535
static const uint8_t syn_options[] = {2, 4, 0xff, 0xd7, 3, 3, 14, 1}; /* MSS 65495, as on loopback; scale; pad */

/* As for devices without a link layer (model/packet.c): this host and its peer. */
static const uint8_t macs[2][MAC_LEN] = {{0x02, 0, 0, 0, 0, 0x01}, {0x02, 0, 0, 0, 0, 0x02}};

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

/* RFC 1071; to be folded. A last odd byte is the high one of a word. */
static uint64_t sum(const uint8_t *p, size_t len)
{
	uint64_t total = 0;

	for (; len > 1; p += 2, len -= 2)
		total += get_be16(p);
	return len ? total + (uint32_t)(*p << 8) : total;
}

static uint16_t fold(uint64_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

static uint8_t *put_eth(uint8_t *p, const struct synth_segment *s)
{
	memcpy(p, macs[!s->from], MAC_LEN);
	memcpy(p + MAC_LEN, macs[s->from], MAC_LEN);
	put_be16(p + 2 * MAC_LEN, s->v6 ? TYPE_IP6 : TYPE_IP);
	return p + ETH_LEN;
}

/* `len` bytes follow. */
static uint8_t *put_ip4(uint8_t *p, const uint8_t *src, const uint8_t *dst, uint8_t proto, size_t len)
{
	memset(p, 0, IP4_LEN);
	p[0] = 0x45;
	put_be16(p + 2, (uint16_t)(IP4_LEN + len));
	p[6] = 0x40; /* do not fragment: then the identification says nothing, RFC 6864 */
	p[8] = TTL;
	p[9] = proto;
	memcpy(p + 12, src, 4);
	memcpy(p + 16, dst, 4);
	put_be16(p + 10, fold(sum(p, IP4_LEN)));
	return p + IP4_LEN;
}

static uint8_t *put_ip6(uint8_t *p, const uint8_t *src, const uint8_t *dst, uint8_t next, size_t len)
{
	memset(p, 0, 8);
	p[0] = 0x60;
	put_be16(p + 4, (uint16_t)len);
	p[6] = next;
	p[7] = TTL;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	return p + IP6_LEN;
}

/* The address inside: 4 bytes for IPv6, 16 for IPv4. */
static void inner_addr(const struct synth_segment *s, enum synth_side side, uint8_t addr[16])
{
	memset(addr, 0, 16);
	if (s->v6) {
		put_be32(addr, 0xf0000000 | (s->number << 1 & 0x0fffffff) | side);
		return;
	}
	put_be32(addr, 0xfd746c73);
	addr[7] = (uint8_t)(side + 1);
	put_be32(addr + 8, s->number);
	memcpy(addr + 12, s->ends[side].addr + 12, 4);
}

static uint8_t *put_outer(uint8_t *p, const struct synth_segment *s, size_t len)
{
	const uint8_t *src = s->ends[s->from].addr, *dst = s->ends[!s->from].addr;

	if (s->v6)
		return put_ip6(p, src, dst, IPPROTO_IPIP, IP4_LEN + len);
	return put_ip4(p, src + 12, dst + 12, IPPROTO_IPV6, IP6_LEN + len);
}

/* *pseudo: the sum of what TCP's checksum covers of this header, RFC 9293 section 3.1 and RFC 8200 section 8.1. */
static uint8_t *put_inner(uint8_t *p, const struct synth_segment *s, size_t len, uint64_t *pseudo)
{
	size_t addr_len = s->v6 ? 4 : 16;
	uint8_t src[16], dst[16];

	inner_addr(s, s->from, src);
	inner_addr(s, !s->from, dst);
	*pseudo = sum(src, addr_len) + sum(dst, addr_len) + IPPROTO_TCP + len;
	return s->v6 ? put_ip4(p, src, dst, IPPROTO_TCP, len) : put_ip6(p, src, dst, IPPROTO_TCP, len);
}

static void put_tcp(uint8_t *p, const struct synth_segment *s, size_t len, uint64_t pseudo)
{
	size_t opts = s->flags & SYNTH_SYN ? sizeof(syn_options) : 0;

	memset(p, 0, TCP_LEN);
	put_be16(p, s->ends[s->from].port);
	put_be16(p + 2, s->ends[!s->from].port);
	put_be32(p + 4, s->seq);
	put_be32(p + 8, s->ack);
	p[12] = (uint8_t)((TCP_LEN + opts) / 4 << 4);
	p[13] = s->flags;
	put_be16(p + 14, WINDOW);
	memcpy(p + TCP_LEN, syn_options, opts);
	if (s->len)
		memcpy(p + TCP_LEN + opts, s->data, s->len);
	put_be16(p + 16, fold(pseudo + sum(p, len)));
}

void synth_frame(struct buf *b, const struct synth_segment *s)
{
	size_t tcp_len = TCP_LEN + (s->flags & SYNTH_SYN ? sizeof(syn_options) : 0) + s->len;
	size_t len = ETH_LEN + IP4_LEN + IP6_LEN + tcp_len;
	uint8_t *begin = buf_reserve(b, len), *p = begin;
	uint64_t pseudo;

	if (!begin)
		return;
	p = put_eth(p, s);
	p = put_outer(p, s, tcp_len);
	p = put_inner(p, s, tcp_len, &pseudo);
	put_tcp(p, s, tcp_len, pseudo);
	b->len += len;
}
