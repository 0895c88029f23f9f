/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/fmt.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#define DEC_MAX 20 /* digits of UINT64_MAX */
#define MAC_LEN 6

void fmt_dec(struct buf *b, uint64_t v)
{
	char digits[DEC_MAX];
	size_t n = 0;

	do
		digits[DEC_MAX - ++n] = (char)('0' + v % 10);
	while (v /= 10);
	buf_put(b, digits + DEC_MAX - n, n);
}

static void put_char(struct buf *b, char c)
{
	uint8_t byte = (uint8_t)c;
	char escape[FMT_ESCAPE_LEN];

	if (byte < 0x20 || byte > 0x7e || byte == '\\')
		buf_put(b, escape, (size_t)(fmt_escape_byte(escape, byte) - escape));
	else
		buf_putc(b, c);
}

void fmt_escaped(struct buf *b, const char *s)
{
	for (; *s; s++)
		put_char(b, *s);
}

void fmt_value(struct buf *b, const char *s)
{
	bool quote = !*s || strpbrk(s, " \"");

	if (quote)
		buf_putc(b, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_putc(b, '\\');
		put_char(b, *s);
	}
	if (quote)
		buf_putc(b, '"');
}

void fmt_holders(struct buf *b, const uint32_t *pids, size_t cnt)
{
	if (cnt < 2)
		return;
	buf_puts(b, " holders=");
	for (size_t i = 0; i < cnt; i++) {
		if (i)
			buf_putc(b, ',');
		fmt_dec(b, pids[i]);
	}
}

void fmt_ip4(struct buf *b, const uint8_t *addr)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			buf_putc(b, '.');
		fmt_dec(b, addr[i]);
	}
}

void fmt_ip6(struct buf *b, const uint8_t *addr)
{
	char text[INET6_ADDRSTRLEN];

	buf_puts(b, inet_ntop(AF_INET6, addr, text, sizeof(text)));
}

void fmt_mac(struct buf *b, const uint8_t *addr)
{
	char text[MAC_LEN * 3 - 1], *to = text;

	for (int i = 0; i < MAC_LEN; i++) {
		if (i)
			*to++ = ':';
		to = fmt_hex_byte(to, addr[i]);
	}
	buf_put(b, text, sizeof(text));
}
