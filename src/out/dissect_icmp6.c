/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and multicast listener reports (RFC 3810). The words are
 * tcpdump's, its blanks included. */
#include <netinet/in.h>

#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define HDR_LEN 8   /* type, code, checksum, four bytes of the message */
#define QUOTE_OFF 8 /* an error quotes the packet it is about from here on */
#define IP_HDR_LEN 40
#define ADDR_LEN 16

#define TYPE_UNREACH 1
#define TYPE_TOO_BIG 2
#define TYPE_TIME_EXCEEDED 3
#define TYPE_PARAM 4
#define TYPE_ECHO 128
#define TYPE_ECHO_REPLY 129
#define TYPE_NEIGHBOR_SOLICIT 135
#define TYPE_NEIGHBOR_ADVERT 136
#define TYPE_REDIRECT 137
#define TYPE_MLD2_REPORT 143

#define UNREACH_SCOPE 2
#define UNREACH_PORT 4

static const char *type_name(uint8_t type)
{
	switch (type) {
	case TYPE_UNREACH:
		return "destination unreachable";
	case TYPE_TOO_BIG:
		return "packet too big";
	case TYPE_TIME_EXCEEDED:
		return "time exceeded in-transit";
	case TYPE_PARAM:
		return "parameter problem";
	case TYPE_ECHO:
		return "echo request";
	case TYPE_ECHO_REPLY:
		return "echo reply";
	case 130:
		return "multicast listener query";
	case 131:
		return "multicast listener report";
	case 132:
		return "multicast listener done";
	case 133:
		return "router solicitation";
	case 134:
		return "router advertisement";
	case TYPE_NEIGHBOR_SOLICIT:
		return "neighbor solicitation";
	case TYPE_NEIGHBOR_ADVERT:
		return "neighbor advertisement";
	case TYPE_REDIRECT:
		return "redirect";
	case 141:
		return "inverse neighbor solicitation";
	case 142:
		return "inverse neighbor advertisement";
	case TYPE_MLD2_REPORT:
		return "multicast listener report v2";
	default:
		return NULL;
	}
}

/* Where the transport header stands in the quoted packet; extension headers are passed over. 0: not captured,
 * or there is none. *proto is set with it. */
static uint32_t quoted_transport(const struct span *s, uint8_t *proto)
{
	uint32_t off = QUOTE_OFF + IP_HDR_LEN;
	uint8_t next = s->data[QUOTE_OFF + 6];

	while (s->cap >= off + 8) {
		const uint8_t *p = s->data + off;

		switch (next) {
		case IPPROTO_TCP:
		case IPPROTO_UDP:
			*proto = next;
			return off;
		case IPPROTO_FRAGMENT:
			off += 8;
			break;
		case IPPROTO_HOPOPTS:
		case IPPROTO_DSTOPTS:
		case IPPROTO_ROUTING:
			off += (p[1] + 1U) * 8;
			break;
		default:
			return 0;
		}
		next = p[0];
	}
	return 0;
}

/* False: the line ends here, cut. */
static bool put_port_unreach(struct dissect *d, const struct span *s)
{
	uint32_t off;
	uint8_t proto;

	buf_puts(d->out, ", unreachable port");
	if (!dissect_need(d, s, QUOTE_OFF + IP_HDR_LEN, "icmp6"))
		return false;
	off = quoted_transport(s, &proto);
	if (!off)
		return dissect_cut_off(d, "icmp6");
	buf_puts(d->out, ", ");
	fmt_ip6(d->out, s->data + QUOTE_OFF + 24);
	buf_printf(d->out, " %s port %u", proto == IPPROTO_TCP ? "tcp" : "udp", get_be16(s->data + off + 2));
	return true;
}

static bool put_unreach(struct dissect *d, const struct span *s)
{
	static const char *const words[] = {
		[0] = ", unreachable route",
		[1] = ",  unreachable prohibited",
		[UNREACH_SCOPE] = ", beyond scope",
		[3] = ", unreachable address",
	};
	uint8_t code = s->data[1];

	if (code == UNREACH_PORT)
		return put_port_unreach(d, s);
	if (code > UNREACH_PORT) {
		buf_printf(d->out, ", unknown unreach code (%u)", code);
		return true;
	}
	buf_puts(d->out, words[code]);
	if (!dissect_need(d, s, QUOTE_OFF + IP_HDR_LEN, "icmp6"))
		return false;
	buf_putc(d->out, ' ');
	fmt_ip6(d->out, s->data + QUOTE_OFF + 24);
	if (code != UNREACH_SCOPE)
		return true;
	buf_puts(d->out, ", source address ");
	fmt_ip6(d->out, s->data + QUOTE_OFF + 8);
	return true;
}

static bool put_time_exceeded(struct dissect *d, const struct span *s)
{
	if (s->data[1] == 1) {
		buf_puts(d->out, " (reassembly)");
		return true;
	}
	if (s->data[1] > 1) {
		buf_printf(d->out, ", unknown code (%u)", s->data[1]);
		return true;
	}
	if (!dissect_need(d, s, QUOTE_OFF + IP_HDR_LEN, "icmp6"))
		return false;
	buf_puts(d->out, " for ");
	fmt_ip6(d->out, s->data + QUOTE_OFF + 24);
	return true;
}

static void put_param(struct buf *out, const uint8_t *p)
{
	static const char *const words[] = {"erroneous", "next header", "option", "incomplete header chain"};

	if (p[1] < sizeof(words) / sizeof(words[0]))
		buf_printf(out, ", %s - octet %u", words[p[1]], get_be32(p + 4));
	else
		buf_printf(out, ", code-#%u", p[1]);
}

/* The address that stands behind the first eight bytes. */
static bool put_target(struct dissect *d, const struct span *s, const char *words)
{
	if (!dissect_need(d, s, HDR_LEN + ADDR_LEN, "icmp6"))
		return false;
	buf_puts(d->out, words);
	fmt_ip6(d->out, s->data + HDR_LEN);
	return true;
}

static bool put_redirect(struct dissect *d, const struct span *s)
{
	if (!dissect_need(d, s, HDR_LEN + 2 * ADDR_LEN, "icmp6"))
		return false;
	buf_puts(d->out, ", ");
	fmt_ip6(d->out, s->data + HDR_LEN + ADDR_LEN);
	return put_target(d, s, " to ");
}

/* False: the line ends here, cut. */
static bool put_message(struct dissect *d, const struct span *s)
{
	const uint8_t *p = s->data;

	switch (p[0]) {
	case TYPE_UNREACH:
		return put_unreach(d, s);
	case TYPE_TIME_EXCEEDED:
		return put_time_exceeded(d, s);
	case TYPE_NEIGHBOR_SOLICIT:
		return put_target(d, s, ", who has ");
	case TYPE_NEIGHBOR_ADVERT:
		return put_target(d, s, ", tgt is ");
	case TYPE_REDIRECT:
		return put_redirect(d, s);
	case TYPE_TOO_BIG:
		buf_printf(d->out, ", mtu %u", get_be32(p + 4));
		return true;
	case TYPE_PARAM:
		put_param(d->out, p);
		return true;
	case TYPE_ECHO:
	case TYPE_ECHO_REPLY:
		buf_printf(d->out, ", id %u, seq %u", get_be16(p + 4), get_be16(p + 6));
		return true;
	case TYPE_MLD2_REPORT:
		buf_printf(d->out, ", %u group record(s)", get_be16(p + 6));
		return true;
	default:
		return true;
	}
}

void dissect_icmp6(struct dissect *d, const struct span *s)
{
	const char *name;

	if (!dissect_need(d, s, 1, "icmp6"))
		return;
	name = type_name(s->data[0]);
	buf_puts(d->out, "ICMP6, ");
	if (name)
		buf_puts(d->out, name);
	else
		buf_printf(d->out, "unknown icmp6 type (%u)", s->data[0]);
	if (!dissect_need(d, s, HDR_LEN, "icmp6") || !put_message(d, s))
		return;
	buf_puts(d->out, ", length ");
	fmt_dec(d->out, s->len);
}
