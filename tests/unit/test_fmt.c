/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/fmt.c src/base/buf.c */
#include "out/fmt.h"

#include "tap.h"

static void check(void (*put)(struct buf *, const char *), const char *in, const char *want, const char *what)
{
	struct buf b = BUF_INIT;

	put(&b, in);
	tap_is_str(buf_cstr(&b), want, "%s", what);
	buf_free(&b);
}

static void check_addr(void (*put)(struct buf *, const uint8_t *), const char *addr, const char *want)
{
	struct buf b = BUF_INIT;

	put(&b, (const uint8_t *)addr);
	tap_is_str(buf_cstr(&b), want, "%s", want);
	buf_free(&b);
}

static void check_dec(uint64_t v, const char *want)
{
	struct buf b = BUF_INIT;

	fmt_dec(&b, v);
	tap_is_str(buf_cstr(&b), want, "%s", want);
	buf_free(&b);
}

static void check_holders(size_t cnt, const char *want)
{
	static const uint32_t pids[] = {7, 4294967295, 12};
	struct buf b = BUF_INIT;

	fmt_holders(&b, pids, cnt);
	tap_is_str(buf_cstr(&b), want, "%zu holders", cnt);
	buf_free(&b);
}

int main(void)
{
	check_dec(0, "0");
	check_dec(4294967296, "4294967296");
	check_dec(UINT64_MAX, "18446744073709551615");
	check(fmt_escaped, "curl", "curl", "plain name");
	check(fmt_escaped, "(sd-pam)", "(sd-pam)", "parentheses are printable");
	check(fmt_escaped, "a\nb\x1b[2J\x7f\xc3\xa9", "a\\x0ab\\x1b[2J\\x7f\\xc3\\xa9",
		"newline, escape, delete, UTF-8");
	check(fmt_escaped, "a\\x41", "a\\x5cx41", "a backslash cannot pretend");
	check(fmt_value, "curl", "curl", "plain value");
	check(fmt_value, "", "\"\"", "empty value");
	check(fmt_value, "Web Content", "\"Web Content\"", "blank in a value");
	check(fmt_value, "a\"b", "\"a\\\"b\"", "quote in a value");
	check(fmt_value, "a\\ \"", "\"a\\x5c \\\"\"", "backslash, blank and quote");
	check_holders(0, "");
	check_holders(1, "");
	check_holders(3, " holders=7,4294967295,12");
	check_addr(fmt_ip4, "\x0a\0\xff\1", "10.0.255.1");
	check_addr(fmt_ip6, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1");
	check_addr(fmt_mac, "\2\0\0\0\xab\xff", "02:00:00:00:ab:ff");
	return tap_done();
}
