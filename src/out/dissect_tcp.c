/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP (RFC 9293) with the options of RFC 2018, 5925, 7323 and 7413. */
#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define HDR_LEN 20

#define FLAG_FIN 0x01
#define FLAG_SYN 0x02
#define FLAG_RST 0x04
#define FLAG_ACK 0x10
#define FLAG_URG 0x20

/* Option kinds: IANA tcp-parameters */
#define OPT_EOL 0
#define OPT_NOP 1
#define OPT_MSS 2
#define OPT_WSCALE 3
#define OPT_SACK_OK 4
#define OPT_SACK 5
#define OPT_TIMESTAMP 8
#define OPT_MD5 19
#define OPT_UTO 28
#define OPT_AO 29
#define OPT_MPTCP 30
#define OPT_FASTOPEN 34

/* An option's value, and what it is shown relative to. */
struct opt {
	uint8_t kind;
	const uint8_t *val;
	uint32_t len;
	uint32_t sack_base;
};

static const char *opt_name(uint8_t kind)
{
	switch (kind) {
	case OPT_EOL:
		return "eol";
	case OPT_NOP:
		return "nop";
	case OPT_MSS:
		return "mss";
	case OPT_WSCALE:
		return "wscale";
	case OPT_SACK_OK:
		return "sackOK";
	case OPT_SACK:
		return "sack";
	case OPT_TIMESTAMP:
		return "TS";
	case OPT_MD5:
		return "md5";
	case OPT_UTO:
		return "uto";
	case OPT_AO:
		return "tcp-ao";
	case OPT_MPTCP:
		return "mptcp";
	case OPT_FASTOPEN:
		return "tfo";
	default:
		return NULL;
	}
}

static void put_hex(struct buf *out, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		buf_printf(out, "%02x", p[i]);
}

static void put_sack(struct buf *out, const struct opt *o)
{
	if (o->len % 8) {
		buf_puts(out, " invalid sack");
		return;
	}
	buf_printf(out, " %u ", o->len / 8);
	for (uint32_t i = 0; i < o->len; i += 8)
		buf_printf(out, "{%u:%u}", get_be32(o->val + i) - o->sack_base,
			get_be32(o->val + i + 4) - o->sack_base);
}

static void put_fastopen(struct buf *out, const struct opt *o)
{
	if (!o->len) {
		buf_puts(out, "  cookiereq");
		return;
	}
	buf_puts(out, "  cookie ");
	put_hex(out, o->val, o->len);
}

static void put_unknown(struct buf *out, const struct opt *o)
{
	if (!o->len)
		return;
	buf_puts(out, " 0x");
	put_hex(out, o->val, o->len);
}

static void put_opt_name(struct buf *out, uint8_t kind)
{
	const char *name = opt_name(kind);

	if (name)
		buf_puts(out, name);
	else
		buf_printf(out, "unknown-%u", kind);
}

/* A known kind with a length it cannot have is shown as its bytes. */
static void put_opt_value(struct buf *out, const struct opt *o)
{
	if (o->kind == OPT_MSS && o->len == 2)
		buf_printf(out, " %u", get_be16(o->val));
	else if (o->kind == OPT_WSCALE && o->len == 1)
		buf_printf(out, " %u", o->val[0]);
	else if (o->kind == OPT_TIMESTAMP && o->len == 8)
		buf_printf(out, " val %u ecr %u", get_be32(o->val), get_be32(o->val + 4));
	else if (o->kind == OPT_SACK)
		put_sack(out, o);
	else if (o->kind == OPT_FASTOPEN)
		put_fastopen(out, o);
	else
		put_unknown(out, o);
}

/* Bytes of the option at the beginning of `s`; 0: its length is wrong. The length byte is there. */
static uint32_t opt_size(const struct span *s)
{
	if (s->data[0] == OPT_EOL || s->data[0] == OPT_NOP)
		return 1;
	return s->data[1] < 2 || s->data[1] > s->len ? 0 : s->data[1];
}

/* `s` is not empty. False where the line ends here: cut or wrong. */
static bool put_opts(struct dissect *d, struct span s, uint32_t sack_base)
{
	bool first = true;

	buf_puts(d->out, ", options [");
	for (; s.len; first = false) {
		struct opt o = {.sack_base = sack_base};
		uint32_t size;

		if (!first)
			buf_putc(d->out, ',');
		if (!dissect_need(d, &s, 1, "tcp"))
			return false;
		o.kind = s.data[0];
		if (s.len == 1 && o.kind > OPT_NOP)
			goto bad;
		if (o.kind > OPT_NOP && !dissect_need(d, &s, 2, "tcp"))
			return false;
		size = opt_size(&s);
		if (!size)
			goto bad;
		put_opt_name(d->out, o.kind);
		if (!dissect_need(d, &s, size, "tcp"))
			return false;
		o.val = s.data + (size > 1 ? 2 : 1);
		o.len = size > 1 ? size - 2 : 0;
		put_opt_value(d->out, &o);
		if (o.kind == OPT_EOL)
			break;
		s = dissect_skip(&s, size);
	}
	buf_putc(d->out, ']');
	return true;
bad:
	buf_puts(d->out, first ? "[bad opt]" : "[bad opt]]");
	return false;
}

static void put_flags(struct buf *out, uint8_t flags)
{
	static const char names[] = "FSRP.UEW"; /* FIN, SYN, RST, PSH, ACK, URG, ECE, CWR: bit 0 to 7 */

	buf_puts(out, "Flags [");
	for (int i = 0; i < 8; i++) {
		if (flags & 1 << i)
			buf_putc(out, names[i]);
	}
	if (!flags)
		buf_puts(out, "none");
	buf_putc(out, ']');
}

static void set_end(struct tcpseq_end *end, const uint8_t *addr, bool v6, uint16_t port)
{
	memcpy(end->addr, addr, v6 ? 16 : 4);
	end->port = port;
}

static void relate(struct dissect *d, const uint8_t *p, const struct net *net, struct tcpseq_segment *seg)
{
	seg->seq = get_be32(p + 4);
	seg->ack = get_be32(p + 8);
	if (!(p[13] & FLAG_ACK))
		return;
	set_end(&seg->from, net->src, net->v6, get_be16(p));
	set_end(&seg->to, net->dst, net->v6, get_be16(p + 2));
	seg->netns = d->netns;
	seg->syn = p[13] & FLAG_SYN;
	tcpseq_relate(d->seq, seg);
}

static void put_numbers(struct buf *out, const uint8_t *p, const struct tcpseq_segment *seg, uint32_t len)
{
	uint8_t flags = p[13];

	if (len || flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) {
		buf_puts(out, ", seq ");
		fmt_dec(out, seg->seq);
	}
	if (len) {
		buf_putc(out, ':');
		fmt_dec(out, seg->seq + len);
	}
	if (flags & FLAG_ACK) {
		buf_puts(out, ", ack ");
		fmt_dec(out, seg->ack);
	}
	buf_puts(out, ", win ");
	fmt_dec(out, get_be16(p + 14));
	if (flags & FLAG_URG)
		buf_printf(out, ", urg %u", get_be16(p + 18));
}

static void put_segment(struct dissect *d, const struct span *s, const struct net *net, uint32_t hlen)
{
	struct span opts = dissect_skip(s, HDR_LEN);
	struct tcpseq_segment seg;

	memset(&seg, 0, sizeof(seg));
	put_flags(d->out, s->data[13]);
	relate(d, s->data, net, &seg);
	if (hlen > s->len) {
		buf_printf(d->out, " [bad hdr length %u - too long, > %u]", hlen, s->len);
		return;
	}
	put_numbers(d->out, s->data, &seg, s->len - hlen);
	opts = dissect_limit(&opts, hlen - HDR_LEN);
	if (opts.len && !put_opts(d, opts, seg.sack_base))
		return;
	buf_puts(d->out, ", length ");
	fmt_dec(d->out, s->len - hlen);
}

void dissect_tcp(struct dissect *d, const struct span *s, const struct net *net)
{
	uint32_t hlen;

	if (s->cap < 4) {
		dissect_addrs(d, net);
		dissect_cut_off(d, "tcp");
		return;
	}
	dissect_ends(d, net, get_be16(s->data), get_be16(s->data + 2));
	if (!dissect_need(d, s, HDR_LEN, "tcp"))
		return;
	hlen = (uint32_t)(s->data[12] >> 4) * 4;
	if (hlen < HDR_LEN)
		buf_printf(d->out, " tcp %u [bad hdr length %u - too short, < %u]", s->len - hlen, hlen,
			HDR_LEN);
	else if (d->opts.quiet && hlen > s->len)
		buf_printf(d->out, "tcp [bad hdr length %u - too long, > %u]", hlen, s->len);
	else if (d->opts.quiet)
		buf_printf(d->out, "tcp %u", s->len - hlen);
	else
		put_segment(d, s, net, hlen);
}
