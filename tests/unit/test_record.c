/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/record.c */
#include "model/record.h"

#include <errno.h>
#include <stdint.h>

#include "tap.h"

#define FRAME_LEN 60

struct packet_rec {
	struct ev_packet p;
	unsigned char frame[FRAME_LEN + 4]; /* the ring pads to 8 bytes */
};

static struct packet_rec good_packet(void)
{
	struct packet_rec r;

	memset(&r, 0, sizeof(r));
	r.p.hdr.type = EV_PACKET;
	r.p.hdr.size = sizeof(r.p);
	r.p.len = 1500;
	r.p.caplen = FRAME_LEN;
	r.p.dir = EV_DIR_OUT;
	r.p.owner.attr = EV_ATTR_EXACT;
	return r;
}

static void test_packet(void)
{
	struct packet_rec r = good_packet();
	size_t refused = 0;

	tap_is_int(record_check(&r, sizeof(r)), 0, "a packet with padding behind its frame");
	tap_is_int(record_check(&r, sizeof(r.p) + FRAME_LEN), 0, "a packet without padding");
	tap_is_int(record_check(&r, sizeof(r.p) + FRAME_LEN - 1), -EBADMSG, "a frame byte is missing");
	for (size_t len = 0; len < sizeof(r.p); len++)
		refused += record_check(&r, len) == -EBADMSG;
	tap_is_int(refused, sizeof(r.p), "every cut inside the fixed part");
	r.p.len = r.p.caplen;
	tap_is_int(record_check(&r, sizeof(r)), 0, "the whole packet was captured");
	r.p.len = r.p.caplen - 1;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "more captured than there was");
	r.p.caplen = 0;
	tap_is_int(record_check(&r, sizeof(r.p)), 0, "no frame bytes at all");
}

static void test_packet_limits(void)
{
	struct packet_rec r = good_packet();

	r.p.len = r.p.caplen = 0xffffffff;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "lengths of 4 GiB");
	r.p.len = 0x80000000;
	r.p.caplen = FRAME_LEN;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "a wire length no skb has");
	r.p.len = r.p.caplen = EV_CAPLEN_MAX + 1;
	tap_is_int(record_check(&r, 1 << 20), -EBADMSG, "more than a perf record can carry");
	r = good_packet();
	r.p.dir = 0;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "no direction");
	r.p.dir = EV_DIR_OUT + 1;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "a third direction");
	r = good_packet();
	r.p.owner.attr = EV_ATTR_CNT;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "an unknown attribution");
}

static void test_header(void)
{
	struct packet_rec r = good_packet();
	uint64_t room[sizeof(r) / 8 + 2];

	memcpy((char *)room + 4, &r, sizeof(r));
	tap_is_int(
		record_check((char *)room + 4, sizeof(r)), 0, "four bytes behind a boundary, as in the ring");
	memcpy((char *)room + 2, &r, sizeof(r));
	tap_is_int(record_check((char *)room + 2, sizeof(r)), -EBADMSG, "two: not aligned");
	r.p.hdr.type = 0;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "type 0");
	r.p.hdr.type = EV_SHAKE + 1;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "a type of the future");
	r = good_packet();
	r.p.hdr.size--;
	tap_is_int(record_check(&r, sizeof(r)), -EBADMSG, "another size than this program was built with");
}

static void test_shake(void)
{
	struct ev_shake s;

	memset(&s, 0, sizeof(s));
	s.hdr.type = EV_SHAKE;
	s.hdr.size = sizeof(s);
	tap_is_int(record_check(&s, sizeof(s)), 0, "a handshake");
	tap_is_int(record_check(&s, sizeof(s) - 1), -EBADMSG, "a handshake cut short");
}

static void test_owner(void)
{
	struct ev_owner o;

	memset(&o, 0, sizeof(o));
	o.hdr.type = EV_OWNER;
	o.hdr.size = sizeof(o);
	o.kind = EV_OWN_FLOW;
	o.owner.attr = EV_ATTR_EXACT;
	tap_is_int(record_check(&o, sizeof(o)), 0, "an owner");
	tap_is_int(record_check(&o, sizeof(o) - 1), -EBADMSG, "an owner cut short");
	o.kind = EV_OWN_LISTEN;
	tap_is_int(record_check(&o, sizeof(o)), 0, "a listener");
	o.kind = EV_OWN_HOLD + 1;
	tap_is_int(record_check(&o, sizeof(o)), -EBADMSG, "an unknown kind");
	o.kind = 0;
	tap_is_int(record_check(&o, sizeof(o)), -EBADMSG, "no kind");
	o.kind = EV_OWN_PORT;
	o.owner.attr = 0xffff;
	tap_is_int(record_check(&o, sizeof(o)), -EBADMSG, "an owner with an unknown attribution");
}

static void test_close(void)
{
	struct ev_close c;

	memset(&c, 0, sizeof(c));
	c.hdr.type = EV_CLOSE;
	c.hdr.size = sizeof(c);
	tap_is_int(record_check(&c, sizeof(c)), 0, "a close");
	tap_is_int(record_check(&c, sizeof(c) - 8), -EBADMSG, "a close cut short");
	c.hdr.size = sizeof(struct ev_packet);
	tap_is_int(record_check(&c, sizeof(c)), -EBADMSG, "a close with the size of a packet");
}

int main(void)
{
	test_packet();
	test_packet_limits();
	test_header();
	test_shake();
	test_owner();
	test_close();
	return tap_done();
}
