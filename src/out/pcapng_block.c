/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng_block.h"

#include <string.h>

#define ALIGN 4

size_t block_begin(struct buf *b, uint32_t type)
{
	size_t begin = b->len;

	buf_u32(b, type);
	buf_u32(b, 0);
	return begin;
}

void block_end(struct buf *b, size_t begin)
{
	uint32_t total = (uint32_t)(b->len - begin) + 4;

	buf_u32(b, total);
	buf_patch_u32(b, begin + 4, total);
}

void block_option(struct buf *b, uint16_t code, const void *data, size_t len)
{
	if (len > UINT16_MAX)
		len = UINT16_MAX;
	buf_u16(b, code);
	buf_u16(b, (uint16_t)len);
	buf_put(b, data, len);
	buf_pad(b, ALIGN);
}

void block_option_str(struct buf *b, uint16_t code, const char *s)
{
	block_option(b, code, s, strlen(s));
}

void block_option_u32(struct buf *b, uint16_t code, uint32_t v)
{
	block_option(b, code, &v, sizeof(v));
}

void block_option_u64(struct buf *b, uint16_t code, uint64_t v)
{
	block_option(b, code, &v, sizeof(v));
}

void block_options_end(struct buf *b)
{
	block_option(b, OPT_END, NULL, 0);
}

void block_time(struct buf *b, uint64_t ts_ns)
{
	buf_u32(b, (uint32_t)(ts_ns >> 32));
	buf_u32(b, (uint32_t)ts_ns);
}

void block_option_time(struct buf *b, uint16_t code, uint64_t ts_ns)
{
	const uint32_t halves[] = {(uint32_t)(ts_ns >> 32), (uint32_t)ts_ns};

	block_option(b, code, halves, sizeof(halves));
}
