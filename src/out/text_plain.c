/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/text_plain.h"
#include "out/fmt.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#define HEX_PER_LINE 16

static bool is_printable(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

static void put_end(struct buf *b, const uint8_t addr[16], uint16_t port)
{
	static const uint8_t any[16];

	if (!memcmp(addr, any, sizeof(any)) && !port) {
		buf_puts(b, "0.0.0.0");
	} else if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)addr)) {
		fmt_ip4(b, addr + 12);
	} else {
		buf_putc(b, '[');
		fmt_ip6(b, addr);
		buf_putc(b, ']');
	}
	buf_putc(b, ':');
	fmt_dec(b, port);
}

static void put_head(struct buf *b, const struct plain *p)
{
	const struct ev_key *k = &p->key;
	bool write = p->flags & EV_TLS_WRITE;

	buf_puts(b, "(proc ");
	fmt_escaped(b, p->owner.comm);
	buf_printf(b, ":%u, uid %u, fd ", p->owner.pid, p->owner.uid);
	if (p->fd < 0)
		buf_putc(b, '?');
	else
		fmt_dec(b, (uint64_t)p->fd);
	buf_puts(b, ") ");
	put_end(b, write ? k->laddr : k->raddr, write ? k->lport : k->rport);
	buf_putc(b, '-');
	put_end(b, write ? k->raddr : k->laddr, write ? k->rport : k->lport);
}

static void put_what(struct buf *b, const struct plain *p)
{
	buf_printf(b, " TLS %s %" PRIu64 " bytes", p->flags & EV_TLS_WRITE ? "write" : "read", p->total);
	if (p->len < p->total && !(p->flags & EV_TLS_FILE))
		buf_printf(b, ", %" PRIu64 " to %" PRIu64, p->offset, p->offset + p->len);
	if (p->flags & EV_TLS_FILE)
		buf_puts(b, ", of a file");
	if (p->flags & EV_TLS_EARLY)
		buf_puts(b, ", early data");
	if (p->flags & EV_TLS_INFERRED)
		buf_puts(b, ", connection inferred");
	if (p->flags & EV_TLS_CUT && !(p->flags & EV_TLS_FILE))
		buf_puts(b, ", cut here");
	buf_putc(b, '\n');
}

/* Of a byte at most: a tab, an escape. And how much is put at a time. */
#define BYTE_TEXT_MAX (1 + FMT_ESCAPE_LEN)
#define PIECE_LEN 1280

/* One byte as text; a carriage return that ends a line is left out. Where the text goes on. */
static char *put_byte(char *to, uint8_t byte, bool begins, bool ends_line)
{
	if (begins)
		*to++ = '\t';
	if ((is_printable(byte) && byte != '\\') || byte == '\t' || byte == '\n') {
		*to++ = (char)byte;
	} else if (byte != '\r' || !ends_line) {
		to = fmt_escape_byte(to, byte);
	}
	return to;
}

/* Line by line, each behind a tab. By pieces, and without printf: a download is millions of bytes. */
static void put_bytes(struct buf *b, const uint8_t *data, size_t len)
{
	char text[PIECE_LEN], *to = text;

	for (size_t i = 0; i < len; i++) {
		to = put_byte(to, data[i], !i || data[i - 1] == '\n', i + 1 < len && data[i + 1] == '\n');
		if (text + sizeof(text) - to < BYTE_TEXT_MAX || i + 1 == len) {
			buf_put(b, text, (size_t)(to - text));
			to = text;
		}
	}
	if (len && data[len - 1] != '\n')
		buf_putc(b, '\n');
}

/* Likewise. */
static void put_hex_line(struct buf *b, const uint8_t *data, size_t len, uint64_t offset)
{
	char hex[HEX_PER_LINE / 2 * 5], ascii[HEX_PER_LINE], *to = hex;

	memset(hex, ' ', sizeof(hex));
	for (size_t i = 0; i < len; i++) {
		to += i % 2 == 0;
		to = fmt_hex_byte(to, data[i]);
		ascii[i] = is_printable(data[i]) ? (char)data[i] : '.';
	}
	buf_printf(b, "\t0x%04" PRIx64 ": ", offset);
	buf_put(b, hex, sizeof(hex));
	buf_puts(b, "  ");
	buf_put(b, ascii, len);
	buf_putc(b, '\n');
}

void text_plain(struct buf *b, const struct plain *p, bool hex)
{
	put_head(b, p);
	put_what(b, p);
	if (!hex) {
		put_bytes(b, p->data, p->len);
		return;
	}
	for (uint32_t i = 0; i < p->len; i += HEX_PER_LINE)
		put_hex_line(b, p->data + i, p->len - i < HEX_PER_LINE ? p->len - i : HEX_PER_LINE, p->offset + i);
}
