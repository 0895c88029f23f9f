/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/golden/frames.h"

#include <netinet/in.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/bytes.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20
#define ECE 0x40
#define CWR 0x80

#define MORE 0x2000 /* fragments follow */
#define ETH_LEN 14

/* Ports that tcpdump has no decoder for. */
#define CLIENT 40000
#define SERVER 9999

struct gen {
	struct buf f;
	bool v6;
	bool reply; /* from server to client */
	frame_fn *fn;
	void *ctx;
};

static const uint8_t addr4[2][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
static const uint8_t addr6[2][16] = {
	{0x20, 0x01, 0x0d, 0xb8, [15] = 1},
	{0x20, 0x01, 0x0d, 0xb8, [7] = 1, [12] = 0xab, [13] = 0xcd, [15] = 2},
};
static const uint8_t link_local[16] = {0xfe, 0x80, [8] = 2, [15] = 1};

static void be16(struct gen *g, uint16_t v)
{
	buf_putc(&g->f, (char)(v >> 8));
	buf_putc(&g->f, (char)v);
}

static void be32(struct gen *g, uint32_t v)
{
	be16(g, (uint16_t)(v >> 16));
	be16(g, (uint16_t)v);
}

static void bytes(struct gen *g, uint8_t value, size_t n)
{
	while (n--)
		buf_putc(&g->f, (char)value);
}

static void done(struct gen *g, const char *name)
{
	g->fn(name, g->f.data, g->f.len, g->ctx);
	buf_reset(&g->f);
}

static void eth(struct gen *g, uint16_t type)
{
	static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 0xa}, {2, 0, 0, 0, 0, 0xb}};

	buf_put(&g->f, mac[!g->reply], 6);
	buf_put(&g->f, mac[g->reply], 6);
	be16(g, type);
}

static void ip4_hdr(struct gen *g, uint8_t proto, uint16_t total, uint16_t frag)
{
	be16(g, 0x4500);
	be16(g, total);
	be16(g, 7);
	be16(g, frag);
	be16(g, (uint16_t)(64 << 8 | proto));
	be16(g, 0);
	buf_put(&g->f, addr4[g->reply], 4);
	buf_put(&g->f, addr4[!g->reply], 4);
}

static void ip6_hdr(struct gen *g, uint8_t next, uint16_t payload)
{
	be32(g, 0x60000000);
	be16(g, payload);
	be16(g, (uint16_t)(next << 8 | 64));
	buf_put(&g->f, addr6[g->reply], 16);
	buf_put(&g->f, addr6[!g->reply], 16);
}

/* Ethernet and IP for `len` bytes of payload. */
static void ip(struct gen *g, uint8_t proto, size_t len)
{
	eth(g, g->v6 ? 0x86dd : 0x0800);
	if (g->v6)
		ip6_hdr(g, proto, (uint16_t)len);
	else
		ip4_hdr(g, proto, (uint16_t)(20 + len), 0);
}

static void ports(struct gen *g)
{
	be16(g, g->reply ? SERVER : CLIENT);
	be16(g, g->reply ? CLIENT : SERVER);
}

static void udp_hdr(struct gen *g, uint16_t len)
{
	ports(g);
	be16(g, len);
	be16(g, 0);
}

struct seg {
	uint32_t seq, ack;
	uint8_t flags;
	const char *opts;
	size_t opts_len; /* a multiple of 4 */
	size_t len;
};

static void tcp_hdr(struct gen *g, const struct seg *s)
{
	ports(g);
	be32(g, s->seq);
	be32(g, s->ack);
	be16(g, (uint16_t)((20 + s->opts_len) / 4 << 12 | s->flags));
	be16(g, 502);
	be16(g, 0);
	be16(g, s->flags & URG ? 3 : 0);
	buf_put(&g->f, s->opts, s->opts_len);
}

static void tcp(struct gen *g, const char *name, bool reply, const struct seg *s)
{
	g->reply = reply;
	ip(g, IPPROTO_TCP, 20 + s->opts_len + s->len);
	tcp_hdr(g, s);
	bytes(g, 'x', s->len);
	done(g, name);
	g->reply = false;
}

#define OPTS(s) .opts = s, .opts_len = sizeof(s) - 1
#define OPT_SYN "\2\4\5\xb4\4\2\10\12\0\0\0\1\0\0\0\0\1\3\3\7"
#define OPT_TS "\1\1\10\12\0\0\0\2\0\0\0\1"
#define OPT_SACK "\1\1\5\22\xfe\0\0\x65\xfe\0\0\xc9\xfe\0\1\x2d\xfe\0\1\x91"

/* A conversation whose client numbers wrap around, then segments out of the ordinary. */
static void tcp_flow(struct gen *g)
{
	const uint32_t c = 0xffffffc0, s = 0xfe000000;

	tcp(g, "syn", false, &(struct seg){c, 0, SYN, OPTS(OPT_SYN)});
	tcp(g, "syn-ack", true, &(struct seg){s, c + 1, SYN | ACK, OPTS(OPT_SYN)});
	tcp(g, "ack", false, &(struct seg){c + 1, s + 1, ACK, OPTS(OPT_TS)});
	tcp(g, "data", false, &(struct seg){c + 1, s + 1, PSH | ACK, OPTS(OPT_TS), 100});
	tcp(g, "answer", true, &(struct seg){s + 1, c + 101, PSH | ACK, OPTS(OPT_TS), 1200});
	tcp(g, "sack", false, &(struct seg){c + 101, s + 1, ACK, OPTS(OPT_SACK)});
	tcp(g, "urgent", false, &(struct seg){c + 101, s + 1201, PSH | ACK | URG | ECE | CWR, .len = 3});
	tcp(g, "fin", false, &(struct seg){c + 104, s + 1201, FIN | ACK});
	tcp(g, "rst", true, &(struct seg){s + 1201, c + 105, RST | ACK});
	tcp(g, "rst alone", true, &(struct seg){s + 1201, 0, RST});
	tcp(g, "no flags", false, &(struct seg){c, s, 0});
}

static void tcp_options(struct gen *g)
{
	tcp(g, "fast open", false, &(struct seg){1, 0, SYN, OPTS("\42\12abcdefgh\1\1")});
	tcp(g, "fast open request", false, &(struct seg){1, 0, SYN, OPTS("\42\2\1\1")});
	tcp(g, "unknown option", false, &(struct seg){1, 0, SYN, OPTS("\310\4\1\2")});
	tcp(g, "end of options", false, &(struct seg){1, 0, SYN, OPTS("\1\0\0\0")});
	tcp(g, "option too long", false, &(struct seg){1, 0, SYN, OPTS("\2\12\5\xb4")});
	tcp(g, "option of length 0", false, &(struct seg){1, 0, SYN, OPTS("\1\10\0\0")});
	tcp(g, "option without length", false, &(struct seg){1, 0, SYN, OPTS("\1\1\1\10"), 4});
	tcp(g, "odd sack", false, &(struct seg){1, 0, SYN, OPTS("\5\4\1\2")});
}

static void tcp_bad(struct gen *g)
{
	ip(g, IPPROTO_TCP, 20);
	tcp_hdr(g, &(struct seg){1, 2, SYN});
	g->f.data[g->f.len - 8] = 0x40;
	done(g, "header shorter than a header");
	ip(g, IPPROTO_TCP, 20);
	tcp_hdr(g, &(struct seg){1, 2, SYN});
	g->f.data[g->f.len - 8] = 0xf0;
	done(g, "header longer than the packet");
}

static void udp(struct gen *g, const char *name, bool reply, size_t len)
{
	g->reply = reply;
	ip(g, IPPROTO_UDP, 8 + len);
	udp_hdr(g, (uint16_t)(8 + len));
	bytes(g, 'y', len);
	done(g, name);
	g->reply = false;
}

static void udps(struct gen *g)
{
	udp(g, "udp", false, 12);
	udp(g, "udp answer", true, 512);
	udp(g, "udp empty", false, 0);
	ip(g, IPPROTO_UDP, 20);
	udp_hdr(g, 30);
	bytes(g, 'y', 12);
	done(g, "udp bad length");
	ip(g, IPPROTO_UDP, 20);
	udp_hdr(g, 4);
	bytes(g, 'y', 12);
	done(g, "udp length below the header's");
}

/* A packet from server to client, as an error of the client quotes it. */
static void quoted(struct gen *g, uint8_t proto)
{
	g->reply = true;
	if (g->v6)
		ip6_hdr(g, proto, 16);
	else
		ip4_hdr(g, proto, 36, 0);
	udp_hdr(g, 16);
	bytes(g, 'q', 8);
	g->reply = false;
}

static void icmp_hdr(struct gen *g, uint8_t type, uint8_t code, uint32_t rest)
{
	buf_putc(&g->f, (char)type);
	buf_putc(&g->f, (char)code);
	be16(g, 0);
	be32(g, rest);
}

static void icmp_echo(struct gen *g, uint8_t type, bool reply)
{
	g->reply = reply;
	ip(g, g->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 64);
	icmp_hdr(g, type, 0, 0x12340001);
	bytes(g, 'p', 56);
	done(g, "echo");
	g->reply = false;
}

static void icmp_error(struct gen *g, uint8_t type, uint8_t code, uint32_t rest, uint8_t proto)
{
	ip(g, g->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, g->v6 ? 64 : 44);
	icmp_hdr(g, type, code, rest);
	quoted(g, proto);
	done(g, "icmp error");
}

static void icmp(struct gen *g)
{
	static const uint8_t plain[] = {4, 10, 15, 16, 17, 42, 200};

	icmp_echo(g, 8, false);
	icmp_echo(g, 0, true);
	for (uint8_t code = 0; code < 17; code++)
		icmp_error(g, 3, code, 1400, IPPROTO_UDP);
	icmp_error(g, 3, 3, 0, IPPROTO_TCP);
	icmp_error(g, 3, 3, 0, IPPROTO_SCTP);
	icmp_error(g, 3, 4, 0, IPPROTO_UDP);
	for (uint8_t code = 0; code < 5; code++)
		icmp_error(g, 5, code, 0x0a000004, IPPROTO_UDP);
	for (uint8_t code = 0; code < 3; code++)
		icmp_error(g, 11, code, 0, IPPROTO_UDP);
	icmp_error(g, 12, 0, 0x05000000, IPPROTO_UDP);
	icmp_error(g, 12, 1, 0, IPPROTO_UDP);
	for (size_t i = 0; i < sizeof(plain); i++) {
		ip(g, IPPROTO_ICMP, 20);
		icmp_hdr(g, plain[i], 0, 0);
		bytes(g, 0, 12);
		done(g, "icmp without details");
	}
	ip(g, IPPROTO_ICMP, 20);
	icmp_hdr(g, 13, 0, 0x00010002);
	bytes(g, 0, 12);
	done(g, "time stamp");
}

static void neighbour(struct gen *g, uint8_t type, uint32_t rest, int addrs)
{
	ip(g, IPPROTO_ICMPV6, 8 + 16 * (size_t)addrs + 8);
	icmp_hdr(g, type, 0, rest);
	for (int i = 0; i < addrs; i++)
		buf_put(&g->f, i ? addr6[1] : link_local, 16);
	buf_put(&g->f, "\1\1\2\0\0\0\0\1", 8);
	done(g, "neighbour discovery");
}

static void icmp6(struct gen *g)
{
	icmp_echo(g, 128, false);
	icmp_echo(g, 129, true);
	for (uint8_t code = 0; code < 5; code++)
		icmp_error(g, 1, code, 0, IPPROTO_UDP);
	icmp_error(g, 1, 4, 0, IPPROTO_TCP);
	icmp_error(g, 2, 0, 1280, IPPROTO_UDP);
	for (uint8_t code = 0; code < 3; code++)
		icmp_error(g, 3, code, 0, IPPROTO_UDP);
	for (uint8_t code = 0; code < 5; code++)
		icmp_error(g, 4, code, 6, IPPROTO_UDP);
	neighbour(g, 133, 0, 0);
	neighbour(g, 134, 0x40000708, 0);
	neighbour(g, 135, 0, 1);
	neighbour(g, 136, 0x60000000, 1);
	neighbour(g, 137, 0, 2);
	ip(g, IPPROTO_ICMPV6, 28);
	icmp_hdr(g, 143, 0, 1);
	be32(g, 0x04000000);
	buf_put(&g->f, link_local, 16);
	done(g, "mld2 report");
}

static void arp(struct gen *g, uint16_t op, const char *target_mac, size_t pad)
{
	eth(g, 0x0806);
	buf_put(&g->f, "\0\1\x08\0\6\4", 6);
	be16(g, op);
	buf_put(&g->f, "\2\0\0\0\0\x0a\x0a\0\0\1", 10);
	buf_put(&g->f, target_mac, 6);
	buf_put(&g->f, addr4[1], 4);
	bytes(g, 0, pad);
	done(g, "arp");
}

static void arps(struct gen *g)
{
	arp(g, 1, "\0\0\0\0\0\0", 0);
	arp(g, 1, "\0\0\0\0\0\0", 18);
	arp(g, 1, "\377\377\377\377\377\377", 18);
	arp(g, 2, "\2\0\0\0\0\x0b", 18);
}

static void fragments(struct gen *g)
{
	eth(g, 0x0800);
	ip4_hdr(g, IPPROTO_UDP, 20 + 8 + 24, MORE);
	udp_hdr(g, 1008);
	bytes(g, 'f', 24);
	done(g, "first fragment");
	eth(g, 0x0800);
	ip4_hdr(g, IPPROTO_UDP, 20 + 32, MORE | 4);
	bytes(g, 'f', 32);
	done(g, "middle fragment");
	eth(g, 0x0800);
	ip4_hdr(g, IPPROTO_ICMP, 20 + 8, 100);
	bytes(g, 'f', 8);
	done(g, "last fragment");
}

static void ip4_odd(struct gen *g)
{
	eth(g, 0x0800);
	buf_put(&g->f, "\x46\0\0\x20\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2\x94\4\0\0", 24);
	udp_hdr(g, 8);
	done(g, "router alert");
	ip(g, IPPROTO_TCP, 60);
	tcp_hdr(g, &(struct seg){1, 0, SYN});
	done(g, "longer than the frame");
	eth(g, 0x0800);
	ip4_hdr(g, IPPROTO_UDP, 10, 0);
	done(g, "total length below the header's");
	ip(g, 253, 20);
	bytes(g, 'z', 20);
	done(g, "unknown protocol");
	ip(g, IPPROTO_UDP, 10);
	udp_hdr(g, 10);
	bytes(g, 0, 20);
	done(g, "padded frame");
	ip(g, IPPROTO_IPIP, 48);
	ip4_hdr(g, IPPROTO_UDP, 28, 0);
	udp_hdr(g, 8);
	bytes(g, 0, 20);
	done(g, "ip in ip");
	ip(g, IPPROTO_IPV6, 48);
	ip6_hdr(g, IPPROTO_UDP, 8);
	udp_hdr(g, 8);
	done(g, "6in4");
	ip(g, IPPROTO_ICMPV6, 8);
	icmp_hdr(g, 128, 0, 0);
	done(g, "icmp6 in ip4");
	eth(g, 0x0800);
	ip6_hdr(g, IPPROTO_UDP, 0);
	done(g, "wrong version");
}

/* An options header: next, its length, a pad option. */
static void ext(struct gen *g, uint8_t next)
{
	buf_putc(&g->f, (char)next);
	buf_put(&g->f, "\0\1\4\0\0\0\0", 7);
}

static void route(struct gen *g, uint8_t type)
{
	ip(g, IPPROTO_ROUTING, 24 + 8);
	buf_putc(&g->f, IPPROTO_UDP);
	buf_putc(&g->f, 2);
	buf_putc(&g->f, (char)type);
	buf_put(&g->f, "\1\0\0\0\0", 5);
	buf_put(&g->f, addr6[1], 16);
	udp_hdr(g, 8);
	done(g, "routing header");
}

static void ip6_ext(struct gen *g)
{
	ip(g, IPPROTO_HOPOPTS, 8 + 20);
	ext(g, IPPROTO_TCP);
	tcp_hdr(g, &(struct seg){1, 0, SYN});
	done(g, "hop-by-hop");
	ip(g, IPPROTO_HOPOPTS, 16 + 8);
	ext(g, IPPROTO_DSTOPTS);
	ext(g, IPPROTO_UDP);
	udp_hdr(g, 8);
	done(g, "hop-by-hop, destination options");
	ip(g, IPPROTO_DSTOPTS, 16 + 8);
	ext(g, IPPROTO_HOPOPTS);
	ext(g, IPPROTO_UDP);
	udp_hdr(g, 8);
	done(g, "hop-by-hop in the wrong place");
	for (uint8_t type = 0; type < 5; type++)
		route(g, type);
	ip(g, IPPROTO_FRAGMENT, 8 + 8 + 24);
	buf_put(&g->f, "\x11\0\0\1\0\0\0\x09", 8);
	udp_hdr(g, 1008);
	bytes(g, 'f', 24);
	done(g, "first fragment");
	ip(g, IPPROTO_FRAGMENT, 8 + 32);
	buf_put(&g->f, "\x11\0\5\1\0\0\0\x09", 8);
	bytes(g, 'f', 32);
	done(g, "second fragment");
	ip(g, IPPROTO_NONE, 0);
	done(g, "nothing");
	ip(g, 253, 20);
	bytes(g, 'z', 20);
	done(g, "unknown protocol");
	ip(g, IPPROTO_ICMP, 8);
	icmp_hdr(g, 8, 0, 0);
	done(g, "icmp in ip6");
}

static void vlan(struct gen *g)
{
	eth(g, 0x8100);
	be32(g, 0x200a0800);
	ip4_hdr(g, IPPROTO_UDP, 28, 0);
	udp_hdr(g, 8);
	done(g, "vlan in the frame");
	eth(g, 0x88a8);
	be32(g, 0x00058100);
	be32(g, 0x000a86dd);
	ip6_hdr(g, IPPROTO_UDP, 8);
	udp_hdr(g, 8);
	done(g, "QinQ");
}

/* Named by type and length only, here and there in other words than tcpdump's. */
static void other(struct gen *g)
{
	static const uint16_t types[] = {0x88b5, 0x88cc, 0x8863, 38};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		eth(g, types[i]);
		bytes(g, 'o', 46);
		done(g, "other type");
	}
	eth(g, 0x0806);
	buf_put(&g->f, "\0\6\x08\0\6\4\0\x4d", 8);
	bytes(g, 1, 20);
	done(g, "unknown arp operation");
	g->v6 = true;
	ip(g, IPPROTO_ICMPV6, 8);
	icmp_hdr(g, 200, 0, 0);
	done(g, "unknown icmp6 type");
	g->v6 = false;
}

void frames_each(frame_fn *fn, void *ctx)
{
	struct gen g = {.f = BUF_INIT, .fn = fn, .ctx = ctx};

	for (int v6 = 0; v6 < 2; v6++) {
		g.v6 = v6;
		tcp_flow(&g);
		tcp_options(&g);
		tcp_bad(&g);
		udps(&g);
	}
	icmp6(&g);
	ip6_ext(&g);
	g.v6 = false;
	icmp(&g);
	arps(&g);
	fragments(&g);
	ip4_odd(&g);
	vlan(&g);
	other(&g);
	buf_free(&g.f);
}
