/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng_comment.h"

#include <string.h>

#include "out/fmt.h"

void pcapng_comment(struct buf *b, const struct packet *p)
{
	const struct owner *o = &p->owner;

	if (o->pid) {
		buf_puts(b, "pid=");
		fmt_dec(b, o->pid);
		buf_puts(b, " tid=");
		fmt_dec(b, o->tid);
		buf_puts(b, " uid=");
		fmt_dec(b, o->uid);
		buf_puts(b, " comm=");
		fmt_value(b, o->comm);
		buf_putc(b, ' ');
	}
	buf_puts(b, "attr=");
	buf_puts(b, owner_attr_name(o->attr));
	if (strcmp(o->tcomm, o->comm)) {
		buf_puts(b, " tcomm=");
		fmt_value(b, o->tcomm);
	}
	fmt_holders(b, p->holders, p->holder_cnt);
}

static void put_flags(struct buf *b, uint32_t flags)
{
	char name[PLAIN_FLAG_MAX];
	char sep = '=';

	while (plain_next_flag(&flags, name)) {
		if (sep == '=')
			buf_puts(b, " flags");
		buf_putc(b, sep);
		buf_puts(b, name);
		sep = ',';
	}
}

void pcapng_comment_plain(struct buf *b, const struct pcapng_plain_note *note)
{
	const struct plain *p = note->plain;

	if (p && p->fd >= 0) {
		buf_puts(b, " fd=");
		fmt_dec(b, (uint64_t)p->fd);
	}
	if (note->has_data)
		buf_puts(b, p->flags & EV_TLS_WRITE ? " tls=write" : " tls=read");
	if (p)
		put_flags(b, p->flags);
	if (note->missing) {
		buf_puts(b, " missing=");
		fmt_dec(b, note->missing);
	}
}
