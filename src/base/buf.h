/* SPDX-License-Identifier: BSD-2-Clause */
/* A growable byte buffer: for building blocks, files and text whose length is known only at the end.
 *
 * Running out of memory does not have to be checked at each step: it is remembered, later calls do nothing, and
 * buf_error() tells. Offsets stay valid while the buffer grows, pointers do not.
 */
#ifndef PIDTAP_BASE_BUF_H
#define PIDTAP_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data; /* owned; NULL while empty */
	size_t len;
	size_t cap;
	int error; /* 0 or -ENOMEM, sticky until buf_reset */
};

#define BUF_INIT {NULL, 0, 0, 0}

/* Frees the storage; the buffer is empty and usable afterwards. */
void buf_free(struct buf *b);

/* Empties it and forgets the error; keeps the storage. */
void buf_reset(struct buf *b);

/* 0, or -ENOMEM if any call since the last reset failed. */
int buf_error(const struct buf *b);

/* Makes room for `n` more bytes and returns where they go (not yet counted in len), or NULL. */
uint8_t *buf_reserve(struct buf *b, size_t n);

void buf_put(struct buf *b, const void *data, size_t n);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Integers in host byte order. */
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);

/* Zero bytes until len is a multiple of `align` (a power of two). */
void buf_pad(struct buf *b, size_t align);

/* Overwrites four bytes at `off`, which must have been written before; does nothing after an error. */
void buf_patch_u32(struct buf *b, size_t off, uint32_t v);

/* A NUL behind the last byte, not counted in len. Returns the text, or "" after an error. Borrowed until the next
 * call that grows the buffer. */
const char *buf_cstr(struct buf *b);

#endif
