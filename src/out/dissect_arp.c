/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP for IPv4 on Ethernet (RFC 826); any other combination is named by its numbers. */
#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define HDR_LEN 8
#define MAC_LEN 6
#define IP_LEN 4
#define ARP_LEN (HDR_LEN + 2 * (MAC_LEN + IP_LEN))

#define OP_REQUEST 1
#define OP_REPLY 2

/* The target's hardware address is asked for, hence zero; a sender that fills it in is worth showing. */
static void put_request(
	struct buf *out, const uint8_t *sender_ip, const uint8_t *target_mac, const uint8_t *target_ip)
{
	static const uint8_t zero[MAC_LEN];

	buf_puts(out, "Request who-has ");
	fmt_ip4(out, target_ip);
	if (memcmp(target_mac, zero, MAC_LEN)) {
		buf_puts(out, " (");
		fmt_mac(out, target_mac);
		buf_putc(out, ')');
	}
	buf_puts(out, " tell ");
	fmt_ip4(out, sender_ip);
}

static void put_reply(struct buf *out, const uint8_t *sender_mac, const uint8_t *sender_ip)
{
	buf_puts(out, "Reply ");
	fmt_ip4(out, sender_ip);
	buf_puts(out, " is-at ");
	fmt_mac(out, sender_mac);
}

void dissect_arp(struct dissect *d, const struct span *s)
{
	const uint8_t *p = s->data, *sender, *target;
	struct buf *out = d->out;
	uint16_t op;

	if (!dissect_need(d, s, ARP_LEN, "arp"))
		return;
	sender = p + HDR_LEN;
	target = sender + MAC_LEN + IP_LEN;
	op = get_be16(p + 6);
	buf_puts(out, "ARP, ");
	if (get_be16(p + 2) != 0x0800 || p[4] != MAC_LEN || p[5] != IP_LEN)
		buf_printf(out, "hardware %u (len %u), protocol 0x%04x (len %u)", get_be16(p), p[4],
			get_be16(p + 2), p[5]);
	else if (op == OP_REQUEST)
		put_request(out, sender + MAC_LEN, target, target + MAC_LEN);
	else if (op == OP_REPLY)
		put_reply(out, sender, sender + MAC_LEN);
	else
		buf_printf(out, "Unknown (%u)", op);
	buf_printf(out, ", length %u", s->len);
}
