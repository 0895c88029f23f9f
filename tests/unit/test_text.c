/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/text.c src/out/text_plain.c src/out/dissect.c src/out/dissect_arp.c src/out/dissect_icmp.c
 * src/out/dissect_icmp6.c src/out/dissect_ip.c src/out/dissect_ip6.c src/out/dissect_tcp.c
 * src/out/dissect_udp.c src/out/tcpseq.c src/out/fmt.c src/model/packet.c src/model/owner.c src/base/buf.c
 * src/out/outfile.c src/out/outfd.c src/base/patient.c src/base/clock.c tests/golden/frames.c */
#include "out/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "model/record.h"
#include "tap.h"
#include "tests/golden/frames.h"
#include "written.h"

#define NOON 1700049600123456789ULL /* 2023-11-15 12:00:00.123456789 UTC */

static const struct iface eth0 = {.name = "eth0"};

static const char udp_frame[] = "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"
				"\x45\0\0\x20\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2"
				"\x9c\x40\x27\x0f\0\x0c\0\0data";
#define UDP_LINE "IP 10.0.0.1.40000 > 10.0.0.2.9999: UDP, length 4\n"

static const char syn_frame[] = "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"
				"\x45\0\0\x28\0\7\0\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2"
				"\x9c\x40\x27\x0f\0\0\3\xe8\0\0\0\0\x50\2\x01\xf6\0\0\0\0";

static const struct owner curl = {
	.pid = 1234,
	.tid = 1234,
	.uid = 1000,
	.attr = EV_ATTR_EXACT,
	.comm = "curl",
	.tcomm = "curl",
};

/* Who holds the socket of every packet. */
static const uint32_t holders[] = {1234, 1300};
static size_t holder_cnt;

/* A record in memory of exactly its size, so that a read too far is seen by the sanitizer. Free it. */
static struct ev_packet *record(const void *frame, size_t caplen, size_t len)
{
	struct ev_packet *r = calloc(1, sizeof(*r) + caplen);

	r->len = (uint32_t)len;
	r->caplen = (uint32_t)caplen;
	r->dir = EV_DIR_OUT;
	memcpy(r + 1, frame, caplen);
	return r;
}

static void put(struct sink *s, const struct iface *iface, const struct owner *o, const void *frame,
	size_t caplen, size_t len)
{
	struct ev_packet *r = record(frame, caplen, len);
	struct packet p;

	packet_from_record(r, iface, 65536, &p);
	p.ts_ns = NOON;
	p.owner = *o;
	p.holders = holders;
	p.holder_cnt = holder_cnt;
	s->ops->packet(s, &p);
	free(r);
}

/* The line of one packet. Free it. */
static char *line(const struct text_opts *opts, const struct iface *iface, const struct owner *o,
	const void *frame, size_t len)
{
	size_t size;
	int fd;
	struct sink *s = text_open(written_begin(&fd), opts);

	put(s, iface, o, frame, len, len);
	s->ops->flush(s);
	s->ops->close(s);
	return written_end(fd, &size);
}

static void check(const struct text_opts *opts, const struct iface *iface, const struct owner *o,
	const char *want, const char *what)
{
	char *got = line(opts, iface, o, udp_frame, sizeof(udp_frame) - 1);

	tap_is_str(got, want, "%s", what);
	free(got);
}

static void test_prefix(void)
{
	static const struct text_opts plain, verbose = {.verbose = true};
	static const struct owner nobody;
	struct owner thread = curl, root = curl;

	check(&plain, &eth0, &curl, "12:00:00.123456 (eth0, proc curl:1234, uid 1000, out) " UDP_LINE,
		"owned");
	check(&plain, &eth0, &nobody, "12:00:00.123456 (eth0, proc ?, out) " UDP_LINE, "nobody's");
	root.uid = 0;
	check(&plain, &eth0, &root, "12:00:00.123456 (eth0, proc curl:1234, uid 0, out) " UDP_LINE, "root's");
	check(&verbose, &eth0, &curl,
		"12:00:00.123456 (eth0, proc curl:1234, uid 1000, out, attr=exact) "
		"IP (ttl 64, length 32) 10.0.0.1.40000 > 10.0.0.2.9999: UDP, length 4\n",
		"verbose");
	thread.tid = 1240;
	strcpy(thread.tcomm, "pool 1");
	thread.attr = EV_ATTR_SEED;
	check(&verbose, &eth0, &thread,
		"12:00:00.123456 (eth0, proc curl:1234, uid 1000, out, attr=seed tid=1240 tcomm=\"pool 1\") "
		"IP (ttl 64, length 32) 10.0.0.1.40000 > 10.0.0.2.9999: UDP, length 4\n",
		"verbose, another thread");
	check(&verbose, &eth0, &nobody,
		"12:00:00.123456 (eth0, proc ?, out, attr=none) "
		"IP (ttl 64, length 32) 10.0.0.1.40000 > 10.0.0.2.9999: UDP, length 4\n",
		"verbose, nobody's");
	holder_cnt = 2;
	check(&verbose, &eth0, &curl,
		"12:00:00.123456 (eth0, proc curl:1234, uid 1000, out, attr=exact holders=1234,1300) "
		"IP (ttl 64, length 32) 10.0.0.1.40000 > 10.0.0.2.9999: UDP, length 4\n",
		"verbose, shared with another");
	check(&plain, &eth0, &curl, "12:00:00.123456 (eth0, proc curl:1234, uid 1000, out) " UDP_LINE,
		"shared, and not verbose");
	holder_cnt = 0;
}

static void test_hostile_names(void)
{
	static const struct text_opts plain;
	struct iface odd = {.name = "a\nb\\c"};
	struct owner o = curl;

	memcpy(o.comm, "x\n\x1b[31m\\) IP 1", 15);
	check(&plain, &eth0, &o,
		"12:00:00.123456 (eth0, proc x\\x0a\\x1b[31m\\x5c) IP 1:1234, uid 1000, out) " UDP_LINE,
		"newline, escape, backslash and parenthesis in a name");
	memcpy(o.comm, "\xff\xfe\x80 \x7f\0", 6);
	check(&plain, &eth0, &o,
		"12:00:00.123456 (eth0, proc \\xff\\xfe\\x80 \\x7f:1234, uid 1000, out) " UDP_LINE,
		"bytes that are no text");
	check(&plain, &odd, &curl, "12:00:00.123456 (a\\x0ab\\x5cc, proc curl:1234, uid 1000, out) " UDP_LINE,
		"an interface's name");
}

static void test_quiet(void)
{
	static const struct text_opts plain, quiet = {.quiet = true};
	char *got = line(&quiet, &eth0, &curl, syn_frame, sizeof(syn_frame) - 1);

	tap_is_str(got,
		"12:00:00.123456 (eth0, proc curl:1234, uid 1000, out) IP 10.0.0.1.40000 > 10.0.0.2.9999: "
		"tcp 0\n",
		"TCP, quiet");
	free(got);
	got = line(&plain, &eth0, &curl, syn_frame, sizeof(syn_frame) - 1);
	tap_is_str(got,
		"12:00:00.123456 (eth0, proc curl:1234, uid 1000, out) IP 10.0.0.1.40000 > 10.0.0.2.9999: "
		"Flags [S], seq 1000, win 502, length 0\n",
		"TCP");
	free(got);
}

struct truncation {
	struct sink *sink;
	unsigned long lines;
};

/* Every frame cut at every length, alone and with a wire length that says it was longer. */
static void put_cut(const char *name, const uint8_t *data, size_t len, void *ctx)
{
	struct truncation *t = ctx;

	(void)name;
	for (size_t cap = 0; cap <= len; cap++) {
		put(t->sink, &eth0, &curl, data, cap, len);
		put(t->sink, &eth0, &curl, data, cap, cap);
		t->lines += 2;
	}
}

static void test_truncation(void)
{
	static const struct text_opts verbose = {.verbose = true};
	char *text;
	size_t size;
	int fd;
	struct truncation t = {.sink = text_open(written_begin(&fd), &verbose)};
	unsigned long newlines = 0;

	frames_each(put_cut, &t);
	t.sink->ops->flush(t.sink);
	tap_is_int(t.sink->packets, t.lines, "every cut of every frame is written");
	t.sink->ops->close(t.sink);
	text = written_end(fd, &size);
	for (size_t i = 0; i < size; i++)
		newlines += text[i] == '\n';
	tap_is_int(newlines, t.lines, "each in one line");
	tap_ok(!memchr(text, 0, size), "without a NUL");
	tap_ok(strstr(text, " [|tcp]\n") && strstr(text, " [|ip]\n") && strstr(text, " [|icmp6]\n"),
		"which says where it was cut");
	free(text);
}

static void test_counters(void)
{
	static const struct text_opts plain;
	int fd;
	struct sink *s = text_open(written_begin(&fd), &plain);

	put(s, &eth0, &curl, udp_frame, sizeof(udp_frame) - 1, sizeof(udp_frame) - 1);
	tap_ok(s->packets == 0 && s->bytes == 0, "a line in the buffer is not in the file");
	tap_is_int(s->ops->flush(s), 0, "flush");
	tap_ok(s->packets == 1 && s->bytes == (uint64_t)lseek(fd, 0, SEEK_END), "now it is");
	s->ops->close(s);
	close(fd);
}

static void test_errors(void)
{
	static const struct text_opts plain;
	struct sink *s = text_open(open("/dev/full", O_WRONLY), &plain);
	struct ev_packet *r = record(udp_frame, sizeof(udp_frame) - 1, sizeof(udp_frame) - 1);
	struct packet p;
	int err = 0, tries;

	packet_from_record(r, &eth0, 65536, &p);
	for (tries = 0; tries < 1000 && !err; tries++)
		err = s->ops->packet(s, &p);
	tap_is_int(err, -ENOSPC, "a full disk stops the packets");
	tap_ok(s->bytes == 0 && s->packets == 0, "nothing is claimed to be there");
	tap_is_int(s->taken, tries, "what it was given is counted");
	s->ops->close(s);
	s = text_open(open("/dev/full", O_WRONLY), &plain);
	tap_is_int(s->ops->packet(s, &p), 0, "one line fits the buffer");
	tap_is_int(s->ops->finish(s, NULL, NULL), -ENOSPC, "and is refused at the end");
	s->ops->close(s);
	free(r);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	test_prefix();
	test_hostile_names();
	test_quiet();
	test_truncation();
	test_counters();
	test_errors();
	return tap_done();
}
