/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/dissect.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define FLOWS_MAX 16384 /* about 2 MiB when full */

#define MAC_LEN 6
#define LLC_MAX 1500 /* a type field up to this is the length of an IEEE 802.3 frame */

struct dissect *dissect_new(const struct dissect_opts *opts)
{
	struct dissect *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->opts = *opts;
	d->seq = tcpseq_new(FLOWS_MAX);
	if (!d->seq) {
		free(d);
		return NULL;
	}
	return d;
}

void dissect_free(struct dissect *d)
{
	if (!d)
		return;
	tcpseq_free(d->seq);
	free(d);
}

bool dissect_cut_off(struct dissect *d, const char *proto)
{
	buf_printf(d->out, " [|%s]", proto);
	return false;
}

bool dissect_need(struct dissect *d, const struct span *s, uint32_t n, const char *proto)
{
	return s->cap >= n || dissect_cut_off(d, proto);
}

struct span dissect_skip(const struct span *s, uint32_t n)
{
	return (struct span){s->data + n, s->cap - n, s->len - n};
}

struct span dissect_limit(const struct span *s, uint32_t len)
{
	return (struct span){s->data, s->cap < len ? s->cap : len, len};
}

static void put_addr(struct dissect *d, const struct net *net, const uint8_t *addr)
{
	if (net->v6)
		fmt_ip6(d->out, addr);
	else
		fmt_ip4(d->out, addr);
}

static void put_end(struct dissect *d, const struct net *net, const uint8_t *addr, uint16_t port)
{
	if (!net->behind_ext) {
		put_addr(d, net, addr);
		buf_putc(d->out, '.');
	}
	fmt_dec(d->out, port);
}

void dissect_ends(struct dissect *d, const struct net *net, uint16_t sport, uint16_t dport)
{
	put_end(d, net, net->src, sport);
	buf_puts(d->out, " > ");
	put_end(d, net, net->dst, dport);
	buf_puts(d->out, ": ");
}

void dissect_addrs(struct dissect *d, const struct net *net)
{
	put_addr(d, net, net->src);
	buf_puts(d->out, " > ");
	put_addr(d, net, net->dst);
	buf_putc(d->out, ':');
}

/* Types one meets on a wire, in tcpdump's words; the rest is "Unknown". */
static const char *type_name(uint16_t type)
{
	switch (type) {
	case 0x8035:
		return "Reverse ARP";
	case 0x8847:
		return "MPLS unicast";
	case 0x8863:
		return "PPPoE D";
	case 0x8864:
		return "PPPoE S";
	case 0x888e:
		return "EAPOL";
	case 0x88cc:
		return "LLDP";
	default:
		return "Unknown";
	}
}

/* `head` may end inside the addresses, `body` then begins there; together they hold both (the caller knows
 * the type, which stands behind them). */
static void put_macs(struct dissect *d, const struct packet *p)
{
	const uint8_t *macs = p->head_len ? p->head : p->body;

	fmt_mac(d->out, macs + MAC_LEN);
	buf_puts(d->out, " > ");
	fmt_mac(d->out, macs);
}

static void dissect_other(struct dissect *d, const struct packet *p)
{
	put_macs(d, p);
	if (p->ethertype <= LLC_MAX)
		buf_printf(d->out, ", 802.3, length %u", p->len);
	else
		buf_printf(d->out, ", ethertype %s (0x%04x), length %u", type_name(p->ethertype),
			p->ethertype, p->len);
}

void dissect_packet(struct dissect *d, const struct packet *p, struct buf *out)
{
	struct span s = {p->l3, p->l3_len, p->l3_wire_len};

	d->out = out;
	d->netns = p->iface->netns;
	d->depth = 0;
	switch (p->ethertype) {
	case 0:
		dissect_cut_off(d, "ether");
		break;
	case 0x0800:
		dissect_ip4(d, &s);
		break;
	case 0x0806:
		dissect_arp(d, &s);
		break;
	case 0x86dd:
		dissect_ip6(d, &s);
		break;
	default:
		dissect_other(d, p);
	}
}
