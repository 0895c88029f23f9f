/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/json_packet.h"

#include "out/fields.h"
#include "out/fmt.h"
#include "out/json_put.h"

#define TYPE_ARP 0x0806

static void put_addr(struct buf *b, const char *key, const uint8_t *addr, uint8_t version)
{
	json_key(b, key);
	buf_putc(b, '"');
	if (version == 6)
		fmt_ip6(b, addr);
	else
		fmt_ip4(b, addr);
	buf_putc(b, '"');
}

static void put_protocol(struct buf *b, const char *name)
{
	if (name)
		json_str(b, "protocol", name);
	else
		json_null(b, "protocol");
}

static void put_tcp(struct buf *b, const struct fields *f)
{
	char flags[FIELDS_FLAGS_MAX];

	fields_tcp_flags(f->flags, flags);
	json_str(b, "flags", flags);
	json_num(b, "seq", f->seq);
	json_num(b, "ack", f->ack);
	json_num(b, "win", f->win);
}

static void put_icmp(struct buf *b, const struct fields *f)
{
	json_num(b, "icmp_type", f->type);
	json_num(b, "icmp_code", f->code);
	if (!f->has_echo)
		return;
	json_num(b, "icmp_id", f->id);
	json_num(b, "icmp_seq", f->echo_seq);
}

static void put_ip(struct buf *b, const struct fields *f)
{
	json_num(b, "ip", f->version);
	put_addr(b, "src", f->src, f->version);
	put_addr(b, "dst", f->dst, f->version);
	json_num(b, "ttl", f->ttl);
	if (f->is_fragment)
		json_num(b, "frag", f->frag_off);
	json_num(b, "proto", f->proto);
	put_protocol(b, fields_proto_name(f->proto));
	if (f->has_ports) {
		json_num(b, "sport", f->sport);
		json_num(b, "dport", f->dport);
	}
	if (f->has_tcp)
		put_tcp(b, f);
	if (f->has_icmp)
		put_icmp(b, f);
	if (f->has_payload)
		json_num(b, "payload", f->payload_len);
}

void json_headers(struct buf *b, const struct packet *p)
{
	struct fields f;

	json_num(b, "ethertype", p->ethertype);
	fields_read(p, &f);
	if (f.version)
		put_ip(b, &f);
	else
		put_protocol(b, p->ethertype == TYPE_ARP ? "arp" : NULL);
}
