/* SPDX-License-Identifier: BSD-2-Clause */
/* Building pcapng blocks (draft-ietf-opsawg-pcapng) in a buf that holds nothing but whole blocks before.
 * Everything is in host byte order: the section header's magic tells a reader which that is. */
#ifndef PIDTAP_OUT_PCAPNG_BLOCK_H
#define PIDTAP_OUT_PCAPNG_BLOCK_H

#include "base/buf.h"

/* Block types */
#define BLOCK_SHB 0x0a0d0d0a
#define BLOCK_IDB 1
#define BLOCK_ISB 5
#define BLOCK_EPB 6
#define BLOCK_DSB 0x0a
#define BLOCK_DPIB 0x80000001 /* Darwin process information; Wireshark's wiretap/pcapng_module.h */

/* Option codes of any block, then of each */
#define OPT_END 0
#define OPT_COMMENT 1
#define SHB_HARDWARE 2
#define SHB_OS 3
#define SHB_APPLICATION 4
#define IDB_NAME 2
#define IDB_DESCRIPTION 3
#define IDB_TSRESOL 9
#define IDB_FILTER 11
#define EPB_FLAGS 2
#define EPB_PID_TID 8	     /* two u32; 0: unknown */
#define EPB_DPIB_INDEX 32769 /* u32: which BLOCK_DPIB of the section, from 0 */
#define ISB_START 2
#define ISB_END 3
#define ISB_IFRECV 4
#define ISB_IFDROP 5
#define ISB_OSDROP 7
#define ISB_USRDELIV 8
#define DPIB_NAME 2

#define DSB_TLS_KEY_LOG 0x544c534b /* secrets type "TLSK" */

/* Writes type and room for the length. The offset is what block_end wants. */
size_t block_begin(struct buf *b, uint32_t type);

/* The length at both ends. */
void block_end(struct buf *b, size_t begin);

/* One option; the padding is added. What is above 65,535 bytes, the most an option can hold, is left off. */
void block_option(struct buf *b, uint16_t code, const void *data, size_t len);
void block_option_str(struct buf *b, uint16_t code, const char *s);
void block_option_u32(struct buf *b, uint16_t code, uint32_t v);
void block_option_u64(struct buf *b, uint16_t code, uint64_t v);

/* Behind the last option of a block that has some. */
void block_options_end(struct buf *b);

/* A time is two u32, the high half first, whatever the byte order. */
void block_time(struct buf *b, uint64_t ts_ns);
void block_option_time(struct buf *b, uint16_t code, uint64_t ts_ns);

#endif
