/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP (RFC 792, 1122, 1812). The words are tcpdump's. */
#include <netinet/in.h>

#include "base/bytes.h"
#include "out/dissect_int.h"
#include "out/fmt.h"

#define QUOTE_OFF 8 /* an error quotes the packet it is about from here on */
#define IP_HDR_LEN 20

#define TYPE_ECHO_REPLY 0
#define TYPE_UNREACH 3
#define TYPE_REDIRECT 5
#define TYPE_ECHO 8
#define TYPE_TIME_EXCEEDED 11
#define TYPE_PARAM 12
#define TYPE_TIMESTAMP 13
#define TYPE_TIMESTAMP_REPLY 14

#define UNREACH_PROTO 2
#define UNREACH_PORT 3
#define UNREACH_FRAG 4

/* Where nothing but the type is told. */
static const char *const type_words[] = {
	[4] = "source quench",
	[9] = "router advertisement",
	[10] = "router solicitation",
	[15] = "information request",
	[16] = "information reply",
	[17] = "address mask request",
	[18] = "address mask reply",
};
#define TYPE_CNT (sizeof(type_words) / sizeof(type_words[0]))

/* Around the address that could not be reached. */
static const struct {
	const char *before, *behind;
} unreach_words[] = {
	[0] = {"net ", " unreachable"},
	[1] = {"host ", " unreachable"},
	[5] = {"", " unreachable - source route failed"},
	[6] = {"net ", " unreachable - unknown"},
	[7] = {"host ", " unreachable - unknown"},
	[8] = {"", " unreachable - source host isolated"},
	[9] = {"net ", " unreachable - admin prohibited"},
	[10] = {"host ", " unreachable - admin prohibited"},
	[11] = {"net ", " unreachable - tos prohibited"},
	[12] = {"host ", " unreachable - tos prohibited"},
	[13] = {"host ", " unreachable - admin prohibited filter"},
	[14] = {"host ", " unreachable - host precedence violation"},
	[15] = {"host ", " unreachable - precedence cutoff"},
};
#define UNREACH_CNT (sizeof(unreach_words) / sizeof(unreach_words[0]))

static const char *const redirect_words[][2] = {
	{"redirect ", " to net "},
	{"redirect ", " to host "},
	{"redirect-tos ", " to net "},
	{"redirect-tos ", " to host "},
};
#define REDIRECT_CNT (sizeof(redirect_words) / sizeof(redirect_words[0]))

/* Where the port numbers of the quoted packet stand. */
static uint32_t quoted_ports_off(const uint8_t *p)
{
	return QUOTE_OFF + (uint32_t)(p[QUOTE_OFF] & 15) * 4;
}

/* Bytes the words below are made from. */
static uint32_t needed(const struct span *s)
{
	switch (s->data[0]) {
	case TYPE_ECHO:
	case TYPE_ECHO_REPLY:
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMP_REPLY:
		return 8;
	case TYPE_PARAM:
		return 5;
	case TYPE_REDIRECT:
	case TYPE_TIME_EXCEEDED:
		return QUOTE_OFF + IP_HDR_LEN;
	case TYPE_UNREACH:
		if (s->data[1] != UNREACH_PORT || s->cap < QUOTE_OFF + IP_HDR_LEN)
			return QUOTE_OFF + IP_HDR_LEN;
		return quoted_ports_off(s->data) + 4;
	default:
		return 2;
	}
}

static void put_port_unreach(struct buf *out, const uint8_t *p)
{
	uint8_t proto = p[QUOTE_OFF + 9];

	if (proto == IPPROTO_TCP)
		buf_puts(out, " tcp port ");
	else if (proto == IPPROTO_UDP)
		buf_puts(out, " udp port ");
	else
		buf_printf(out, " protocol %u port ", proto);
	buf_printf(out, "%u unreachable", get_be16(p + quoted_ports_off(p) + 2));
}

static void put_unreach(struct buf *out, const uint8_t *p)
{
	uint8_t code = p[1];
	bool known = code < UNREACH_CNT && unreach_words[code].before;

	if (known)
		buf_puts(out, unreach_words[code].before);
	fmt_ip4(out, p + QUOTE_OFF + 16);
	if (known)
		buf_puts(out, unreach_words[code].behind);
	else if (code == UNREACH_PROTO)
		buf_printf(out, " protocol %u unreachable", p[QUOTE_OFF + 9]);
	else if (code == UNREACH_PORT)
		put_port_unreach(out, p);
	else if (code == UNREACH_FRAG && get_be16(p + 6))
		buf_printf(out, " unreachable - need to frag (mtu %u)", get_be16(p + 6));
	else if (code == UNREACH_FRAG)
		buf_puts(out, " unreachable - need to frag");
	else
		buf_printf(out, " unreachable - #%u", code);
}

static void put_redirect(struct buf *out, const uint8_t *p)
{
	uint8_t code = p[1];

	if (code < REDIRECT_CNT)
		buf_puts(out, redirect_words[code][0]);
	else
		buf_printf(out, "redirect-#%u ", code);
	fmt_ip4(out, p + QUOTE_OFF + 16);
	buf_puts(out, code < REDIRECT_CNT ? redirect_words[code][1] : " to ");
	fmt_ip4(out, p + 4);
}

static void put_time_exceeded(struct buf *out, uint8_t code)
{
	if (code == 0)
		buf_puts(out, "time exceeded in-transit");
	else if (code == 1)
		buf_puts(out, "ip reassembly time exceeded");
	else
		buf_printf(out, "time exceeded-#%u", code);
}

static void put_words(struct buf *out, const uint8_t *p)
{
	switch (p[0]) {
	case TYPE_ECHO:
	case TYPE_ECHO_REPLY:
		buf_printf(out, "echo %s, id %u, seq %u", p[0] == TYPE_ECHO ? "request" : "reply",
			get_be16(p + 4), get_be16(p + 6));
		break;
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMP_REPLY:
		buf_printf(out, "time stamp %s id %u seq %u", p[0] == TYPE_TIMESTAMP ? "query" : "reply",
			get_be16(p + 4), get_be16(p + 6));
		break;
	case TYPE_UNREACH:
		put_unreach(out, p);
		break;
	case TYPE_REDIRECT:
		put_redirect(out, p);
		break;
	case TYPE_TIME_EXCEEDED:
		put_time_exceeded(out, p[1]);
		break;
	case TYPE_PARAM:
		buf_printf(out, p[1] ? "parameter problem - code %u" : "parameter problem - octet %u",
			p[1] ? p[1] : p[4]);
		break;
	default:
		if (p[0] < TYPE_CNT && type_words[p[0]])
			buf_puts(out, type_words[p[0]]);
		else
			buf_printf(out, "type-#%u", p[0]);
	}
}

void dissect_icmp(struct dissect *d, const struct span *s)
{
	if (!dissect_need(d, s, 2, "icmp") || !dissect_need(d, s, needed(s), "icmp"))
		return;
	buf_puts(d->out, "ICMP ");
	put_words(d->out, s->data);
	buf_puts(d->out, ", length ");
	fmt_dec(d->out, s->len);
}
