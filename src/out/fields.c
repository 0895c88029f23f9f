/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/fields.h"

#include <netinet/in.h>

#include "base/bytes.h"

#define IP4_LEN 20
#define IP6_LEN 40
#define TCP_LEN 20
#define UDP_LEN 8
#define FRAGMENT_LEN 8 /* RFC 8200 section 4.5 */
#define ECHO_LEN 8

/* What is left of the packet. */
struct rest {
	const uint8_t *data;
	uint32_t cap; /* captured */
	uint32_t len; /* on the wire, as the header before says; cap <= len */
};

static void limit(struct rest *r, uint32_t len)
{
	if (len < r->len)
		r->len = len;
	if (len < r->cap)
		r->cap = len;
}

/* The caller has seen that n bytes were captured. */
static void advance(struct rest *r, uint32_t n)
{
	r->data += n;
	r->cap -= n;
	r->len -= n;
}

static void read_tcp(const struct rest *r, struct fields *f)
{
	uint32_t header;

	if (r->cap < TCP_LEN)
		return;
	f->has_tcp = true;
	f->seq = get_be32(r->data + 4);
	f->ack = get_be32(r->data + 8);
	f->flags = r->data[13];
	f->win = get_be16(r->data + 14);
	header = (uint32_t)(r->data[12] >> 4) * 4;
	f->has_payload = header >= TCP_LEN && header <= r->len;
	f->payload_len = f->has_payload ? r->len - header : 0;
}

static void read_icmp(const struct rest *r, struct fields *f)
{
	bool echo;

	if (r->cap < 2)
		return;
	f->has_icmp = true;
	f->type = r->data[0];
	f->code = r->data[1];
	echo = f->proto == IPPROTO_ICMP ? f->type == 8 || f->type == 0 : f->type == 128 || f->type == 129;
	if (!echo || r->cap < ECHO_LEN)
		return;
	f->has_echo = true;
	f->id = get_be16(r->data + 4);
	f->echo_seq = get_be16(r->data + 6);
}

static void read_transport(const struct rest *r, struct fields *f)
{
	bool ports = f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP || f->proto == IPPROTO_SCTP;

	if (f->frag_off)
		return;
	if (ports && r->cap >= 4) {
		f->has_ports = true;
		f->sport = get_be16(r->data);
		f->dport = get_be16(r->data + 2);
	}
	if (f->proto == IPPROTO_TCP)
		read_tcp(r, f);
	else if (f->proto == IPPROTO_UDP && r->len >= UDP_LEN) {
		f->has_payload = true;
		f->payload_len = r->len - UDP_LEN;
	} else if (f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6)
		read_icmp(r, f);
}

static void read_ip4(struct rest *r, struct fields *f)
{
	uint32_t header, total;
	uint16_t frag;

	if (r->cap < IP4_LEN || r->data[0] >> 4 != 4)
		return;
	header = (uint32_t)(r->data[0] & 15) * 4;
	total = get_be16(r->data + 2);
	frag = get_be16(r->data + 6);
	f->version = 4;
	f->ttl = r->data[8];
	f->proto = r->data[9];
	f->src = r->data + 12;
	f->dst = r->data + 16;
	f->is_fragment = frag & 0x3fff;
	f->frag_off = (uint32_t)(frag & 0x1fff) * 8;
	if (total) /* 0: segmentation offload above 64 KiB */
		limit(r, total);
	if (header < IP4_LEN || r->cap < header)
		return;
	advance(r, header);
	read_transport(r, f);
}

/* Goes behind the extension header at the beginning of `r`; false: there is none, or it was not captured whole. */
static bool skip_extension(struct rest *r, struct fields *f)
{
	uint32_t size;
	uint16_t frag;

	switch (f->proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		size = r->cap >= 2 ? (uint32_t)(r->data[1] + 1) * 8 : FRAGMENT_LEN;
		break;
	case IPPROTO_FRAGMENT:
		size = FRAGMENT_LEN;
		break;
	default:
		return false;
	}
	if (r->cap < size || f->frag_off)
		return false;
	if (f->proto == IPPROTO_FRAGMENT) {
		frag = get_be16(r->data + 2);
		f->is_fragment = frag & 0xfff9;
		f->frag_off = frag & 0xfff8;
	}
	f->proto = r->data[0];
	advance(r, size);
	return true;
}

static void read_ip6(struct rest *r, struct fields *f)
{
	uint32_t payload;

	if (r->cap < IP6_LEN || r->data[0] >> 4 != 6)
		return;
	payload = get_be16(r->data + 4);
	f->version = 6;
	f->proto = r->data[6];
	f->ttl = r->data[7];
	f->src = r->data + 8;
	f->dst = r->data + 24;
	advance(r, IP6_LEN);
	if (payload) /* 0: a jumbogram, RFC 2675, or segmentation offload */
		limit(r, payload);
	while (skip_extension(r, f))
		;
	read_transport(r, f);
}

void fields_read(const struct packet *p, struct fields *out)
{
	struct rest r = {p->l3, p->l3_len, p->l3_wire_len};

	memset(out, 0, sizeof(*out));
	if (p->ethertype == 0x0800)
		read_ip4(&r, out);
	else if (p->ethertype == 0x86dd)
		read_ip6(&r, out);
}

void fields_tcp_flags(uint8_t flags, char text[FIELDS_FLAGS_MAX])
{
	static const char names[] = "FSRP.UEW"; /* FIN, SYN, RST, PSH, ACK, URG, ECE, CWR: bit 0 to 7 */
	size_t n = 0;

	for (int i = 0; i < 8; i++)
		if (flags & 1 << i)
			text[n++] = names[i];
	text[n] = 0;
}

const char *fields_proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_IGMP:
		return "igmp";
	case IPPROTO_IPIP:
		return "ipip";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_IPV6:
		return "ipv6";
	case IPPROTO_GRE:
		return "gre";
	case IPPROTO_ESP:
		return "esp";
	case IPPROTO_AH:
		return "ah";
	case IPPROTO_ICMPV6:
		return "icmp6";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}
