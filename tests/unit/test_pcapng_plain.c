/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/pcapng_plain.c src/out/pcapng_streams.c src/out/synth.c src/base/buf.c */
#include "segments.h"

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
	fill_bytes();
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
