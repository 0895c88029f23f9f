/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "out/dissect.h"
#include "out/fmt.h"
#include "out/outfile.h"
#include "out/text_plain.h"

#define CLOCK_LEN 8 /* HH:MM:SS */

struct text {
	struct sink sink;
	struct outfile file;
	struct text_opts opts;
	struct dissect *dissect;
	struct buf line;
	time_t sec; /* of `clock`: local time is asked for once a second, not once a packet */
	char clock[CLOCK_LEN + 1];
};

static void put_time(struct text *t, uint64_t ts_ns)
{
	time_t sec = (time_t)(ts_ns / NSEC_PER_SEC);
	struct tm tm;

	if (sec != t->sec || !t->clock[0]) {
		localtime_r(&sec, &tm);
		strftime(t->clock, sizeof(t->clock), "%H:%M:%S", &tm);
		t->sec = sec;
	}
	buf_printf(&t->line, "%s.%06u ", t->clock, (unsigned int)(ts_ns % NSEC_PER_SEC / 1000));
}

static void put_proc(struct buf *b, const struct owner *o)
{
	if (!o->pid) {
		buf_puts(b, "proc ?");
		return;
	}
	buf_puts(b, "proc ");
	fmt_escaped(b, o->comm);
	buf_putc(b, ':');
	fmt_dec(b, o->pid);
	buf_puts(b, ", uid ");
	fmt_dec(b, o->uid);
}

static void put_detail(struct buf *b, const struct packet *p)
{
	const struct owner *o = &p->owner;

	buf_puts(b, ", attr=");
	buf_puts(b, owner_attr_name(o->attr));
	if (o->tid != o->pid) {
		buf_puts(b, " tid=");
		fmt_dec(b, o->tid);
	}
	if (strcmp(o->tcomm, o->comm)) {
		buf_puts(b, " tcomm=");
		fmt_value(b, o->tcomm);
	}
	fmt_holders(b, p->holders, p->holder_cnt);
}

static void put_prefix(struct text *t, const struct packet *p)
{
	struct buf *b = &t->line;

	put_time(t, p->ts_ns);
	buf_putc(b, '(');
	fmt_escaped(b, p->iface->name);
	buf_puts(b, ", ");
	put_proc(b, &p->owner);
	buf_puts(b, p->dir == EV_DIR_OUT ? ", out" : ", in");
	if (t->opts.verbose)
		put_detail(b, p);
	buf_puts(b, ") ");
}

static int text_packet(struct sink *s, const struct packet *p)
{
	struct text *t = (struct text *)s;

	if (t->opts.no_packets)
		return 0;
	s->taken++;
	buf_reset(&t->line);
	put_prefix(t, p);
	dissect_packet(t->dissect, p, &t->line);
	buf_putc(&t->line, '\n');
	return outfile_put(&t->file, &t->line);
}

static int text_plaintext(struct sink *s, const struct plain *p)
{
	struct text *t = (struct text *)s;

	if (!t->opts.plain)
		return 0;
	buf_reset(&t->line);
	put_time(t, p->ts_ns);
	text_plain(&t->line, p, t->opts.hex);
	return outfile_put(&t->file, &t->line);
}

static int text_flush(struct sink *s)
{
	return outfile_flush(&((struct text *)s)->file);
}

static int text_finish(struct sink *s, const struct iface_table *ifaces, const struct stats *st)
{
	(void)ifaces;
	(void)st;
	return text_flush(s);
}

static void text_close(struct sink *s)
{
	struct text *t = (struct text *)s;

	dissect_free(t->dissect);
	outfile_fini(&t->file);
	buf_free(&t->line);
	free(t);
}

static const struct sink_ops text_ops = {
	.name = "text",
	.packet = text_packet,
	.plain = text_plaintext,
	.flush = text_flush,
	.finish = text_finish,
	.close = text_close,
};

struct sink *text_open(int fd, const struct text_opts *opts)
{
	const struct dissect_opts content = {.quiet = opts->quiet, .verbose = opts->verbose};
	struct text *t = calloc(1, sizeof(*t));

	if (!t) {
		close(fd);
		return NULL;
	}
	t->sink.ops = &text_ops;
	t->opts = *opts;
	if (outfile_init(&t->file, &t->sink, fd, opts->patience)) {
		free(t);
		return NULL;
	}
	t->dissect = dissect_new(&content);
	if (t->dissect)
		return &t->sink;
	text_close(&t->sink);
	return NULL;
}
