/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, names and addresses as the outputs write them, without printf: they are on the path of every
 * packet. What takes a buf appends to it; running out of memory shows in buf_error. */
#ifndef PIDTAP_OUT_FMT_H
#define PIDTAP_OUT_FMT_H

#include <stdint.h>

#include "base/buf.h"

/* A byte as two hexadecimal digits, and as \xNN, at `to`: where the text goes on. Inline: plaintext is millions of them. */
#define FMT_ESCAPE_LEN 4
static inline char *fmt_hex_byte(char *to, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = digits[byte >> 4];
	*to++ = digits[byte & 15];
	return to;
}

static inline char *fmt_escape_byte(char *to, uint8_t byte)
{
	*to++ = '\\';
	*to++ = 'x';
	return fmt_hex_byte(to, byte);
}

/* Decimal. */
void fmt_dec(struct buf *b, uint64_t v);

/* A name that a process chose (comm) or an administrator (interface): bytes outside printable ASCII, and the
 * backslash, as \xHH. So the result has no control characters, is valid UTF-8 and can be turned back. */
void fmt_escaped(struct buf *b, const char *s);

/* The same as the value of a key=value pair: where it is empty or holds a blank or a double quote, it stands
 * in double quotes, and a quote in it is \". */
void fmt_value(struct buf *b, const char *s);

/* " holders=1,2": all of several; nothing for one or none. */
void fmt_holders(struct buf *b, const uint32_t *pids, size_t cnt);

/* Addresses in network order: 10.0.0.1, 2001:db8::1 (RFC 5952), 02:00:00:00:00:01. */
void fmt_ip4(struct buf *b, const uint8_t *addr);
void fmt_ip6(struct buf *b, const uint8_t *addr);
void fmt_mac(struct buf *b, const uint8_t *addr);

#endif
