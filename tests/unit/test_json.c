/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/json.c src/out/json_put.c src/out/json_packet.c src/out/fields.c src/out/dissect.c src/out/dissect_arp.c
 * src/out/dissect_icmp.c src/out/dissect_icmp6.c src/out/dissect_ip.c src/out/dissect_ip6.c src/out/dissect_tcp.c
 * src/out/dissect_udp.c src/out/tcpseq.c src/out/fmt.c src/model/plain.c src/model/packet.c src/model/owner.c src/base/buf.c
 * src/out/outfile.c src/out/outfd.c src/base/patient.c src/base/clock.c tests/golden/frames.c */
#include "out/json.h"

#include <stdlib.h>
#include <string.h>

#include "model/record.h"
#include "out/json_put.h"
#include "tap.h"
#include "tests/golden/frames.h"
#include "written.h"

#define NOON 1700049600000000089ULL

static const struct iface eth0 = {.name = "e\"th\\0", .netns = 7};
static const uint32_t holders[] = {1234, 1300};

static const struct owner curl = {
	.pid = 1234,
	.tid = 1240,
	.uid = 1000,
	.attr = EV_ATTR_EXACT,
	.comm = "a\n\x1b\xff\"\\\x7f",
	.tcomm = "pool 1",
};
#define OWNER                                                                                                \
	"\"attr\":\"exact\",\"owner\":{\"pid\":1234,\"tid\":1240,\"uid\":1000,"                                    \
	"\"comm\":\"a\\u000a\\u001b\\u00ff\\\"\\\\\\u007f\",\"tcomm\":\"pool 1\",\"container\":"

static char *text; /* what was written, from open() to shut() */
static size_t text_len;
static int out;

static struct sink *begin(const struct json_opts *opts)
{
	struct sink *s;

	s = json_open(written_begin(&out), opts);
	if (!s)
		exit(1);
	return s;
}

/* Frees what begin made; the text is the caller's. */
static char *end(struct sink *s)
{
	s->ops->finish(s, NULL, NULL);
	s->ops->close(s);
	text = written_end(out, &text_len);
	return text;
}

static void is_member(const char *want, const char *what)
{
	tap_ok(strstr(text, want), "%s", what);
	if (!strstr(text, want))
		printf("# no %s in %.400s\n", want, text);
}

static void put_frame(struct sink *s, const struct owner *o, const uint8_t *frame, size_t len, size_t caplen)
{
	struct ev_packet *r = calloc(1, sizeof(*r) + caplen); /* of exactly its size: the sanitizer sees a read too far */
	struct packet p;

	r->len = (uint32_t)len;
	r->caplen = (uint32_t)caplen;
	r->dir = EV_DIR_OUT;
	memcpy(r + 1, frame, caplen);
	packet_from_record(r, &eth0, UINT32_MAX, &p);
	p.ts_ns = NOON;
	p.owner = *o;
	p.holders = holders;
	p.holder_cnt = 2;
	s->ops->packet(s, &p);
	free(r);
}

static const uint8_t syn[] = "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"
			     "\x45\0\0\x28\0\7\0\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2"
			     "\x9c\x40\x27\x0f\xff\0\3\xe8\0\0\0\0\x50\x12\x01\xf6\0\0\0\0";
#define SYN_LEN (sizeof(syn) - 1)

static const char *in_a_container(void *ctx, const struct owner *o)
{
	return o->pid == 1234 ? ctx : NULL;
}

static void test_packet(void)
{
	const struct owner nobody = {.attr = EV_ATTR_NONE};
	struct sink *s = begin(&(struct json_opts){0});

	put_frame(s, &curl, syn, SYN_LEN, SYN_LEN);
	s->ops->flush(s);
	tap_ok(s->packets == 1 && s->bytes == (uint64_t)lseek(out, 0, SEEK_END), "the counters are the file's");
	free(end(s));
	s = begin(&(struct json_opts){.quiet = true});
	put_frame(s, &curl, syn, SYN_LEN, SYN_LEN);
	tap_is_str(end(s),
		"{\"type\":\"packet\",\"time\":1700049600.000000089,\"iface\":\"e\\\"th\\\\0\",\"netns\":7,\"dir\":\"out\","
		"\"len\":54,\"caplen\":54,\"ethertype\":2048,\"ip\":4,\"src\":\"10.0.0.1\",\"dst\":\"10.0.0.2\",\"ttl\":64,"
		"\"proto\":6,\"protocol\":\"tcp\",\"sport\":40000,\"dport\":9999,\"flags\":\"S.\",\"seq\":4278191080,\"ack\":0,"
		"\"win\":502,\"payload\":0," OWNER "null}}\n",
		"a packet, quiet");
	free(text);
	s = begin(&(struct json_opts){.verbose = true, .container = in_a_container, .ctx = "0123456789ab"});
	put_frame(s, &curl, syn, SYN_LEN, SYN_LEN);
	put_frame(s, &nobody, syn, SYN_LEN, 20);
	end(s);
	is_member("\"summary\":\"IP 10.0.0.1.40000 > 10.0.0.2.9999: Flags [S.], ", "with a summary");
	is_member(OWNER "\"0123456789ab\"},\"holders\":[1234,1300]}\n", "verbose: holders; the container");
	is_member("\"caplen\":20,\"ethertype\":2048,\"protocol\":null,", "what was not captured is not there");
	is_member("\"attr\":\"none\",\"owner\":null", "nobody");
	free(text);
	s = begin(&(struct json_opts){.no_packets = true});
	put_frame(s, &curl, syn, SYN_LEN, SYN_LEN);
	tap_is_str(end(s), "", "no packets are wanted");
	free(text);
}

/* Of each kind of packet the golden frames have: one line, ASCII. JSON it is, says tests/golden. */
struct all {
	struct sink *s;
	size_t cnt;
};

static void each_length(const char *what, const uint8_t *data, size_t len, void *ctx)
{
	struct all *a = ctx;

	(void)what;
	for (size_t cap = 0; cap <= len && cap < 130; cap++, a->cnt++)
		put_frame(a->s, &curl, data, len, cap);
}

static void test_cut(void)
{
	struct all a = {begin(&(struct json_opts){0}), 0};
	size_t lines = 0, odd = 0;

	frames_each(each_length, &a);
	end(a.s);
	for (size_t i = 0; i < text_len; i++) {
		lines += text[i] == '\n';
		odd += text[i] != '\n' && (text[i] < 0x20 || text[i] > 0x7e);
	}
	tap_ok(lines == a.cnt && a.cnt > 1000, "a line each, wherever %zu packets are cut", a.cnt);
	tap_is_int((int)odd, 0, "all of it printable");
	is_member("\"protocol\":\"icmp\",\"icmp_type\":8,\"icmp_code\":0,\"icmp_id\":4660,\"icmp_seq\":1,", "an echo");
	is_member("\"protocol\":\"icmp6\",\"icmp_type\":135,", "a neighbour solicitation");
	is_member("\"frag\":0,\"proto\":17,\"protocol\":\"udp\",\"sport\":40000", "a first fragment");
	is_member("\"frag\":32,\"proto\":17,\"protocol\":\"udp\",\"summary\"", "a later one has no ports");
	is_member("\"ip\":6,\"src\":\"2001:db8::1\",\"dst\":\"2001:db8:0:1::abcd:2\"", "IPv6 addresses");
	is_member("\"proto\":6,\"protocol\":\"tcp\",\"sport\":40000,\"dport\":9999,\"flags\":\"\",", "no flags");
	is_member("\"ethertype\":2054,\"protocol\":\"arp\",\"summary\":\"ARP, Request", "ARP");
	is_member("\"proto\":253,\"protocol\":null", "a protocol without a name");
	free(text);
}

static const struct plain said = {
	.ts_ns = NOON,
	.key = {.laddr = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}, .raddr = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 2},
		.lport = 40000, .rport = 443},
	.fd = 5,
	.flags = EV_TLS_WRITE | EV_TLS_KEY | EV_TLS_FD,
	.total = 4,
	.data = (const uint8_t *)"GET\xff",
	.len = 4,
};

static void put_plain(struct sink *s, struct plain p)
{
	p.owner = curl;
	s->ops->plain(s, &p);
}

static void test_plain(void)
{
	struct sink *s = begin(&(struct json_opts){.plain = true, .no_packets = true});
	struct plain p = said;

	put_plain(s, said);
	tap_is_str(end(s),
		"{\"type\":\"plaintext\",\"time\":1700049600.000000089,\"dir\":\"write\",\"fd\":5,\"src\":\"10.0.0.1\",\"sport\":40000,"
		"\"dst\":\"10.0.0.2\",\"dport\":443,\"known\":true,\"total\":4,\"offset\":0,\"len\":4,\"truncated\":false,"
		"\"flags\":[],\"data\":\"R0VU/w==\"," OWNER "null}}\n",
		"plaintext");
	free(text);

	s = begin(&(struct json_opts){.plain = true});
	p.flags = EV_TLS_INFERRED | EV_TLS_CUT | 0x10000;
	p.fd = -1;
	p.total = 1ULL << 40;
	p.offset = 1ULL << 39;
	p.len = 0;
	put_plain(s, p);
	memset(&p.key, 0, sizeof(p.key));
	p.flags = EV_TLS_EARLY;
	put_plain(s, p);
	p.key.laddr[0] = 0xfd;
	p.key.lport = 1;
	put_plain(s, p);
	end(s);
	is_member("\"dir\":\"read\",\"fd\":null,\"src\":\"10.0.0.2\",\"sport\":443,\"dst\":\"10.0.0.1\",\"dport\":40000,", "read");
	is_member("\"total\":1099511627776,\"offset\":549755813888,\"len\":0,\"truncated\":true,\"flags\":[\"inferred\",\"cut\",\"0x10000\"],"
		  "\"data\":\"\",", "cut off; a flag without a name");
	is_member("\"src\":\"0.0.0.0\",\"sport\":0,\"dst\":\"0.0.0.0\",\"dport\":0,\"known\":false,", "the default tuple");
	is_member("\"flags\":[\"early\"]", "early data");
	is_member("\"src\":\"0.0.0.0\",\"sport\":0,\"dst\":\"fd00::\",\"dport\":1,\"known\":true", "IPv6");
	free(text);
	s = begin(&(struct json_opts){0});
	put_plain(s, said);
	tap_is_str(end(s), "", "no plaintext is wanted");
	free(text);
}

/* RFC 4648 section 10. */
static void test_base64(void)
{
	static const char *const cases[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xff\xef\xbe", "/+++"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = BUF_INIT;
		char want[32];

		snprintf(want, sizeof(want), "\"k\":\"%s\"", cases[i][1]);
		json_base64(&b, "k", (const uint8_t *)cases[i][0], strlen(cases[i][0]));
		tap_is_str(buf_cstr(&b), want, "base64 of %zu bytes", strlen(cases[i][0]));
		buf_free(&b);
	}
}

int main(void)
{
	test_packet();
	test_cut();
	test_plain();
	test_base64();
	return tap_done();
}
