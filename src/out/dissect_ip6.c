/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 (RFC 8200) and its extension headers. */
#include <netinet/in.h>

#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define HDR_LEN 40
#define FRAG_LEN 8
#define ADDR_LEN 16

#define ROUTE_SOURCE 0	 /* RFC 2460, deprecated by RFC 5095 */
#define ROUTE_MOBILE 2	 /* RFC 6275 */
#define ROUTE_SEGMENTS 4 /* RFC 8754 */

/* A walk over the headers: `rest` begins at the one named by `next`. */
struct walk {
	struct span rest;
	struct net net;
	uint8_t next;
	bool first;
};

static void put_route_addrs(struct dissect *d, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; (i + 1) * ADDR_LEN <= len; i++) {
		buf_printf(d->out, ", [%u]", i);
		fmt_ip6(d->out, p + i * ADDR_LEN);
	}
}

/* False: the line ends here. `size` bytes of it were captured. */
static bool put_route(struct dissect *d, const uint8_t *p, uint32_t size)
{
	uint8_t type = p[2];

	buf_printf(d->out, "RT6 (len=%u, type=%u%s, segleft=%u", p[1], type,
		type == ROUTE_SOURCE ? " [Deprecated]" : "", p[3]);
	if (type == ROUTE_SEGMENTS) {
		buf_printf(d->out, ", last-entry=%u, tag=%x", p[4], get_be16(p + 6));
	} else if (type != ROUTE_SOURCE && type != ROUTE_MOBILE) {
		buf_puts(d->out, " (unknown type) (invalid)");
		return false;
	}
	put_route_addrs(d, p + 8, size - 8);
	buf_puts(d->out, ") ");
	return true;
}

/* Where the packet is cut. */
static const char *options_name(uint8_t type)
{
	switch (type) {
	case IPPROTO_ROUTING:
		return "rt6";
	case IPPROTO_HOPOPTS:
		return "hbhopt";
	default:
		return "dstopt";
	}
}

/* Hop-by-hop, destination and routing headers have their length in the second byte: in units of 8 bytes,
 * without the first unit. */
static bool step_options(struct dissect *d, struct walk *w)
{
	const char *proto = options_name(w->next);
	const uint8_t *p = w->rest.data;
	uint32_t size;

	if (!dissect_need(d, &w->rest, 2, proto))
		return false;
	size = (p[1] + 1U) * 8;
	if (!dissect_need(d, &w->rest, size, proto))
		return false;
	if (w->next == IPPROTO_ROUTING) {
		if (!put_route(d, p, size))
			return false;
	} else {
		buf_puts(d->out, w->next == IPPROTO_HOPOPTS ? "HBH " : "DSTOPT ");
	}
	w->next = p[0];
	w->rest = dissect_skip(&w->rest, size);
	return true;
}

/* Only the first fragment has a transport header behind it. */
static bool step_fragment(struct dissect *d, struct walk *w)
{
	const uint8_t *p = w->rest.data;
	uint16_t off;

	if (!dissect_need(d, &w->rest, FRAG_LEN, "frag6"))
		return false;
	off = get_be16(p + 2) & 0xfff8;
	buf_printf(d->out, "frag (%u|%u)", off, w->rest.len - FRAG_LEN);
	if (off)
		return false;
	buf_putc(d->out, ' ');
	w->next = p[0];
	w->net.fragment = true;
	w->rest = dissect_skip(&w->rest, FRAG_LEN);
	return true;
}

/* One extension header. False: the line ends here. */
static bool step(struct dissect *d, struct walk *w)
{
	if (w->next == IPPROTO_FRAGMENT)
		return step_fragment(d, w);
	if (w->next == IPPROTO_HOPOPTS && !w->first) {
		buf_puts(d->out, "[The Hop-by-Hop Options header don't follow the IPv6 header] (invalid)");
		return false;
	}
	return step_options(d, w);
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_FRAGMENT;
}

static void put_headers(struct dissect *d, struct walk *w)
{
	w->net.behind_ext = w->next != IPPROTO_TCP && w->next != IPPROTO_UDP;
	if (w->net.behind_ext) {
		dissect_addrs(d, &w->net);
		buf_putc(d->out, ' ');
	}
	for (w->first = true; is_extension(w->next); w->first = false) {
		if (!step(d, w))
			return;
	}
	dissect_transport(d, &w->rest, &w->net, w->next);
}

/* Payload length 0 means a jumbo packet (RFC 2675) or one of segmentation offload: all of it. */
static uint32_t payload_len(struct dissect *d, const struct span *s)
{
	uint32_t len = get_be16(s->data + 4), there = s->len - HDR_LEN;

	if (!len)
		len = there;
	if (d->opts.verbose)
		buf_printf(d->out, "(hlim %u, payload length %u) ", s->data[7], len);
	if (len > there)
		buf_printf(d->out, "truncated-ip6 - %u bytes missing!", len - there);
	return len;
}

void dissect_ip6(struct dissect *d, const struct span *s)
{
	struct walk w = {.net = {.v6 = true}};

	if (!dissect_need(d, s, HDR_LEN, "ip6"))
		return;
	buf_puts(d->out, "IP6 ");
	if (s->data[0] >> 4 != 6) {
		buf_printf(d->out, "version error: %u != 6", s->data[0] >> 4);
		return;
	}
	w.net.src = s->data + 8;
	w.net.dst = s->data + 24;
	w.next = s->data[6];
	w.rest = dissect_skip(s, HDR_LEN);
	w.rest = dissect_limit(&w.rest, payload_len(d, s));
	put_headers(d, &w);
}
