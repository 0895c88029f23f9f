/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP (RFC 768). */
#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define HDR_LEN 8

void dissect_udp(struct dissect *d, const struct span *s, const struct net *net)
{
	const uint8_t *p = s->data;
	uint32_t len, there;

	if (s->cap < 4) {
		if (!net->behind_ext) {
			dissect_addrs(d, net);
			buf_putc(d->out, ' ');
		}
		dissect_cut_off(d, "udp");
		return;
	}
	dissect_ends(d, net, get_be16(p), get_be16(p + 2));
	if (s->len < HDR_LEN) {
		buf_printf(d->out, "truncated-udp %u", s->len);
		return;
	}
	if (!dissect_need(d, s, HDR_LEN, "udp"))
		return;
	len = get_be16(p + 4);
	if (!len)
		len = s->len; /* RFC 2675 section 4: a datagram above 64 KiB */
	if (len < HDR_LEN) {
		buf_printf(d->out, "truncated-udplength %u", len);
		return;
	}
	len -= HDR_LEN;
	there = s->len - HDR_LEN;
	if (len > there && !net->fragment)
		buf_printf(d->out, "UDP, bad length %u > %u", len, there);
	else
		buf_printf(d->out, "UDP, length %u", len);
}
