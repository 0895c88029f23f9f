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
static struct ev_tail end;

static uint8_t byte_at(uint32_t i)
{
	return (uint8_t)(i % 251);
}

/* A packet and its end, as the kernel side makes them. */
static void make(uint32_t len)
{
	memset(&rec, 0, sizeof(rec));
	rec.p.hdr = (struct ev_hdr){.ts_ns = TS_NS, .type = EV_PACKET, .size = sizeof(rec.p)};
	rec.p.cpu = CPU;
	rec.p.dir = EV_DIR_OUT;
	rec.p.len = len;
	rec.p.caplen = len < EV_CAPLEN_MAX ? len : EV_CAPLEN_MAX;
	for (uint32_t i = 0; i < rec.p.caplen; i++)
		rec.bytes[sizeof(rec.p) + i] = byte_at(i);
	memset(&end, 0, sizeof(end));
	end.hdr = (struct ev_hdr){.ts_ns = TS_NS, .type = EV_TAIL, .size = sizeof(end)};
	end.cpu = CPU;
	end.len = len;
	for (uint32_t i = 0; i < EV_TAIL_LEN && len > EV_TAIL_LEN; i++)
		end.data[i] = byte_at(len - EV_TAIL_LEN + i);
}

static bool is_whole(const struct ev_packet *p)
{
	const uint8_t *frame = record_frame(p);

	for (uint32_t i = 0; i < p->len; i++)
		if (p->caplen != p->len || frame[i] != byte_at(i))
			return false;
	return p->hdr.ts_ns == TS_NS && p->dir == EV_DIR_OUT;
}

static void test_join(struct tail *t, uint32_t len, const char *what)
{
	make(len);
	tap_is_int(record_check(&end, sizeof(end)), 0, what);
	tail_note(t, &end);
	tap_ok(is_whole(tail_join(t, &rec.p)), "is whole");
	tap_is_int(rec.p.caplen, EV_CAPLEN_MAX, "its record stays as it is");
}

/* Anything that tells of another packet leaves this one as it came. */
static void test_others(struct tail *t)
{
	make(LEN);
	end.hdr.ts_ns++;
	tail_note(t, &end);
	tap_ok(tail_join(t, &rec.p) == &rec.p, "another time");
	make(LEN);
	end.cpu++;
	tail_note(t, &end);
	tap_ok(tail_join(t, &rec.p) == &rec.p, "another CPU");
	make(LEN);
	end.len++;
	tail_note(t, &end);
	tap_ok(tail_join(t, &rec.p) == &rec.p, "another length");
	make(1500);
	tap_ok(tail_join(t, &rec.p) == &rec.p, "a packet that is whole");
	make(LEN);
	tail_note(t, &end);
	rec.p.caplen = 60;
	tap_ok(tail_join(t, &rec.p) == &rec.p, "a gap between the two");
}

int main(void)
{
	struct tail *t = tail_new();

	make(LEN);
	tap_ok(tail_join(t, &rec.p) == &rec.p, "before any end came");
	test_join(t, LEN, "the end of a packet");
	test_join(t, EV_CAPLEN_MAX + 1, "of one that lacks a byte");
	test_join(t, EV_SNAPLEN_MAX, "of the longest");
	test_others(t);
	make(EV_SNAPLEN_MAX + 1);
	tap_ok(record_check(&end, sizeof(end)), "of one that is longer is none");
	make(EV_CAPLEN_MAX);
	tap_ok(record_check(&end, sizeof(end)), "nor of one that fits its record");
	tail_free(t);
	return tap_done();
}
