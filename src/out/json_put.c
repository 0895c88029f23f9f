/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/json_put.h"

#include <string.h>

#include "out/fmt.h"

#define NS_DIGITS 9
#define NS_PER_S 1000000000

void json_key(struct buf *b, const char *key)
{
	if (b->len && b->data[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_putc(b, '"');
	buf_puts(b, key);
	buf_puts(b, "\":");
}

static void put_escape(struct buf *b, uint8_t c)
{
	char unicode[6] = "\\u00";

	if (c == '"' || c == '\\') {
		buf_putc(b, '\\');
		buf_putc(b, (char)c);
	} else {
		fmt_hex_byte(unicode + 4, c);
		buf_put(b, unicode, sizeof(unicode));
	}
}

void json_text(struct buf *b, const uint8_t *s, size_t len)
{
	size_t begin = 0;

	buf_putc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\')
			continue;
		buf_put(b, s + begin, i - begin);
		put_escape(b, s[i]);
		begin = i + 1;
	}
	buf_put(b, s + begin, len - begin);
	buf_putc(b, '"');
}

void json_str(struct buf *b, const char *key, const char *s)
{
	json_key(b, key);
	json_text(b, (const uint8_t *)s, strlen(s));
}

void json_num(struct buf *b, const char *key, uint64_t v)
{
	json_key(b, key);
	fmt_dec(b, v);
}

void json_bool(struct buf *b, const char *key, bool v)
{
	json_key(b, key);
	buf_puts(b, v ? "true" : "false");
}

void json_null(struct buf *b, const char *key)
{
	json_key(b, key);
	buf_puts(b, "null");
}

void json_time(struct buf *b, const char *key, uint64_t ns)
{
	char digits[NS_DIGITS];
	uint64_t rest = ns % NS_PER_S;

	json_num(b, key, ns / NS_PER_S);
	buf_putc(b, '.');
	for (int i = NS_DIGITS; i--; rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	buf_put(b, digits, sizeof(digits));
}

/* Up to three bytes to four characters. */
static void encode(const uint8_t *in, size_t len, uint8_t out[4])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)in[0] << 16;

	if (len > 1)
		bits |= (uint32_t)in[1] << 8;
	if (len > 2)
		bits |= in[2];
	for (size_t i = 0; i < 4; i++)
		out[i] = (uint8_t)(i <= len ? alphabet[bits >> (18 - 6 * i) & 63] : '=');
}

void json_base64(struct buf *b, const char *key, const uint8_t *data, size_t len)
{
	uint8_t *out;

	json_key(b, key);
	buf_putc(b, '"');
	out = buf_reserve(b, (len + 2) / 3 * 4);
	for (size_t i = 0; out && i < len; i += 3, out += 4) {
		encode(data + i, len - i < 3 ? len - i : 3, out);
		b->len += 4;
	}
	buf_putc(b, '"');
}
