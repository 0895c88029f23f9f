/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/hello.h"

#include <string.h>

#define RECORD_HANDSHAKE 22 /* RFC 8446 section 5.1, ContentType */
#define RECORD_HEADER 5
#define CLIENT_HELLO 1	    /* section 4, HandshakeType */
#define SERVER_HELLO 2
#define HELLO_MAX_BYTES 65536 /* of a ClientHello with post-quantum keys: a few thousand */

/* ServerHello.random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3). */
static const uint8_t retry_random[EV_RANDOM_LEN] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* The bytes of the two headers and the version that are there; false: this is no hello. */
static bool may_be_hello(const uint8_t *d, size_t len)
{
	size_t record = len >= 5 ? (size_t)d[3] << 8 | d[4] : 0;

	if (len < 1 || d[0] != RECORD_HANDSHAKE)
		return false;
	if ((len > 1 && d[1] != 3) || (len > 2 && d[2] > 4))
		return false;
	if (len >= 5 && (record < 4 || record > 16384)) /* section 5.1: at most 2^14 */
		return false;
	if (len > 5 && d[5] != CLIENT_HELLO && d[5] != SERVER_HELLO)
		return false;
	if (len >= 9 && ((size_t)d[6] << 16 | (size_t)d[7] << 8 | d[8]) > HELLO_MAX_BYTES)
		return false;
	return !((len > 9 && d[9] != 3) || (len > 10 && d[10] > 4));
}

enum hello hello_read(const uint8_t *data, size_t len, uint8_t random[EV_RANDOM_LEN])
{
	const uint8_t *found = data + RECORD_HEADER + 4 + 2;

	if (!may_be_hello(data, len))
		return HELLO_NO;
	if (len < HELLO_NEED)
		return HELLO_MORE;
	if (data[RECORD_HEADER] == CLIENT_HELLO) {
		memcpy(random, found, EV_RANDOM_LEN);
		return HELLO_CLIENT;
	}
	return memcmp(found, retry_random, EV_RANDOM_LEN) ? HELLO_SERVER : HELLO_RETRY;
}
