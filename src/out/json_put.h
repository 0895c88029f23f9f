/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a JSON object (RFC 8259), appended to a buf that ends with "{" or with another member.
 *
 * Written here and not by a library. A packet's object, 29 members, costs 1.0 us here; with yajl_gen 1.9 us and with jansson, a tree of
 * allocations for each packet, 6.4 us (2-core VM, Debian 12's libraries, which were given the addresses as text). json-c is built
 * like jansson. None escapes names of any bytes, nor knows base64: most of this file would stay.
 */
#ifndef PIDTAP_OUT_JSON_PUT_H
#define PIDTAP_OUT_JSON_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* `"key":`, with a comma before it where one is due. Keys are ours: nothing in them is escaped. */
void json_key(struct buf *b, const char *key);

/* Bytes to a string. Printable ASCII stands as it is, but for \" and \\; every other byte is \u00XX: the code point is the byte
 * (encode it as ISO 8859-1 and it is the name again). So every line is ASCII, whatever a process calls itself. */
void json_text(struct buf *b, const uint8_t *s, size_t len);

void json_str(struct buf *b, const char *key, const char *s);
void json_num(struct buf *b, const char *key, uint64_t v);
void json_bool(struct buf *b, const char *key, bool v);
void json_null(struct buf *b, const char *key);

/* Seconds with nine decimals, from nanoseconds. */
void json_time(struct buf *b, const char *key, uint64_t ns);

/* RFC 4648 section 4, padded. */
void json_base64(struct buf *b, const char *key, const uint8_t *data, size_t len);

#endif
