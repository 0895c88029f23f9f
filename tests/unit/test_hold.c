/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/hold.c src/pipeline/hello.c src/pipeline/segment.c src/model/secret.c */
/* Packets of a TLS handshake wait for their keys, and nobody else's. */
#include "pipeline/hold.h"
#include "tap.h"

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdlib.h>

#define MS 1000000ULL
#define MAX_MS 1000
#define IP_AT 14
#define TCP_AT (IP_AT + 20)
#define DATA_AT (TCP_AT + 20)

/* What was passed on, in order: the numbers of the packets, which are their time stamps. */
static uint64_t passed[256];
static size_t passed_cnt, damaged;

static void on_pass(void *ctx, const struct packet *p)
{
	(void)ctx;
	if (passed_cnt < 256)
		passed[passed_cnt++] = p->ts_ns;
	damaged += p->l3 != p->body + IP_AT || p->body[p->body_len - 1] != (uint8_t)p->ts_ns;
}

static struct secret_table *secrets;

static struct hold *new_hold(size_t flow_bytes, size_t bytes)
{
	const struct hold_opts opts = {
		.max_ns = MAX_MS * MS,
		.max_flow_bytes = flow_bytes,
		.max_bytes = bytes,
		.secrets = secrets,
		.pass = on_pass,
	};

	passed_cnt = damaged = 0;
	return hold_new(&opts);
}

static void fill_key(struct ev_key *k, uint16_t client, bool local_is_client)
{
	static const uint8_t ends[2][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}};

	memset(k, 0, sizeof(*k));
	k->laddr[10] = k->laddr[11] = k->raddr[10] = k->raddr[11] = 0xff;
	memcpy(k->laddr + 12, ends[!local_is_client], 4);
	memcpy(k->raddr + 12, ends[local_is_client], 4);
	k->lport = local_is_client ? client : 443;
	k->rport = local_is_client ? 443 : client;
	k->netns = 1;
	k->proto = IPPROTO_TCP;
}

struct shot {
	uint16_t client; /* which connection: its port */
	bool from_client;
	bool at_server; /* captured at the server's end */
	uint32_t seq;
};

/* A segment with this data; its last byte is the packet's number, as a stand-in for content that must stay. */
static void send_one(struct hold *h, uint64_t n, struct shot s, const void *data, size_t len)
{
	uint8_t *frame = calloc(1, DATA_AT + len + 1);
	struct packet p = {.ts_ns = n, .body = frame, .body_len = (uint32_t)(DATA_AT + len + 1), .ethertype = ETHERTYPE_IP};
	struct ev_packet rec;

	memset(&rec, 0, sizeof(rec));
	fill_key(&rec.key, s.client, !s.at_server);
	rec.hdr.ts_ns = n * MS;
	rec.flags = EV_PKT_KEY;
	rec.dir = s.from_client == !s.at_server ? EV_DIR_OUT : EV_DIR_IN;
	frame[IP_AT] = 0x45;
	frame[IP_AT + 2] = (uint8_t)((40 + len) >> 8);
	frame[IP_AT + 3] = (uint8_t)(40 + len);
	frame[IP_AT + 9] = IPPROTO_TCP;
	frame[TCP_AT + 4] = (uint8_t)(s.seq >> 24);
	frame[TCP_AT + 5] = (uint8_t)(s.seq >> 16);
	frame[TCP_AT + 6] = (uint8_t)(s.seq >> 8);
	frame[TCP_AT + 7] = (uint8_t)s.seq;
	frame[TCP_AT + 12] = 5 << 4;
	if (len)
		memcpy(frame + DATA_AT, data, len);
	frame[DATA_AT + len] = (uint8_t)n; /* behind the IP packet: padding */
	p.l3 = frame + IP_AT;
	p.l3_len = p.body_len - IP_AT;
	hold_packet(h, &rec, &p);
	memset(frame, 0xee, DATA_AT + len + 1); /* the ring's memory is the kernel's again */
	free(frame);
}

static const struct shot up = {.client = 5000, .from_client = true}, down = {.client = 5000};

static uint8_t *hello(uint8_t type, uint8_t random)
{
	static uint8_t d[60];

	memset(d, 0, sizeof(d));
	memcpy(d, "\x16\x03\x01\x00\x37", 5);
	memcpy(d + 5, "\x01\x00\x00\x33\x03\x03", 6);
	d[5] = type;
	memset(d + 11, random, EV_RANDOM_LEN);
	return d;
}

#define HELLO_BYTES 60

static void learn(struct hold *h, uint8_t random)
{
	struct ev_secret ev;

	memset(&ev, 0, sizeof(ev));
	memset(ev.random, random, sizeof(ev.random));
	memset(ev.secret, 7, 48);
	ev.secret_len = 48;
	strcpy(ev.label, "CLIENT_RANDOM");
	secret_add(secrets, &ev, NULL);
	if (h)
		hold_secret(h, ev.random);
}

static bool order_is(const char *want)
{
	char got[1024] = "";

	for (size_t i = 0; i < passed_cnt; i++)
		sprintf(got + strlen(got), "%s%d", i ? " " : "", (int)passed[i]);
	if (strcmp(got, want))
		printf("# passed: %s\n", got);
	return !strcmp(got, want) && !damaged;
}

static struct hold_stats stats_of(const struct hold *h)
{
	struct hold_stats st;

	hold_stats(h, &st);
	return st;
}

static void begin(void)
{
	secret_table_free(secrets);
	secrets = secret_table_new(100);
}

static void test_waits_for_keys(void)
{
	const struct shot other = {.client = 6000};
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	send_one(h, 1, up, NULL, 0);
	send_one(h, 2, up, hello(1, 9), HELLO_BYTES);
	tap_ok(order_is("1 2"), "a ClientHello does not wait");
	send_one(h, 3, down, hello(2, 8), HELLO_BYTES);
	send_one(h, 4, up, "finished", 8);
	send_one(h, 5, other, "other", 5);
	send_one(h, 6, down, NULL, 0);
	tap_ok(order_is("1 2 5"), "from the ServerHello on both directions do, and no other connection");
	tap_is_int(hold_next_ns(h), (3 + MAX_MS) * MS, "until then");
	learn(h, 77);
	tap_ok(order_is("1 2 5"), "keys of another connection change nothing");
	learn(h, 9);
	tap_ok(order_is("1 2 5 3 4 6"), "its keys release all, in order, as they were");
	send_one(h, 7, down, "more", 4);
	tap_ok(order_is("1 2 5 3 4 6 7"), "and nothing is held any more");
	tap_ok(stats_of(h).with_keys == 1 && stats_of(h).held == 3 && !stats_of(h).bytes && !stats_of(h).without_keys, "counted");
	hold_free(h);
}

static void test_keys_first(void)
{
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	learn(h, 9);
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, down, hello(2, 8), HELLO_BYTES);
	tap_ok(order_is("1 2") && stats_of(h).with_keys == 1 && !stats_of(h).held, "keys that are known: nothing waits");
	hold_free(h);
}

static void test_time(void)
{
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, down, hello(2, 8), HELLO_BYTES);
	hold_expire(h, (1 + MAX_MS) * MS);
	tap_ok(order_is("1"), "not before its time");
	hold_expire(h, (2 + MAX_MS) * MS);
	tap_ok(order_is("1 2") && stats_of(h).without_keys == 1 && stats_of(h).too_long == 1, "no keys come: it is let go, and counted");
	tap_ok(hold_next_ns(h) == UINT64_MAX, "nothing waits");
	send_one(h, 3, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 4, down, hello(2, 8), HELLO_BYTES);
	hold_flush(h);
	tap_ok(order_is("1 2 3 4") && stats_of(h).without_keys == 2 && stats_of(h).at_end == 1, "nor at the end, which is another count");
	hold_free(h);
}

static void test_bytes(void)
{
	const struct shot up2 = {.client = 6000, .from_client = true}, down2 = {.client = 6000};
	uint8_t big[4000] = {0};
	struct hold *h;

	begin();
	h = new_hold(8000, 1 << 20);
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, down, hello(2, 8), HELLO_BYTES);
	send_one(h, 3, down, big, sizeof(big));
	tap_ok(order_is("1"), "within the bound of a flow");
	send_one(h, 4, down, big, sizeof(big));
	tap_ok(order_is("1 2 3 4") && stats_of(h).without_keys == 1 && stats_of(h).too_large == 1, "above it");
	hold_free(h);

	h = new_hold(1 << 20, 8000);
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, down, hello(2, 8), HELLO_BYTES);
	send_one(h, 3, up2, hello(1, 10), HELLO_BYTES);
	send_one(h, 4, down2, hello(2, 8), HELLO_BYTES);
	send_one(h, 5, down2, big, sizeof(big));
	send_one(h, 6, down2, big, sizeof(big));
	tap_ok(passed[0] == 1 && passed[1] == 3 && passed[2] == 2, "above that of all, the one that waited longest goes first");
	tap_ok(stats_of(h).bytes <= 8000, "the bound is kept");
	hold_free(h);
	tap_ok(passed_cnt == 6, "nothing is lost at the end");
}

static void test_split(void)
{
	struct shot s = up;
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	s.seq = 1000;
	send_one(h, 1, s, hello(1, 9), 3);
	s.seq = 1003;
	send_one(h, 2, s, hello(1, 9) + 3, 20);
	s.seq = 1003;
	send_one(h, 3, s, hello(1, 9) + 3, 20); /* retransmitted */
	s.seq = 1023;
	send_one(h, 4, s, hello(1, 9) + 23, HELLO_BYTES - 23);
	send_one(h, 5, down, hello(2, 8), HELLO_BYTES);
	tap_ok(order_is("1 2 3 4"), "a ClientHello split over three segments");
	learn(h, 9);
	tap_ok(order_is("1 2 3 4 5"), "has its random");
	hold_free(h);
}

static void test_retry(void)
{
	uint8_t d[HELLO_BYTES];
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	memcpy(d, hello(2, 0), sizeof(d));
	memcpy(d + 11,
		"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e"
		"\x09\xe2\xc8\xa8\x33\x9c",
		32);
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, down, d, sizeof(d));
	tap_ok(order_is("1 2"), "a HelloRetryRequest does not wait");
	send_one(h, 3, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 4, down, hello(2, 8), HELLO_BYTES);
	tap_ok(order_is("1 2 3"), "the ServerHello after it does");
	hold_free(h);
}

static void test_starttls(void)
{
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	send_one(h, 1, down, "220 ready\r\n", 11);
	send_one(h, 2, up, "STARTTLS\r\n", 10);
	send_one(h, 3, down, "220 go\r\n", 8);
	send_one(h, 4, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 5, down, hello(2, 8), HELLO_BYTES);
	tap_ok(order_is("1 2 3 4"), "a handshake in the middle of a connection");
	hold_free(h);
}

static void test_no_answer(void)
{
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, down, "HTTP/1.0 400 plain HTTP, please\r\n", 33);
	send_one(h, 3, down, hello(2, 8), HELLO_BYTES);
	tap_ok(order_is("1 2 3"), "an answer that is no TLS: nothing is held");
	hold_free(h);
}

/* On loopback each packet comes twice; the same ends, seen from either. */
static void test_both_copies(void)
{
	struct shot up_in = up, down_out = down;
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	up_in.at_server = down_out.at_server = true;
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, up_in, hello(1, 9), HELLO_BYTES);
	send_one(h, 3, down_out, hello(2, 8), HELLO_BYTES);
	send_one(h, 4, down, hello(2, 8), HELLO_BYTES);
	tap_ok(order_is("1 2"), "both copies wait");
	learn(h, 9);
	tap_ok(order_is("1 2 3 4"), "and go on together");
	hold_free(h);
}

static void test_same_random(void)
{
	const struct shot up2 = {.client = 6000, .from_client = true}, down2 = {.client = 6000};
	struct hold *h;

	begin();
	h = new_hold(1 << 20, 1 << 20);
	send_one(h, 1, up, hello(1, 9), HELLO_BYTES);
	send_one(h, 2, up2, hello(1, 9), HELLO_BYTES);
	send_one(h, 3, down, hello(2, 8), HELLO_BYTES);
	send_one(h, 4, down2, hello(2, 8), HELLO_BYTES);
	learn(h, 9);
	tap_ok(order_is("1 2 3 4") && stats_of(h).with_keys == 2, "a connection seen in two places (NAT) is two flows with one random");
	hold_free(h);
}

int main(void)
{
	test_waits_for_keys();
	test_keys_first();
	test_time();
	test_bytes();
	test_split();
	test_retry();
	test_starttls();
	test_no_answer();
	test_both_copies();
	test_same_random();
	secret_table_free(secrets);
	return tap_done();
}
