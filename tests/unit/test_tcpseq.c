/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/tcpseq.c */
#include "out/tcpseq.h"

#include "tap.h"

#define CLIENT_ISN 0xfffffff0 /* wraps around soon */
#define SERVER_ISN 5000

static struct tcpseq_segment segment(uint16_t from, uint16_t to, uint32_t seq, uint32_t ack)
{
	struct tcpseq_segment s;

	memset(&s, 0, sizeof(s));
	s.from.port = from;
	s.to.port = to;
	s.seq = seq;
	s.ack = ack;
	return s;
}

static void check(struct tcpseq *t, struct tcpseq_segment s, uint32_t seq, uint32_t ack, const char *what)
{
	tcpseq_relate(t, &s);
	tap_ok(s.seq == seq && s.ack == ack, "%s: %u, %u", what, s.seq, s.ack);
}

static void test_conversation(void)
{
	struct tcpseq *t = tcpseq_new(8);
	struct tcpseq_segment s = segment(443, 4000, SERVER_ISN, CLIENT_ISN + 1);

	s.syn = true;
	check(t, s, SERVER_ISN, CLIENT_ISN + 1, "the SYN-ACK itself is absolute");
	check(t, segment(4000, 443, CLIENT_ISN + 1, SERVER_ISN + 1), 1, 1, "the ACK counts from there");
	check(t, segment(4000, 443, CLIENT_ISN + 101, SERVER_ISN + 1), 101, 1, "over the wrap");
	check(t, segment(443, 4000, SERVER_ISN + 1, CLIENT_ISN + 201), 1, 201, "the other direction");
	s = segment(4000, 443, CLIENT_ISN + 201, SERVER_ISN + 1);
	tcpseq_relate(t, &s);
	tap_is_int(s.sack_base, SERVER_ISN, "a SACK is about the other end's numbers");
	s = segment(443, 4000, 77, 88);
	s.syn = true;
	check(t, s, 77, 88, "a new SYN begins anew");
	check(t, segment(443, 4000, 78, 88), 1, 1, "and is counted from");
	s = segment(443, 4000, 78, 88);
	s.netns = 1;
	check(t, s, 78, 88, "another namespace is another flow");
	tcpseq_free(t);
}

static void test_middle(void)
{
	struct tcpseq *t = tcpseq_new(8);

	check(t, segment(1, 2, 1000, 2000), 1000, 2000, "the first of an old flow is absolute");
	check(t, segment(1, 2, 1100, 2000), 100, 1, "the next counts from it");
	check(t, segment(2, 1, 2000, 1100), 1, 100, "and the answer");
	tcpseq_free(t);
}

static void test_eviction(void)
{
	struct tcpseq *t = tcpseq_new(2);

	check(t, segment(1, 9, 100, 100), 100, 100, "flow 1");
	check(t, segment(2, 9, 200, 200), 200, 200, "flow 2");
	check(t, segment(1, 9, 110, 100), 10, 1, "flow 1 speaks");
	check(t, segment(3, 9, 300, 300), 300, 300, "flow 3 takes the place of flow 2");
	check(t, segment(1, 9, 120, 100), 20, 1, "flow 1 is remembered");
	check(t, segment(2, 9, 210, 200), 210, 200, "flow 2 begins anew");
	tcpseq_free(t);
}

int main(void)
{
	test_conversation();
	test_middle();
	test_eviction();
	return tap_done();
}
