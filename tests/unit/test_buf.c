/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/base/buf.c */
#include "base/buf.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static void test_empty(void)
{
	struct buf b = BUF_INIT;

	buf_put(&b, NULL, 0);
	buf_put(&b, "", 0);
	buf_puts(&b, "");
	buf_printf(&b, "%s", "");
	buf_pad(&b, 8);
	tap_ok(b.len == 0 && buf_error(&b) == 0, "nothing was put");
	tap_is_str(buf_cstr(&b), "", "an empty text");
	buf_free(&b);
	tap_ok(!b.data && !b.len && !b.cap, "freed");
	buf_free(&b);
	buf_puts(&b, "again");
	tap_is_str(buf_cstr(&b), "again", "usable after it was freed");
	buf_free(&b);
}

static void test_grow(void)
{
	struct buf b = BUF_INIT;
	size_t wrong = 0;

	for (int i = 0; i < 100000; i++)
		buf_putc(&b, (char)i);
	for (size_t i = 0; i < b.len; i++)
		wrong += b.data[i] != (uint8_t)i;
	tap_ok(b.len == 100000 && !wrong, "byte by byte");
	buf_reset(&b);
	tap_ok(b.len == 0 && b.cap >= 100000, "reset keeps the room");
	/* each length around a doubling: the NUL of printf and cstr needs a byte more */
	for (size_t n = 250; n < 260; n++) {
		struct buf exact = BUF_INIT, text = BUF_INIT;
		char *fill = malloc(n);

		memset(fill, 'x', n);
		buf_put(&exact, fill, n);
		wrong += exact.len != n || strlen(buf_cstr(&exact)) != n;
		buf_printf(&text, "%.*s", (int)n, fill);
		wrong += text.len != n || strlen(buf_cstr(&text)) != n;
		buf_free(&exact);
		buf_free(&text);
		free(fill);
	}
	tap_is_int(wrong, 0, "around the edges of its room");
	buf_free(&b);
}

static void test_printf(void)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "a");
	buf_printf(&b, "%d-%s", -5, "x");
	buf_printf(&b, "%300d", 7);
	tap_is_int(b.len, 305, "longer than the room there was");
	tap_ok(!memcmp(b.data, "a-5-x ", 6) && b.data[304] == '7', "in its place");
	buf_printf(&b, "%c", 0);
	tap_is_int(b.len, 306, "a NUL is a byte like others");
	buf_free(&b);
}

static void test_numbers(void)
{
	static const uint8_t want[] = {1, 2, 1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	struct buf b = BUF_INIT;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	memcpy(&two, want, 2);
	memcpy(&four, want + 2, 4);
	memcpy(&eight, want + 8, 8);
	buf_u16(&b, two);
	buf_u32(&b, four);
	buf_pad(&b, 4);
	tap_is_int(b.len, 8, "padded");
	buf_pad(&b, 4);
	buf_pad(&b, 1);
	tap_is_int(b.len, 8, "once is enough");
	buf_u64(&b, eight);
	tap_ok(b.len == sizeof(want) && !memcmp(b.data, want, sizeof(want)), "in host order, zeros between");
	memset(&four, 9, 4);
	buf_patch_u32(&b, 12, four);
	tap_ok(b.data[11] == 4 && b.data[12] == 9 && b.data[15] == 9 && b.len == 16,
		"the last four are patched");
	buf_free(&b);
}

static void test_reserve(void)
{
	struct buf b = BUF_INIT;
	uint8_t *to = buf_reserve(&b, 10);

	tap_ok(to && b.len == 0 && b.cap >= 10, "reserved is not yet there");
	memcpy(to, "0123456789", 10);
	b.len += 10;
	tap_is_str(buf_cstr(&b), "0123456789", "until it is counted");
	tap_ok(buf_reserve(&b, 0) == b.data + 10, "none more: the end");
	buf_free(&b);
	tap_ok(buf_reserve(&b, 0), "none at all: a place none the less");
	buf_free(&b);
}

/* More than there can be is refused before anything is asked of the allocator. */
static void test_too_much(void)
{
	static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 2};
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		buf_puts(&b, "abc");
		tap_ok(!buf_reserve(&b, sizes[i]) && buf_error(&b) == -ENOMEM, "%zx bytes", sizes[i]);
		buf_puts(&b, "lost");
		buf_printf(&b, "%d", 1);
		buf_pad(&b, 8);
		buf_patch_u32(&b, 0, 0);
		tap_ok(b.len == 3 && !memcmp(b.data, "abc", 3), "after an error nothing happens");
		tap_is_str(buf_cstr(&b), "", "not even a text");
		buf_reset(&b);
		tap_is_int(buf_error(&b), 0, "a reset forgets it");
	}
	buf_free(&b);
}

int main(void)
{
	test_empty();
	test_grow();
	test_printf();
	test_numbers();
	test_reserve();
	test_too_much();
	return tap_done();
}
