/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/hold.h"
#include "pipeline/hello.h"
#include "pipeline/segment.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

/* Handshakes that are looked at at one time; the oldest is let go. */
#define FLOWS_MAX 65536

/* How long a ClientHello waits for its answer. */
#define ANSWER_NS 10000000000ULL

/* A connection, the same in both directions and in both captured copies: its ends in the order of their bytes. */
struct pair {
	uint8_t low[16], high[16];
	uint32_t netns;
	uint16_t low_port, high_port;
};

struct held {
	struct packet packet;
	struct held *prev, *next;
	uint32_t holders[]; /* then the body */
};

enum state {
	SPLIT,	 /* the beginning of what may be a ClientHello */
	ASKED,	 /* ClientHello: random is known */
	HOLDING	 /* ServerHello: its packets wait */
};

struct handshake {
	struct pair pair;
	enum state state;
	uint8_t dir_low; /* of a ClientHello: 1 if the lower end sent it */
	uint8_t random[EV_RANDOM_LEN];
	uint8_t begin[HELLO_NEED]; /* SPLIT */
	size_t begin_len;
	uint32_t next_seq;
	uint64_t until_ns;
	struct held *packets;
	size_t bytes;
	struct handshake *prev, *next;		     /* in waiting or holding: the first ends first */
	struct handshake *random_prev, *random_next; /* with the same random */
	UT_hash_handle hh;
	UT_hash_handle by_random; /* of the first with its random */
};

struct hold {
	struct hold_opts opts;
	struct handshake *handshakes; /* by pair */
	struct handshake *randoms;    /* of those that hold */
	struct handshake *waiting;    /* SPLIT and ASKED */
	struct handshake *holding;
	struct hold_stats stats;
};

struct hold *hold_new(const struct hold_opts *opts)
{
	struct hold *h = calloc(1, sizeof(*h));

	if (h)
		h->opts = *opts;
	return h;
}

/* ---- handshakes ---- */

static void pair_of(const struct ev_packet *rec, struct pair *out, bool *from_low)
{
	const struct ev_key *k = &rec->key;
	int order = memcmp(k->laddr, k->raddr, sizeof(k->laddr));
	bool local_low = order ? order < 0 : k->lport <= k->rport;

	memset(out, 0, sizeof(*out));
	memcpy(out->low, local_low ? k->laddr : k->raddr, sizeof(out->low));
	memcpy(out->high, local_low ? k->raddr : k->laddr, sizeof(out->high));
	out->low_port = local_low ? k->lport : k->rport;
	out->high_port = local_low ? k->rport : k->lport;
	out->netns = k->netns;
	*from_low = (rec->dir == EV_DIR_OUT) == local_low;
}

static struct handshake *find(const struct hold *h, const struct pair *pair)
{
	struct handshake *s;

	HASH_FIND(hh, h->handshakes, pair, sizeof(*pair), s);
	return s;
}

static struct handshake *first_with(const struct hold *h, const uint8_t random[EV_RANDOM_LEN])
{
	struct handshake *s;

	HASH_FIND(by_random, h->randoms, random, EV_RANDOM_LEN, s);
	return s;
}

static void index_random(struct hold *h, struct handshake *s)
{
	struct handshake *first = first_with(h, s->random);

	if (first) {
		DL_APPEND2(first, s, random_prev, random_next);
		return;
	}
	DL_APPEND2(first, s, random_prev, random_next); /* a list of its own */
	HASH_ADD(by_random, h->randoms, random, EV_RANDOM_LEN, s);
}

static void unindex_random(struct hold *h, struct handshake *s)
{
	struct handshake *first = first_with(h, s->random), *list = first;

	if (first == s)
		HASH_DELETE(by_random, h->randoms, s);
	DL_DELETE2(list, s, random_prev, random_next);
	if (first == s && list)
		HASH_ADD(by_random, h->randoms, random, EV_RANDOM_LEN, list);
}

static void pass_all(struct hold *h, struct handshake *s)
{
	struct held *p, *next;

	DL_FOREACH_SAFE(s->packets, p, next) {
		DL_DELETE(s->packets, p);
		h->opts.pass(h->opts.ctx, &p->packet);
		free(p);
	}
	h->stats.bytes -= s->bytes;
}

/* It is looked at no longer; what it held goes on. */
static void let_go(struct hold *h, struct handshake *s)
{
	HASH_DEL(h->handshakes, s);
	if (s->state == HOLDING) {
		DL_DELETE(h->holding, s);
		unindex_random(h, s);
	} else {
		DL_DELETE(h->waiting, s);
	}
	pass_all(h, s);
	free(s);
}

/* `why`: its counter. */
static void release(struct hold *h, struct handshake *s, uint64_t *why)
{
	(*why)++;
	let_go(h, s);
}

void hold_free(struct hold *h)
{
	if (!h)
		return;
	hold_flush(h);
	free(h);
}

static struct handshake *add(struct hold *h, const struct pair *pair, uint64_t ts_ns)
{
	struct handshake *s;

	if (HASH_COUNT(h->handshakes) >= FLOWS_MAX && h->waiting)
		release(h, h->waiting, &h->stats.unwatched);
	s = calloc(1, sizeof(*s));
	if (!s) {
		h->stats.unwatched++;
		return NULL;
	}
	s->pair = *pair;
	s->until_ns = ts_ns + ANSWER_NS;
	HASH_ADD(hh, h->handshakes, pair, sizeof(s->pair), s);
	if (!s->hh.tbl) {
		free(s);
		h->stats.unwatched++;
		return NULL;
	}
	DL_APPEND(h->waiting, s);
	return s;
}

/* ---- packets ---- */

/* false: no memory for the copy. */
static bool keep(struct hold *h, struct handshake *s, const struct packet *p)
{
	size_t holders = p->holder_cnt * sizeof(*p->holders), bytes = sizeof(struct held) + holders + p->body_len;
	struct held *copy = malloc(bytes);
	uint8_t *body;

	if (!copy)
		return false;
	body = (uint8_t *)(copy->holders + p->holder_cnt);
	copy->packet = *p;
	if (holders)
		memcpy(copy->holders, p->holders, holders);
	memcpy(body, p->body, p->body_len);
	copy->packet.holders = copy->holders;
	copy->packet.body = body;
	if (p->l3)
		copy->packet.l3 = body + (p->l3 - p->body);
	DL_APPEND(s->packets, copy);
	s->bytes += bytes;
	h->stats.bytes += bytes;
	h->stats.held++;
	return true;
}

static void keep_or_release(struct hold *h, struct handshake *s, const struct packet *p)
{
	if (!keep(h, s, p)) {
		release(h, s, &h->stats.too_large);
		h->opts.pass(h->opts.ctx, p);
		return;
	}
	if (s->bytes > h->opts.max_flow_bytes)
		release(h, s, &h->stats.too_large);
	while (h->stats.bytes > h->opts.max_bytes)
		release(h, h->holding, &h->stats.too_large);
}

static void begin_holding(struct hold *h, struct handshake *s, uint64_t ts_ns)
{
	DL_DELETE(h->waiting, s);
	s->state = HOLDING;
	s->until_ns = ts_ns + h->opts.max_ns;
	DL_APPEND(h->holding, s);
	index_random(h, s);
}

static void on_client_hello(struct handshake *s, const uint8_t random[EV_RANDOM_LEN], bool from_low)
{
	s->state = ASKED;
	s->dir_low = from_low;
	memcpy(s->random, random, EV_RANDOM_LEN);
}

/* The first bytes of a segment that may begin a handshake. */
static void look_for_client(struct hold *h, const struct pair *pair, bool from_low, const struct segment *seg, uint64_t ts_ns)
{
	uint8_t random[EV_RANDOM_LEN];
	enum hello what = hello_read(seg->data, seg->len, random);
	struct handshake *s;

	if (what != HELLO_CLIENT && what != HELLO_MORE)
		return;
	s = add(h, pair, ts_ns);
	if (!s)
		return;
	if (what == HELLO_CLIENT) {
		on_client_hello(s, random, from_low);
		return;
	}
	s->state = SPLIT;
	s->dir_low = from_low;
	memcpy(s->begin, seg->data, seg->len);
	s->begin_len = seg->len;
	s->next_seq = seg->seq + (uint32_t)seg->len;
}

/* More of a ClientHello that began in another segment. The other copy of that one, and what comes out of order, is passed over. */
static void look_for_rest(struct hold *h, struct handshake *s, bool from_low, const struct segment *seg)
{
	size_t room = sizeof(s->begin) - s->begin_len, n = seg->len < room ? seg->len : room;
	uint8_t random[EV_RANDOM_LEN];

	if (from_low != s->dir_low || seg->seq != s->next_seq)
		return;
	memcpy(s->begin + s->begin_len, seg->data, n);
	s->begin_len += n;
	s->next_seq += (uint32_t)n;
	switch (hello_read(s->begin, s->begin_len, random)) {
	case HELLO_CLIENT:
		on_client_hello(s, random, from_low);
		break;
	case HELLO_MORE:
		break;
	default:
		let_go(h, s);
	}
}

/* The server's answer. NULL: nothing is to be held. */
static struct handshake *on_answer(struct hold *h, struct handshake *s, const struct segment *seg, uint64_t ts_ns)
{
	uint8_t random[EV_RANDOM_LEN];

	switch (hello_read(seg->data, seg->len, random)) {
	case HELLO_SERVER:
	case HELLO_MORE:
		if (secret_complete(h->opts.secrets, s->random)) {
			release(h, s, &h->stats.with_keys);
			return NULL;
		}
		begin_holding(h, s, ts_ns);
		return s;
	case HELLO_RETRY:
		return NULL;
	default:
		let_go(h, s); /* an alert, or no TLS after all */
		return NULL;
	}
}

static struct handshake *look(struct hold *h, const struct ev_packet *rec, const struct packet *p)
{
	struct segment seg;
	struct handshake *s;
	struct pair pair;
	bool from_low;

	pair_of(rec, &pair, &from_low);
	s = h->handshakes ? find(h, &pair) : NULL;
	if (s && s->state == HOLDING)
		return s;
	if (!segment_read(p, &seg) || !seg.len)
		return NULL;
	if (!s)
		look_for_client(h, &pair, from_low, &seg, rec->hdr.ts_ns);
	else if (s->state == SPLIT)
		look_for_rest(h, s, from_low, &seg);
	else if (from_low != s->dir_low)
		return on_answer(h, s, &seg, rec->hdr.ts_ns);
	return NULL;
}

void hold_packet(struct hold *h, const struct ev_packet *rec, const struct packet *p)
{
	bool tcp = rec->key.proto == IPPROTO_TCP && (rec->flags & (EV_PKT_KEY | EV_PKT_ERROR)) == EV_PKT_KEY;
	struct handshake *s = tcp ? look(h, rec, p) : NULL;

	if (s)
		keep_or_release(h, s, p);
	else
		h->opts.pass(h->opts.ctx, p);
}

/* ---- ends ---- */

void hold_secret(struct hold *h, const uint8_t random[EV_RANDOM_LEN])
{
	struct handshake *s;

	if (!h->randoms || !secret_complete(h->opts.secrets, random))
		return;
	while ((s = first_with(h, random)))
		release(h, s, &h->stats.with_keys);
}

void hold_expire(struct hold *h, uint64_t now_ns)
{
	while (h->holding && h->holding->until_ns <= now_ns)
		release(h, h->holding, &h->stats.too_long);
	while (h->waiting && h->waiting->until_ns <= now_ns)
		let_go(h, h->waiting);
}

void hold_flush(struct hold *h)
{
	while (h->holding)
		release(h, h->holding, &h->stats.at_end);
	while (h->waiting)
		let_go(h, h->waiting);
}

uint64_t hold_next_ns(const struct hold *h)
{
	return h->holding ? h->holding->until_ns : UINT64_MAX;
}

void hold_stats(const struct hold *h, struct hold_stats *out)
{
	*out = h->stats;
	out->without_keys = h->stats.too_long + h->stats.too_large + h->stats.at_end;
}
