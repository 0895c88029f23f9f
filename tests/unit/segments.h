/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of plaintext as TCP segments share: chunks, and frames read with the test's own knowledge of the formats. */
#ifndef PIDTAP_TESTS_SEGMENTS_H
#define PIDTAP_TESTS_SEGMENTS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "out/pcapng_plain.h"
#include "tap.h"

#define FIN 0x01
#define SYN 0x02
#define ACK 0x10

/* What the test reads out of a frame, with its own knowledge of the formats. */
struct seen {
	bool valid; /* headers, lengths and checksums */
	bool v6;    /* outside */
	uint8_t src[16], dst[16];	/* outside; IPv4: 4 bytes */
	uint8_t in_src[16], in_dst[16]; /* inside */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags, dir;
	uint32_t frame_len, len; /* len: of the data */
	uint8_t first, last;	 /* bytes of it */
	uint64_t missing;
	uint64_t ts_ns;
	uint32_t pid;
	bool has_data;
};

static struct seen all[512];
static size_t cnt;
static int answer; /* of the callback */
static uint8_t said[4 << 20]; /* bytes of both directions as they came */
static size_t said_len;

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* The one's complement sum of these bytes, and of what was summed before. */
static inline uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Returns what is behind the header, NULL: it is none. */
static inline const uint8_t *read_ip(const uint8_t *p, size_t len, bool v6, uint8_t *proto, uint8_t *src, uint8_t *dst)
{
	size_t n = v6 ? 16 : 4, header = v6 ? 40 : 20;

	if (len < header || p[0] >> 4 != (v6 ? 6 : 4) || (v6 ? be16(p + 4) + 40U : be16(p + 2)) != len)
		return NULL;
	if (!v6 && (p[0] != 0x45 || add(0, p, 20) != 0xffff))
		return NULL;
	*proto = v6 ? p[6] : p[9];
	memcpy(src, p + (v6 ? 8 : 12), n);
	memcpy(dst, p + (v6 ? 24 : 16), n);
	return p + header;
}

static inline void read_tcp(struct seen *s, const uint8_t *p, size_t len)
{
	const uint8_t tail[] = {0, 6, (uint8_t)(len >> 8), (uint8_t)len};
	size_t n = s->v6 ? 4 : 16, header = len < 20 ? 0 : (size_t)(p[12] >> 4) * 4;
	uint32_t sum = add(add(add(0, s->in_src, n), s->in_dst, n), tail, 4);

	if (header < 20 || header > len)
		return;
	s->sport = be16(p);
	s->dport = be16(p + 2);
	s->seq = be32(p + 4);
	s->ack = be32(p + 8);
	s->flags = p[13];
	s->len = (uint32_t)(len - header);
	s->valid = add(sum, p, len) == 0xffff;
	if (!s->len)
		return;
	s->first = p[header];
	s->last = p[len - 1];
	memcpy(said + said_len, p + header, s->len);
	said_len += s->len;
}

static inline void read_frame(struct seen *s, const uint8_t *p, size_t len)
{
	const uint8_t *inner, *tcp;
	uint8_t proto;

	s->v6 = be16(p + 12) == 0x86dd;
	inner = read_ip(p + 14, len - 14, s->v6, &proto, s->src, s->dst);
	if (!inner || proto != (s->v6 ? 4 : 41))
		return;
	tcp = read_ip(inner, (size_t)(p + len - inner), !s->v6, &proto, s->in_src, s->in_dst);
	if (tcp && proto == 6)
		read_tcp(s, tcp, (size_t)(p + len - tcp));
}

static inline int on_frame(void *ctx, const struct plain_frame *f)
{
	struct seen *s = &all[cnt % 512];

	(void)ctx;
	cnt++;
	memset(s, 0, sizeof(*s));
	s->dir = f->dir;
	s->missing = f->missing;
	s->ts_ns = f->ts_ns;
	s->pid = f->owner->pid;
	s->has_data = f->has_data;
	s->frame_len = f->len;
	read_frame(s, f->data, f->len);
	return answer;
}

/* ---- chunks ---- */

static inline struct ev_key tuple4(uint16_t lport, uint16_t rport)
{
	struct ev_key k = {.lport = lport, .rport = rport, .proto = 6};

	memcpy(k.laddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
	memcpy(k.raddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
	return k;
}

static inline struct ev_key tuple6(void)
{
	struct ev_key k = {.lport = 40000, .rport = 443, .proto = 6};

	memcpy(k.laddr, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	memcpy(k.raddr, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	return k;
}

static uint64_t now = 1000;
static uint8_t bytes[1 << 20];

/* A call's only chunk. */
static inline struct plain chunk(struct ev_key key, uint32_t flags, uint32_t len)
{
	struct plain p = {.ts_ns = now++, .key = key, .ssl = 7, .fd = 3, .flags = flags, .total = len, .data = bytes, .len = len};

	p.owner.pid = 100;
	p.owner.start_ns = 5;
	return p;
}

static inline int put(struct pcapng_plain *t, const struct plain *p)
{
	cnt = 0;
	said_len = 0;
	return pcapng_plain_put(t, p, on_frame, NULL);
}

static inline bool all_valid(void)
{
	for (size_t i = 0; i < cnt; i++)
		if (!all[i].valid)
			return false;
	return cnt;
}

/* Chunks of one call, of `total` bytes. */
static inline struct plain part(uint64_t ts, uint64_t total, uint64_t offset, uint32_t len, uint32_t flags)
{
	struct plain p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY | flags, len);

	p.ts_ns = ts;
	p.total = total;
	p.offset = offset;
	return p;
}

static inline void fill_bytes(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8) * 13);
}

#endif
