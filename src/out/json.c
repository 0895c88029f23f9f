/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/json.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "out/dissect.h"
#include "out/fmt.h"
#include "out/json_packet.h"
#include "out/json_put.h"
#include "out/outfile.h"

struct json {
	struct sink sink;
	struct outfile file;
	struct json_opts opts;
	struct dissect *dissect;
	struct buf line;
	struct buf summary;
};

static void begin_line(struct json *j, const char *type, uint64_t ts_ns)
{
	struct buf *b = &j->line;

	buf_reset(b);
	buf_putc(b, '{');
	json_str(b, "type", type);
	json_time(b, "time", ts_ns);
}

static int end_line(struct json *j)
{
	buf_puts(&j->line, "}\n");
	return outfile_put(&j->file, &j->line);
}

static void put_owner(struct json *j, const struct owner *o)
{
	const char *container = o->pid && j->opts.container ? j->opts.container(j->opts.ctx, o) : NULL;
	struct buf *b = &j->line;

	json_str(b, "attr", owner_attr_name(o->attr));
	if (!o->pid) {
		json_null(b, "owner");
		return;
	}
	json_key(b, "owner");
	buf_putc(b, '{');
	json_num(b, "pid", o->pid);
	json_num(b, "tid", o->tid);
	json_num(b, "uid", o->uid);
	json_str(b, "comm", o->comm);
	json_str(b, "tcomm", o->tcomm);
	if (container)
		json_str(b, "container", container);
	else
		json_null(b, "container");
	buf_putc(b, '}');
}

static void put_holders(struct buf *b, const struct packet *p)
{
	if (p->holder_cnt < 2)
		return;
	json_key(b, "holders");
	for (size_t i = 0; i < p->holder_cnt; i++) {
		buf_putc(b, i ? ',' : '[');
		fmt_dec(b, p->holders[i]);
	}
	buf_putc(b, ']');
}

static void put_summary(struct json *j, const struct packet *p)
{
	buf_reset(&j->summary);
	dissect_packet(j->dissect, p, &j->summary);
	json_str(&j->line, "summary", buf_cstr(&j->summary));
}

static int json_packet(struct sink *s, const struct packet *p)
{
	struct json *j = (struct json *)s;
	struct buf *b = &j->line;

	if (j->opts.no_packets)
		return 0;
	s->taken++;
	begin_line(j, "packet", p->ts_ns);
	json_str(b, "iface", p->iface->name);
	json_num(b, "netns", p->iface->netns);
	json_str(b, "dir", p->dir == EV_DIR_OUT ? "out" : "in");
	json_num(b, "len", p->len);
	json_num(b, "caplen", p->caplen);
	json_headers(b, p);
	if (!j->opts.quiet)
		put_summary(j, p);
	put_owner(j, &p->owner);
	if (j->opts.verbose)
		put_holders(b, p);
	return end_line(j);
}

static bool is_zero(const uint8_t addr[16])
{
	static const uint8_t zero[16];

	return !memcmp(addr, zero, sizeof(zero));
}

/* An end that is not known is 0.0.0.0, port 0. */
static void put_end(struct buf *b, const char *const keys[2], const uint8_t addr[16], uint16_t port)
{
	static const uint8_t any[4];

	json_key(b, keys[0]);
	buf_putc(b, '"');
	if (is_zero(addr) && !port)
		fmt_ip4(b, any);
	else if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)addr))
		fmt_ip4(b, addr + 12);
	else
		fmt_ip6(b, addr);
	buf_putc(b, '"');
	json_num(b, keys[1], port);
}

/* The sender's end is the source. */
static void put_tuple(struct buf *b, const struct plain *p)
{
	static const char *const src[] = {"src", "sport"}, *const dst[] = {"dst", "dport"};
	const struct ev_key *k = &p->key;
	bool write = p->flags & EV_TLS_WRITE;

	put_end(b, src, write ? k->laddr : k->raddr, write ? k->lport : k->rport);
	put_end(b, dst, write ? k->raddr : k->laddr, write ? k->rport : k->lport);
	json_bool(b, "known", k->lport || k->rport || !is_zero(k->laddr) || !is_zero(k->raddr));
}

static void put_flags(struct buf *b, uint32_t flags)
{
	char name[PLAIN_FLAG_MAX];

	json_key(b, "flags");
	buf_putc(b, '[');
	for (bool first = true; plain_next_flag(&flags, name); first = false) {
		if (!first)
			buf_putc(b, ',');
		json_text(b, (const uint8_t *)name, strlen(name));
	}
	buf_putc(b, ']');
}

static int json_plain(struct sink *s, const struct plain *p)
{
	struct json *j = (struct json *)s;
	struct buf *b = &j->line;

	if (!j->opts.plain)
		return 0;
	begin_line(j, "plaintext", p->ts_ns);
	json_str(b, "dir", p->flags & EV_TLS_WRITE ? "write" : "read");
	if (p->fd < 0)
		json_null(b, "fd");
	else
		json_num(b, "fd", (uint64_t)p->fd);
	put_tuple(b, p);
	json_num(b, "total", p->total);
	json_num(b, "offset", p->offset);
	json_num(b, "len", p->len);
	json_bool(b, "truncated", p->flags & EV_TLS_CUT);
	put_flags(b, p->flags);
	json_base64(b, "data", p->data, p->len);
	put_owner(j, &p->owner);
	return end_line(j);
}

static int json_flush(struct sink *s)
{
	return outfile_flush(&((struct json *)s)->file);
}

static int json_finish(struct sink *s, const struct iface_table *ifaces, const struct stats *st)
{
	(void)ifaces;
	(void)st;
	return json_flush(s);
}

static void json_close(struct sink *s)
{
	struct json *j = (struct json *)s;

	dissect_free(j->dissect);
	outfile_fini(&j->file);
	buf_free(&j->line);
	buf_free(&j->summary);
	free(j);
}

static const struct sink_ops json_ops = {
	.name = "json",
	.packet = json_packet,
	.plain = json_plain,
	.flush = json_flush,
	.finish = json_finish,
	.close = json_close,
};

struct sink *json_open(int fd, const struct json_opts *opts)
{
	const struct dissect_opts content = {.verbose = false};
	struct json *j = calloc(1, sizeof(*j));

	if (!j) {
		close(fd);
		return NULL;
	}
	j->sink.ops = &json_ops;
	j->opts = *opts;
	if (outfile_init(&j->file, &j->sink, fd, opts->patience)) {
		free(j);
		return NULL;
	}
	j->dissect = dissect_new(&content);
	if (j->dissect)
		return &j->sink;
	json_close(&j->sink);
	return NULL;
}
