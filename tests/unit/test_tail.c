/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/tail.c src/model/record.c */
#include "pipeline/tail.h"
#include "model/record.h"
#include "tap.h"

#include <stdint.h>
#include <string.h>

#define TS_NS 7
#define CPU 3
#define LEN (EV_CAPLEN_MAX + 209) /* 64 KiB of data and headers over the loopback */

static union {
	struct ev_packet p;
	uint8_t bytes[sizeof(struct ev_packet) + EV_CAPLEN_MAX];
} rec;

static union {
	struct ev_tail t;
	uint8_t bytes[sizeof(struct ev_tail) + EV_TAIL_LEN];
} piece;

static uint8_t byte_at(uint32_t i)
{
	return (uint8_t)(i % 251);
}

/* As the kernel side makes them. */
static void make_packet(uint32_t len)
{
	memset(&rec, 0, sizeof(rec));
	rec.p.hdr = (struct ev_hdr){.ts_ns = TS_NS, .type = EV_PACKET, .size = sizeof(rec.p)};
	rec.p.cpu = CPU;
	rec.p.dir = EV_DIR_OUT;
	rec.p.len = len;
	rec.p.caplen = len < EV_CAPLEN_MAX ? len : EV_CAPLEN_MAX;
	for (uint32_t i = 0; i < rec.p.caplen; i++)
		rec.bytes[sizeof(rec.p) + i] = byte_at(i);
}

static void make_piece(uint32_t len, uint32_t offset)
{
	uint32_t left = len - offset;

	memset(&piece, 0, sizeof(piece));
	piece.t.hdr = (struct ev_hdr){.ts_ns = TS_NS, .type = EV_TAIL, .size = sizeof(piece.t)};
	piece.t.cpu = CPU;
	piece.t.len = len;
	piece.t.offset = offset;
	piece.t.size = left < EV_TAIL_LEN ? left : EV_TAIL_LEN;
	for (uint32_t i = 0; i < piece.t.size; i++)
		piece.bytes[sizeof(piece.t) + i] = byte_at(offset + i);
}

static bool is_whole(const struct ev_packet *p)
{
	const uint8_t *frame = record_frame(p);

	for (uint32_t i = 0; i < p->len; i++)
		if (p->caplen != p->len || frame[i] != byte_at(i))
			return false;
	return p->hdr.ts_ns == TS_NS && p->dir == EV_DIR_OUT;
}

/* All pieces of a packet, but for one. */
static int note_all(struct tail *t, uint32_t len, uint32_t but)
{
	int bad = 0;

	make_packet(len);
	for (uint32_t at = EV_CAPLEN_MAX; at < len; at += EV_TAIL_LEN) {
		make_piece(len, at);
		bad += record_check(&piece, sizeof(piece.t) + piece.t.size) != 0;
		if (at != but)
			tail_note(t, &piece.t);
	}
	return bad;
}

static void test_join(struct tail *t, uint32_t len, const char *what)
{
	tap_is_int(note_all(t, len, 0), 0, what);
	tap_ok(is_whole(tail_join(t, &rec.p)), "is whole");
	tap_is_int(rec.p.caplen, EV_CAPLEN_MAX, "its record stays as it is");
}

static void test_stays(struct tail *t, const char *what)
{
	tap_ok(tail_join(t, &rec.p) == &rec.p, what);
}

/* Anything that tells of another packet leaves this one as it came. */
static void test_others(struct tail *t)
{
	note_all(t, LEN, 0);
	rec.p.hdr.ts_ns++;
	test_stays(t, "another time");
	note_all(t, LEN, 0);
	rec.p.cpu++;
	test_stays(t, "another CPU");
	note_all(t, LEN, 0);
	rec.p.len++;
	test_stays(t, "another length");
	make_packet(1500);
	test_stays(t, "a packet that is whole");
	note_all(t, LEN, 0);
	rec.p.caplen = 60;
	test_stays(t, "one that was to be cut");
	note_all(t, EV_SNAPLEN_MAX, EV_CAPLEN_MAX + EV_TAIL_LEN);
	test_stays(t, "a piece is missing");
	note_all(t, EV_SNAPLEN_MAX, EV_CAPLEN_MAX + (EV_TAIL_CNT - 1) * EV_TAIL_LEN);
	test_stays(t, "the last piece is");
}

static void test_bad(void)
{
	make_piece(LEN, EV_CAPLEN_MAX);
	tap_ok(record_check(&piece, sizeof(piece.t) + piece.t.size - 1), "a piece that is cut short is none");
	piece.t.size++;
	tap_ok(record_check(&piece, sizeof(piece)), "nor one that goes beyond the packet");
	piece.t.size = 0;
	tap_ok(record_check(&piece, sizeof(piece)), "nor one of nothing");
	make_piece(LEN, EV_CAPLEN_MAX - 1);
	tap_ok(record_check(&piece, sizeof(piece)), "nor one of what the packet's record has");
	make_piece(EV_SNAPLEN_MAX + 1, EV_SNAPLEN_MAX);
	tap_ok(record_check(&piece, sizeof(piece)), "nor one of a packet there is no room for");
}

int main(void)
{
	struct tail *t = tail_new();

	make_packet(LEN);
	test_stays(t, "before any piece came");
	test_join(t, LEN, "the end of a packet");
	test_join(t, EV_CAPLEN_MAX + 1, "of one that lacks a byte");
	test_join(t, 131032, "of two times 64 KiB");
	test_join(t, EV_SNAPLEN_MAX, "of the longest");
	test_others(t);
	test_bad();
	tail_free(t);
	return tap_done();
}
