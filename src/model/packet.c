/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/packet.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "model/record.h"

#define MAC_LEN 6
#define MACS_LEN (2 * MAC_LEN)
#define TAG_LEN 4
#define ETH_HLEN 14

#define TYPE_IP 0x0800 /* ethertypes: IANA ieee-802-numbers */
#define TYPE_IP6 0x86dd
#define TYPE_RESERVED 0xffff

/* The two ends of an L3 device, which has no addresses: locally administered ones (IEEE 802, bit 1 of the
 * first byte), this host always the same, so that a reader sees two stations and the direction. */
static const uint8_t mac_here[MAC_LEN] = {0x02, 0, 0, 0, 0, 0x01};
static const uint8_t mac_peer[MAC_LEN] = {0x02, 0, 0, 0, 0, 0x02};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* 802.1Q, 802.1ad, and the two QinQ types in use before it */
static bool is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

/* The type an L3 device's packet would have on Ethernet; 0 where there is no first byte to say. */
static uint16_t type_of_ip(const uint8_t *data, uint32_t len)
{
	if (!len)
		return 0;
	switch (data[0] >> 4) {
	case 4:
		return TYPE_IP;
	case 6:
		return TYPE_IP6;
	default:
		return TYPE_RESERVED;
	}
}

static void add_ethernet(struct packet *p)
{
	bool out = p->dir == EV_DIR_OUT;

	p->ethertype = type_of_ip(p->body, p->body_len);
	memcpy(p->head, out ? mac_peer : mac_here, MAC_LEN);
	memcpy(p->head + MAC_LEN, out ? mac_here : mac_peer, MAC_LEN);
	put_be16(p->head + MACS_LEN, p->ethertype ? p->ethertype : TYPE_RESERVED);
	p->head_len = ETH_HLEN;
	p->len += ETH_HLEN;
}

/* A tag has its place behind the addresses; a frame cut inside them keeps what it has. */
static void add_tag(const struct ev_packet *rec, struct packet *p)
{
	uint32_t macs = min_u32(p->body_len, MACS_LEN);

	memcpy(p->head, p->body, macs);
	p->head_len = macs;
	p->body += macs;
	p->body_len -= macs;
	p->len += TAG_LEN;
	if (macs < MACS_LEN)
		return;
	put_be16(p->head + MACS_LEN, rec->vlan_proto);
	put_be16(p->head + MACS_LEN + 2, rec->vlan_tci);
	p->head_len += TAG_LEN;
}

static void cut(struct packet *p, uint32_t max_len)
{
	p->head_len = min_u32(p->head_len, max_len);
	p->body_len = min_u32(p->body_len, max_len - p->head_len);
	p->caplen = p->head_len + p->body_len;
}

/* The network layer begins `off` bytes into the body. */
static void set_l3(struct packet *p, uint32_t off)
{
	uint32_t before = p->head_len + off;

	p->l3_wire_len = p->len > before ? p->len - before : 0;
	if (off >= p->body_len)
		return;
	p->l3 = p->body + off;
	p->l3_len = p->body_len - off;
}

/* `off`: where in the body the first type field stands. */
static void find_l3(struct packet *p, uint32_t off)
{
	uint16_t type;

	for (;; off += TAG_LEN) {
		if (p->body_len < off + 2)
			return;
		type = get_be16(p->body + off);
		if (!is_vlan(type))
			break;
	}
	p->ethertype = type;
	set_l3(p, off + 2);
}

void packet_from_record(
	const struct ev_packet *rec, const struct iface *iface, uint32_t max_len, struct packet *out)
{
	memset(out, 0, sizeof(*out));
	out->iface = iface;
	owner_from_val(&rec->owner, &out->owner);
	out->dir = rec->dir;
	out->len = rec->len;
	out->body = record_frame(rec);
	out->body_len = rec->caplen;
	if (rec->flags & EV_PKT_L3)
		add_ethernet(out);
	else if (rec->flags & EV_PKT_VLAN)
		add_tag(rec, out);
	cut(out, max_len);
	if (rec->flags & EV_PKT_L3)
		set_l3(out, 0);
	else
		find_l3(out, out->head_len ? 0 : MACS_LEN);
}
