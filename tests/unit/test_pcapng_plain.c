/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/pcapng_plain.c src/out/pcapng_streams.c src/out/synth.c src/base/buf.c */
#include "out/pcapng_plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

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
	bool has_data;
};

static struct seen all[512];
static size_t cnt;
static int answer; /* of the callback */
static uint8_t said[4 << 20]; /* bytes of both directions as they came */
static size_t said_len;

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* The one's complement sum of these bytes, and of what was summed before. */
static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Returns what is behind the header, NULL: it is none. */
static const uint8_t *read_ip(const uint8_t *p, size_t len, bool v6, uint8_t *proto, uint8_t *src, uint8_t *dst)
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

static void read_tcp(struct seen *s, const uint8_t *p, size_t len)
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

static void read_frame(struct seen *s, const uint8_t *p, size_t len)
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

static int on_frame(void *ctx, const struct plain_frame *f)
{
	struct seen *s = &all[cnt % 512];

	(void)ctx;
	cnt++;
	memset(s, 0, sizeof(*s));
	s->dir = f->dir;
	s->missing = f->missing;
	s->has_data = f->has_data;
	s->frame_len = f->len;
	read_frame(s, f->data, f->len);
	return answer;
}

/* ---- chunks ---- */

static struct ev_key tuple4(uint16_t lport, uint16_t rport)
{
	struct ev_key k = {.lport = lport, .rport = rport, .proto = 6};

	memcpy(k.laddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
	memcpy(k.raddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
	return k;
}

static struct ev_key tuple6(void)
{
	struct ev_key k = {.lport = 40000, .rport = 443, .proto = 6};

	memcpy(k.laddr, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	memcpy(k.raddr, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	return k;
}

static uint64_t now = 1000;
static uint8_t bytes[1 << 20];

/* A call's only chunk. */
static struct plain chunk(struct ev_key key, uint32_t flags, uint32_t len)
{
	struct plain p = {.ts_ns = now++, .key = key, .ssl = 7, .fd = 3, .flags = flags, .total = len, .data = bytes, .len = len};

	p.owner.pid = 100;
	p.owner.start_ns = 5;
	return p;
}

static int put(struct pcapng_plain *t, const struct plain *p)
{
	cnt = 0;
	said_len = 0;
	return pcapng_plain_put(t, p, on_frame, NULL);
}

static bool all_valid(void)
{
	for (size_t i = 0; i < cnt; i++)
		if (!all[i].valid)
			return false;
	return cnt;
}

static void test_conversation(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 100);

	tap_is_int(put(t, &p), 0, "a first chunk");
	tap_is_int((int)cnt, 3, "SYN, SYN-ACK, data");
	tap_ok(all_valid(), "lengths and checksums are right");
	tap_ok(all[0].flags == SYN && all[0].dir == EV_DIR_OUT && !all[0].has_data && all[0].seq == 0,
		"the side with the higher port connects");
	tap_ok(all[1].flags == (SYN | ACK) && all[1].dir == EV_DIR_IN && all[1].ack == 1, "it is answered");
	tap_ok(all[2].has_data && all[2].seq == 1 && all[2].ack == 1 && all[2].len == 100 && all[2].dir == EV_DIR_OUT,
		"the data begins at 1");
	tap_ok(!memcmp(all[2].src, "\x0a\0\0\1", 4) && !memcmp(all[2].dst, "\x0a\0\0\2", 4) && all[2].sport == 40000 &&
			all[2].dport == 443,
		"with the real tuple");
	tap_ok(!memcmp(all[2].in_src, "\xfd\x74\x6c\x73\0\0\0\1\0\0\0\1\x0a\0\0\1", 16) &&
			!memcmp(all[2].in_dst, "\xfd\x74\x6c\x73\0\0\0\2\0\0\0\1\x0a\0\0\2", 16),
		"in a tunnel of its own number");
	tap_ok(!memcmp(said, bytes, 100) && said_len == 100, "and its bytes");

	p = chunk(tuple4(40000, 443), EV_TLS_KEY, 50);
	put(t, &p);
	tap_ok(cnt == 1 && all_valid() && all[0].seq == 1 && all[0].ack == 101 && all[0].dir == EV_DIR_IN &&
			all[0].sport == 443 && !memcmp(all[0].src, "\x0a\0\0\2", 4),
		"what is read comes from the peer, and acknowledges");
	p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 7);
	put(t, &p);
	tap_ok(cnt == 1 && all[0].seq == 101 && all[0].ack == 51 && all[0].len == 7, "the numbers run on");
	p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 0);
	put(t, &p);
	tap_is_int((int)cnt, 0, "nothing said, nothing shown");
	pcapng_plain_free(t);
}

static void test_ip6(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = chunk(tuple6(), EV_TLS_WRITE | EV_TLS_KEY, 33);

	put(t, &p);
	tap_ok(cnt == 3 && all_valid() && all[2].v6 && all[2].len == 33, "IPv6: valid, odd length");
	tap_ok(!memcmp(all[2].src, p.key.laddr, 16) && !memcmp(all[2].dst, p.key.raddr, 16), "the real addresses outside");
	tap_ok(!memcmp(all[2].in_src, "\xf0\0\0\2", 4) && !memcmp(all[2].in_dst, "\xf0\0\0\3", 4), "IPv4 inside");
	pcapng_plain_free(t);
}

/* A server, and one of whom nothing is known. */
static void test_sides(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = chunk(tuple4(443, 40000), EV_TLS_WRITE | EV_TLS_KEY, 1);

	put(t, &p);
	tap_ok(all[0].dir == EV_DIR_IN && all[0].dport == 443, "a server is connected to");
	p = chunk((struct ev_key){0}, EV_TLS_WRITE, 1);
	p.ssl = 8;
	put(t, &p);
	tap_ok(cnt == 3 && all_valid() && !all[2].v6 && all[2].sport == 1 && all[2].dport == 2 && be32(all[2].src) == 0,
		"the default tuple is IPv4's");
	tap_ok(memcmp(all[2].in_src, all[2].in_dst, 16), "its two ends differ all the same");
	tap_ok(all[2].in_src[11] == 2, "another connection object is another stream");
	p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 1);
	p.owner.pid = 101;
	put(t, &p);
	tap_ok(cnt == 3 && all[2].in_src[11] == 3, "and so is another process's");
	pcapng_plain_free(t);
}

static void test_another_connection(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = chunk((struct ev_key){0}, EV_TLS_WRITE, 10);

	put(t, &p);
	p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 10);
	p.owner.sock_id = 1;
	put(t, &p);
	tap_ok(cnt == 3 && all[2].in_src[11] == 2, "a tuple that became known begins a stream");
	p = chunk((struct ev_key){0}, EV_TLS_WRITE, 10);
	put(t, &p);
	tap_ok(cnt == 1 && all[0].sport == 40000 && all[0].seq == 11, "a chunk that knows none goes on");
	p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 10);
	p.owner.sock_id = 2;
	put(t, &p);
	tap_ok(cnt == 3 && all[2].seq == 1 && all[2].in_src[11] == 3, "another socket of the same tuple is another stream");
	p = chunk(tuple4(40001, 443), EV_TLS_WRITE | EV_TLS_KEY, 10);
	p.owner.sock_id = 2;
	put(t, &p);
	tap_ok(cnt == 3 && all[2].sport == 40001, "and so is another tuple");
	pcapng_plain_free(t);
}

static void test_sizes(void)
{
	struct pcapng_plain *t = pcapng_plain_new(1000, 16);
	struct plain p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 5000);
	uint32_t most = 0;

	put(t, &p);
	for (size_t i = 0; i < cnt; i++)
		most = all[i].frame_len > most ? all[i].frame_len : most;
	tap_ok(all_valid() && most == 1000 && said_len == 5000 && !memcmp(said, bytes, 5000), "segments fit the snap length");
	tap_ok(all[3].seq == 1 + 906 && all[cnt - 1].seq + all[cnt - 1].len == 5001, "without a gap");
	pcapng_plain_free(t);

	t = pcapng_plain_new(100, 16);
	put(t, &p);
	tap_ok(all_valid() && all[2].len == 512, "below that the file cuts, as it cuts packets");
	pcapng_plain_free(t);

	t = pcapng_plain_new(UINT32_MAX, 16);
	p = chunk(tuple6(), EV_TLS_WRITE | EV_TLS_KEY, 200000);
	put(t, &p);
	tap_ok(all_valid() && said_len == 200000 && !memcmp(said, bytes, 200000), "no segment is above what IP can say");
	pcapng_plain_free(t);
}

static void test_acknowledged(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 1 << 20);
	const struct seen *last;

	put(t, &p);
	last = &all[cnt - 1];
	tap_ok(all_valid() && !last->has_data && last->dir == EV_DIR_IN && last->ack == (1 << 20) + 1, "a long silence is broken");
	p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 1000);
	put(t, &p);
	tap_is_int((int)cnt, 1, "not with each segment");
	pcapng_plain_free(t);
}

/* Chunks of one call, of `total` bytes. */
static struct plain part(uint64_t ts, uint64_t total, uint64_t offset, uint32_t len, uint32_t flags)
{
	struct plain p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY | flags, len);

	p.ts_ns = ts;
	p.total = total;
	p.offset = offset;
	return p;
}

static void test_missing(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = part(1, 300, 0, 100, 0);

	put(t, &p);
	p = part(1, 300, 100, 100, 0);
	put(t, &p);
	tap_ok(cnt == 1 && all[0].seq == 101 && !all[0].missing, "the second chunk of a call follows the first");
	p = part(1, 300, 200, 0, EV_TLS_CUT);
	put(t, &p);
	tap_ok(cnt == 1 && all_valid() && all[0].missing == 100 && all[0].dir == EV_DIR_IN && all[0].ack == 301,
		"what is cut off is acknowledged, and told");
	p = part(2, 10, 0, 10, 0);
	put(t, &p);
	tap_ok(cnt == 2 && all[0].seq == 301 && !all[1].has_data && all[1].ack == 311,
		"the next call comes behind the gap, and is acknowledged");
	p = part(3, 100, 40, 60, 0);
	put(t, &p);
	tap_ok(cnt == 3 && all[0].missing == 40 && all[0].ack == 351 && all[1].seq == 351, "a first chunk that never came");
	p = part(4, 100, 0, 30, 0);
	put(t, &p);
	p = part(5, 5, 0, 5, 0);
	put(t, &p);
	tap_ok(cnt == 3 && all[0].missing == 70 && all[1].seq == 511, "a last one that never came");
	p = part(6, 5000, 0, 0, EV_TLS_FILE);
	put(t, &p);
	tap_ok(cnt == 1 && all[0].missing == 5000, "a file");
	p = part(7, 1ULL << 33, 0, 0, EV_TLS_CUT);
	put(t, &p);
	tap_ok(cnt == 2 && all[0].flags == SYN && all[0].missing == 1ULL << 33, "a gap too wide for the numbers: another stream");
	p = part(8, 3, 0, 3, 0);
	put(t, &p);
	tap_ok(cnt == 1 && all_valid() && all[0].seq == 1 && all[0].in_src[11] == 2, "which goes on");
	pcapng_plain_free(t);
}

static void test_wrap(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p;
	int ok = 0;

	for (uint64_t ts = 1; ts <= 5; ts++) {
		p = part(ts, 1 << 30, 1 << 30, 0, EV_TLS_CUT);
		ok += !put(t, &p);
	}
	p = part(9, 4, 0, 4, 0);
	put(t, &p);
	tap_ok(ok == 5 && cnt == 2 && all[0].seq == (1U << 30) + 1 && all[0].in_src[11] == 1, "numbers wrap at 4 GiB");
	pcapng_plain_free(t);
}

static void test_bounded(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 2);
	const uint64_t order[] = {1, 2, 1, 3, 1, 2};
	const size_t frames[] = {3, 3, 1, 3, 1, 3}; /* 2 was silent longest when 3 came */
	int right = 0;

	for (size_t i = 0; i < 6; i++) {
		struct plain p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 1);

		p.ssl = order[i];
		put(t, &p);
		right += cnt == frames[i];
	}
	tap_is_int(right, 6, "the stream that was silent longest is forgotten");
	pcapng_plain_free(t);
}

static void test_errors(void)
{
	struct pcapng_plain *t = pcapng_plain_new(1000, 16);
	struct plain p = chunk(tuple4(40000, 443), EV_TLS_WRITE | EV_TLS_KEY, 5000);

	answer = -ENOSPC;
	tap_ok(put(t, &p) == -ENOSPC && cnt == 1, "a failure ends the chunk");
	answer = 0;
	pcapng_plain_free(t);
	pcapng_plain_free(NULL);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8) * 13);
	test_conversation();
	test_ip6();
	test_sides();
	test_another_connection();
	test_sizes();
	test_acknowledged();
	test_missing();
	test_wrap();
	test_bounded();
	test_errors();
	return tap_done();
}
