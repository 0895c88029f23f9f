/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng_plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "out/pcapng_streams.h"
#include "out/synth.h"

#define PAYLOAD_MIN 512
#define UNKNOWN_HERE 1
#define UNKNOWN_PEER 2

/* The other side acknowledges every so many bytes: more than a window unacknowledged and readers speak of a full one. */
#define ACK_EVERY (1U << 20)

/* A wider gap would look like a step back: numbers are compared modulo 2^32. */
#define GAP_MAX (1U << 30)

struct pcapng_plain {
	struct streams *streams;
	uint32_t payload_max;
	uint32_t numbers; /* given out */
	struct buf frame;
	/* of the chunk or end in hand */
	plain_frame_fn fn;
	void *ctx;
	uint64_t ts_ns;
	uint64_t missing; /* to be told with the next frame */
};

struct pcapng_plain *pcapng_plain_new(uint32_t snaplen, size_t max_streams)
{
	struct pcapng_plain *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->streams = streams_new(max_streams);
	if (!t->streams) {
		free(t);
		return NULL;
	}
	t->payload_max = snaplen < SYNTH_HEADERS + PAYLOAD_MIN ? PAYLOAD_MIN : snaplen - SYNTH_HEADERS;
	if (t->payload_max > SYNTH_PAYLOAD_MAX)
		t->payload_max = SYNTH_PAYLOAD_MAX;
	return t;
}

void pcapng_plain_free(struct pcapng_plain *t)
{
	if (!t)
		return;
	streams_free(t->streams);
	buf_free(&t->frame);
	free(t);
}

/* ---- which stream ---- */

static bool is_zero(const uint8_t addr[16])
{
	static const uint8_t zero[16];

	return !memcmp(addr, zero, sizeof(zero));
}

/* The default tuple is IPv4's: 0.0.0.0:0. */
static bool is_ip4(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 section 2.5.5.2 */

	return !memcmp(addr, mapped, sizeof(mapped)) || is_zero(addr);
}

/* Nothing tells when a connection object is freed: its next connection has another socket or tuple. Where neither is known of the
 * chunk, it goes on. */
static bool is_another(const struct stream *s, const struct plain *p)
{
	if (s->sock_id && p->owner.sock_id && s->sock_id != p->owner.sock_id)
		return true;
	return streams_is_known(&p->key) && memcmp(&s->tuple, &p->key, sizeof(p->key));
}

/* Another stream for readers; of the calls is kept what is known. */
static void renumber(struct pcapng_plain *t, struct stream *s)
{
	for (int i = 0; i < 2; i++) {
		s->halves[i].seq = s->halves[i].acked = 0;
		s->halves[i].gap = false;
	}
	if (!++t->numbers)
		t->numbers = 1; /* 0 is that of none */
	s->number = t->numbers;
}

/* ---- what it says ---- */

static int emit(struct pcapng_plain *t, struct stream *s, struct synth_segment *seg)
{
	struct half *from = &s->halves[seg->from], *to = &s->halves[!seg->from];
	struct plain_frame frame = {
		.ts_ns = t->ts_ns,
		.owner = &s->owner,
		.dir = seg->from == SYNTH_HERE ? EV_DIR_OUT : EV_DIR_IN,
		.has_data = seg->len,
		.missing = t->missing,
	};

	seg->ends = s->ends;
	seg->v6 = s->v6;
	seg->number = s->number;
	seg->seq = from->seq;
	seg->ack = seg->flags & SYNTH_ACK ? to->seq : 0;
	buf_reset(&t->frame);
	synth_frame(&t->frame, seg);
	if (buf_error(&t->frame))
		return buf_error(&t->frame);
	from->seq += seg->len + !!(seg->flags & (SYNTH_SYN | SYNTH_FIN));
	to->acked = seg->ack;
	t->missing = 0;
	frame.data = t->frame.data;
	frame.len = (uint32_t)t->frame.len;
	return t->fn(t->ctx, &frame);
}

static int handshake(struct pcapng_plain *t, struct stream *s)
{
	enum synth_side client = s->ends[SYNTH_HERE].port < s->ends[SYNTH_PEER].port ? SYNTH_PEER : SYNTH_HERE;
	struct synth_segment syn = {.from = client, .flags = SYNTH_SYN};
	struct synth_segment answer = {.from = !client, .flags = SYNTH_SYN | SYNTH_ACK};
	int err = emit(t, s, &syn);

	return err ? err : emit(t, s, &answer);
}

static int begin(struct pcapng_plain *t, struct stream *s, const struct plain *p)
{
	struct synth_end *here = &s->ends[SYNTH_HERE], *peer = &s->ends[SYNTH_PEER];

	s->first_ns = p->ts_ns;
	memcpy(here->addr, p->key.laddr, sizeof(here->addr));
	memcpy(peer->addr, p->key.raddr, sizeof(peer->addr));
	/* Wireshark takes port 0 for an end it does not know yet, whenever a stream is followed. */
	here->port = streams_is_known(&p->key) ? p->key.lport : UNKNOWN_HERE;
	peer->port = streams_is_known(&p->key) ? p->key.rport : UNKNOWN_PEER;
	s->v6 = !is_ip4(here->addr) || !is_ip4(peer->addr);
	renumber(t, s);
	return handshake(t, s);
}

static int acknowledge(struct pcapng_plain *t, struct stream *s, enum synth_side from)
{
	struct synth_segment ack = {.from = !from, .flags = SYNTH_ACK};

	return emit(t, s, &ack);
}

static int skip(struct pcapng_plain *t, struct stream *s, enum synth_side from, uint64_t bytes)
{
	if (!bytes)
		return 0;
	t->missing = bytes;
	if (bytes <= GAP_MAX) {
		s->halves[from].seq += (uint32_t)bytes;
		s->halves[from].gap = true;
		return acknowledge(t, s, from);
	}
	renumber(t, s);
	return handshake(t, s);
}

/* Behind a gap: who follows the stream shows what comes after it once that is acknowledged. */
static bool is_ack_due(const struct half *h)
{
	return h->gap || h->seq - h->acked >= ACK_EVERY;
}

static int say(struct pcapng_plain *t, struct stream *s, enum synth_side from, const struct plain *p)
{
	int err = 0;

	for (uint32_t off = 0; off < p->len && !err; off += t->payload_max) {
		uint32_t left = p->len - off;
		struct synth_segment seg = {
			.from = from,
			.flags = SYNTH_PSH | SYNTH_ACK,
			.data = p->data + off,
			.len = left < t->payload_max ? left : t->payload_max,
		};

		err = emit(t, s, &seg);
		if (!err && is_ack_due(&s->halves[from]))
			err = acknowledge(t, s, from);
		s->halves[from].gap = false;
	}
	return err;
}

/* Bytes before this chunk that never came: the end of the call before, and the beginning of this one. */
static uint64_t lost_before(struct half *h, const struct plain *p)
{
	uint64_t lost = 0;

	if (h->ts_ns != p->ts_ns || h->total != p->total || h->done > p->offset) {
		lost = h->total - h->done;
		h->ts_ns = p->ts_ns;
		h->total = p->total;
		h->done = 0;
	}
	return lost + p->offset - h->done;
}

/* And behind it, where it says so. */
static uint64_t lost_behind(const struct plain *p)
{
	uint64_t told = p->offset + p->len;

	return p->flags & (EV_TLS_CUT | EV_TLS_FILE) && told < p->total ? p->total - told : 0;
}

static void take_up(struct pcapng_plain *t, uint64_t ts_ns, plain_frame_fn fn, void *ctx)
{
	t->fn = fn;
	t->ctx = ctx;
	t->ts_ns = ts_ns;
	t->missing = 0;
}

static int continue_with(struct pcapng_plain *t, struct stream *s, const struct plain *p)
{
	streams_touch(t->streams, s);
	if (!s->sock_id && streams_is_known(&p->key))
		s->sock_id = p->owner.sock_id;
	s->owner = p->owner;
	if (s->last_ns < p->ts_ns)
		s->last_ns = p->ts_ns;
	return s->number ? 0 : begin(t, s, p);
}

int pcapng_plain_put(struct pcapng_plain *t, const struct plain *p, plain_frame_fn fn, void *ctx)
{
	const struct stream_key key = {p->owner.start_ns, p->ssl, p->owner.pid};
	enum synth_side from = p->flags & EV_TLS_WRITE ? SYNTH_HERE : SYNTH_PEER;
	struct stream *s = streams_find(t->streams, &key);
	uint64_t behind = lost_behind(p);
	struct half *h;
	int err;

	if (!s || is_another(s, p))
		s = streams_add(t->streams, &key, &p->key, p->owner.sock_id);
	if (!s)
		return -ENOMEM;
	take_up(t, p->ts_ns, fn, ctx);
	err = continue_with(t, s, p);
	h = &s->halves[from];
	if (!err)
		err = skip(t, s, from, lost_before(h, p));
	h->done = p->offset + p->len + behind;
	if (!err)
		err = say(t, s, from, p);
	return err ? err : skip(t, s, from, behind);
}

/* ---- its end ---- */

/* What is left of the last calls will not come any more. It is this end of the connection that is known to be over. */
static int end_stream(struct pcapng_plain *t, struct stream *s)
{
	struct synth_segment here = {.from = SYNTH_HERE, .flags = SYNTH_FIN | SYNTH_ACK};
	struct synth_segment peer = {.from = SYNTH_PEER, .flags = SYNTH_FIN | SYNTH_ACK};
	int err = 0;

	for (int from = 0; from < 2 && !err; from++)
		err = skip(t, s, from, s->halves[from].total - s->halves[from].done);
	if (!err)
		err = emit(t, s, &here);
	if (!err)
		err = emit(t, s, &peer);
	return err ? err : acknowledge(t, s, SYNTH_PEER);
}

int pcapng_plain_end(struct pcapng_plain *t, const struct plain_end *end, plain_frame_fn fn, void *ctx)
{
	struct stream *s;
	int err = 0;

	while (!err && (s = streams_take(t->streams, end))) {
		take_up(t, end->ts_ns > s->last_ns ? end->ts_ns : s->last_ns, fn, ctx);
		err = end_stream(t, s);
		free(s);
	}
	return err;
}

size_t pcapng_plain_count(const struct pcapng_plain *t)
{
	return streams_count(t->streams);
}
