/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 (RFC 791), and what both versions of IP carry. */
#include <netinet/in.h>

#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define HDR_LEN 20
#define DEPTH_MAX 8 /* tunnels in tunnels that are followed; bounds the recursion */

#define FRAG_MORE 0x2000
#define FRAG_OFFSET 0x1fff

static void put_proto(struct dissect *d, const struct span *s, uint8_t proto)
{
	buf_printf(d->out, " ip-proto-%u %u", proto, s->len);
}

static void dissect_tunnel(struct dissect *d, const struct span *s, uint8_t proto)
{
	if (++d->depth > DEPTH_MAX)
		put_proto(d, s, proto);
	else if (proto == IPPROTO_IPIP)
		dissect_ip4(d, s);
	else
		dissect_ip6(d, s);
}

void dissect_transport(struct dissect *d, const struct span *s, const struct net *net, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		dissect_tcp(d, s, net);
		break;
	case IPPROTO_UDP:
		dissect_udp(d, s, net);
		break;
	case IPPROTO_ICMP:
		if (net->v6)
			buf_puts(d->out, "[ICMP requires IPv4] (invalid)");
		else
			dissect_icmp(d, s);
		break;
	case IPPROTO_ICMPV6:
		if (net->v6)
			dissect_icmp6(d, s);
		else
			buf_puts(d->out, "[ICMPv6 requires IPv6] (invalid)");
		break;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		dissect_tunnel(d, s, proto);
		break;
	case IPPROTO_NONE:
		buf_puts(d->out, "no next header");
		break;
	default:
		put_proto(d, s, proto);
	}
}

/* The first fragment, or a whole packet. */
static void put_payload(struct dissect *d, const struct span *s, const struct net *net, uint8_t proto)
{
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP) {
		dissect_addrs(d, net);
		buf_putc(d->out, ' ');
	}
	dissect_transport(d, s, net, proto);
}

/* The length in the header; 0: the line ends here. */
static uint32_t total_len(struct dissect *d, const struct span *s, uint32_t hlen)
{
	uint32_t len = get_be16(s->data + 2);

	if (!len)
		len = s->len;
	if (d->opts.verbose)
		buf_printf(d->out, "(ttl %u, length %u) ", s->data[8], len);
	if (len > s->len)
		buf_printf(d->out, "truncated-ip - %u bytes missing! ", len - s->len);
	if (len >= hlen)
		return len;
	buf_printf(d->out, "bad-len %u", len);
	return 0;
}

void dissect_ip4(struct dissect *d, const struct span *s)
{
	struct net net = {0};
	struct span payload;
	uint32_t hlen, len;
	uint16_t frag;

	if (!dissect_need(d, s, 1, "ip"))
		return;
	buf_puts(d->out, "IP");
	if (s->data[0] >> 4 != 4) {
		buf_printf(d->out, "%u%s (invalid)", s->data[0] >> 4,
			s->data[0] >> 4 == 6 ? ", wrong link-layer encapsulation" : "");
		return;
	}
	buf_putc(d->out, ' ');
	if (!dissect_need(d, s, HDR_LEN, "ip"))
		return;
	hlen = (uint32_t)(s->data[0] & 15) * 4;
	if (hlen < HDR_LEN) {
		buf_printf(d->out, "bad-hlen %u", hlen);
		return;
	}
	len = total_len(d, s, hlen);
	if (!len)
		return;
	payload = dissect_limit(s, len);
	net.src = s->data + 12;
	net.dst = s->data + 16;
	frag = get_be16(s->data + 6);
	net.fragment = frag & FRAG_MORE;
	if (frag & FRAG_OFFSET) {
		dissect_addrs(d, &net);
		buf_printf(d->out, " ip-proto-%u", s->data[9]);
		return;
	}
	payload = payload.cap < hlen ? (struct span){s->data, 0, len - hlen} : dissect_skip(&payload, hlen);
	put_payload(d, &payload, &net, s->data[9]);
}
