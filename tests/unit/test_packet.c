/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/packet.c src/model/owner.c */
#include "model/packet.h"

#include <stdlib.h>

#include "model/record.h"
#include "tap.h"

#define MACS "\2\0\0\0\0\1\2\0\0\0\0\2"
#define IP_DATA "\x45\0\0\x1cpayload"

static const struct iface eth0 = {.id = 3, .name = "eth0"};

/* A record with `frame` behind it, in memory of exactly its size: a read too far is seen by the sanitizer. */
static struct ev_packet *record(const void *frame, size_t caplen, uint32_t len)
{
	struct ev_packet *r = calloc(1, sizeof(*r) + caplen);

	r->hdr.type = EV_PACKET;
	r->hdr.size = sizeof(*r);
	r->len = len;
	r->caplen = (uint32_t)caplen;
	r->dir = EV_DIR_OUT;
	memcpy(r + 1, frame, caplen);
	return r;
}

/* head and body in one piece. */
static size_t join(const struct packet *p, uint8_t *out)
{
	memcpy(out, p->head, p->head_len);
	memcpy(out + p->head_len, p->body, p->body_len);
	return p->head_len + p->body_len;
}

static void test_plain(void)
{
	static const char frame[] = MACS "\x08\0" IP_DATA;
	struct ev_packet *r = record(frame, sizeof(frame) - 1, 1514);
	struct packet p;

	r->owner.pid = 7;
	r->owner.attr = EV_ATTR_EXACT;
	memcpy(r->owner.comm, "curl", 4);
	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(p.iface == &eth0 && p.dir == EV_DIR_OUT, "interface and direction");
	tap_ok(p.owner.pid == 7 && !strcmp(p.owner.comm, "curl"), "owner");
	tap_is_int(p.head_len, 0, "nothing before the frame");
	tap_ok(p.body == record_frame(r), "the frame is not copied");
	tap_is_int(p.caplen, sizeof(frame) - 1, "captured length");
	tap_is_int(p.len, 1514, "length on the wire");
	tap_is_int(p.ethertype, 0x0800, "type");
	tap_ok(p.l3 == record_frame(r) + 14, "the network layer begins behind the type");
	tap_is_int(p.l3_len, sizeof(IP_DATA) - 1, "its captured bytes");
	tap_is_int(p.l3_wire_len, 1500, "its bytes on the wire");
	packet_from_record(r, &eth0, 20, &p);
	tap_ok(p.caplen == 20 && p.l3_len == 6 && p.l3_wire_len == 1500, "cut to the snap length");
	packet_from_record(r, &eth0, 14, &p);
	tap_ok(p.ethertype == 0x0800 && !p.l3 && !p.l3_len, "type known, nothing of the network layer left");
	packet_from_record(r, &eth0, 13, &p);
	tap_ok(p.ethertype == 0 && !p.l3, "cut inside the type");
	free(r);
}

static void test_tag_in_metadata(void)
{
	static const char frame[] = MACS "\x08\0" IP_DATA;
	static const char want[] = MACS "\x81\0\x20\x0a\x08\0" IP_DATA;
	struct ev_packet *r = record(frame, sizeof(frame) - 1, 100);
	uint8_t got[sizeof(want)];
	struct packet p;

	r->flags = EV_PKT_VLAN;
	r->vlan_proto = 0x8100;
	r->vlan_tci = 0x200a;
	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(join(&p, got) == sizeof(want) - 1 && !memcmp(got, want, sizeof(want) - 1), "the tag is back");
	tap_ok(p.len == 104 && p.caplen == sizeof(want) - 1, "and counted in both lengths");
	tap_ok(p.ethertype == 0x0800 && p.l3_wire_len == 86, "type and network layer behind it");
	packet_from_record(r, &eth0, 14, &p);
	tap_ok(p.head_len == 14 && p.body_len == 0 && p.caplen == 14, "cut inside the tag");
	packet_from_record(r, &eth0, 18, &p);
	tap_ok(p.head_len == 16 && p.body_len == 2 && p.ethertype == 0x0800, "cut behind the type");
	r->caplen = 5;
	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(p.caplen == 5 && p.body_len == 0 && p.ethertype == 0,
		"a frame that ends inside the addresses");
	free(r);
}

static void test_tags_in_frame(void)
{
	static const char frame[] = MACS "\x88\xa8\0\5\x81\0\0\6\x86\xdd\x60payload";
	struct ev_packet *r = record(frame, sizeof(frame) - 1, 200);
	struct packet p;

	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(p.ethertype == 0x86dd && p.head_len == 0, "two tags are passed over");
	tap_ok(p.l3 == record_frame(r) + 22 && p.l3_wire_len == 178, "the network layer behind them");
	r->flags = EV_PKT_VLAN;
	r->vlan_proto = 0x88a8;
	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(p.ethertype == 0x86dd && p.len == 204, "a third one from the metadata");
	packet_from_record(r, &eth0, 16 + 2 + 4, &p);
	tap_ok(p.ethertype == 0 && !p.l3, "cut between two tags");
	free(r);
}

static void test_l3(void)
{
	static const char out4[] = "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0";
	static const char in6[] = "\2\0\0\0\0\1\2\0\0\0\0\2\x86\xdd";
	struct ev_packet *r = record("\x45packet", 7, 1400);
	struct packet p;

	r->flags = EV_PKT_L3;
	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(p.head_len == 14 && !memcmp(p.head, out4, 14), "outgoing IPv4 gets a header from this host");
	tap_ok(p.len == 1414 && p.caplen == 21, "which counts in both lengths");
	tap_ok(p.l3 == p.body && p.l3_len == 7 && p.l3_wire_len == 1400, "the network layer is the body");
	packet_from_record(r, &eth0, 10, &p);
	tap_ok(p.head_len == 10 && p.body_len == 0 && !p.l3, "cut inside the header");
	((uint8_t *)(r + 1))[0] = 0x60;
	r->dir = EV_DIR_IN;
	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(!memcmp(p.head, in6, 14), "incoming IPv6 one to it");
	((uint8_t *)(r + 1))[0] = 0x10;
	packet_from_record(r, &eth0, 65536, &p);
	tap_is_int(p.ethertype, 0xffff, "neither: the reserved type");
	r->caplen = 0;
	packet_from_record(r, &eth0, 65536, &p);
	tap_ok(p.ethertype == 0 && p.caplen == 14 && !p.l3, "no byte to tell by");
	free(r);
}

/* Whatever the lengths, the parts stay inside the record. */
static void test_bounds(void)
{
	static const char frame[] = MACS "\x81\0\0\1\x81\0\0\2\x08\0" IP_DATA;
	static const uint8_t flags[] = {0, EV_PKT_VLAN, EV_PKT_L3, EV_PKT_L3 | EV_PKT_VLAN};
	int bad = 0;

	for (size_t caplen = 0; caplen < sizeof(frame); caplen++) {
		for (uint32_t max = 0; max < sizeof(frame) + 16; max++) {
			struct ev_packet *r = record(frame, caplen, (uint32_t)caplen);
			const uint8_t *end = record_frame(r) + caplen;
			struct packet p;

			r->flags = flags[(caplen + max) % sizeof(flags)];
			packet_from_record(r, &eth0, max, &p);
			bad += p.caplen > max || p.caplen > p.len || p.head_len > PACKET_HEAD_MAX ||
			       p.body + p.body_len > end || (p.l3 && p.l3 + p.l3_len > end) ||
			       p.l3_len > p.l3_wire_len;
			free(r);
		}
	}
	tap_is_int(bad, 0, "every captured length with every snap length");
}

int main(void)
{
	test_plain();
	test_tag_in_metadata();
	test_tags_in_frame();
	test_l3();
	test_bounds();
	return tap_done();
}
