/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/hello.c */
/* Reading ClientHello and ServerHello. */
#include "pipeline/hello.h"
#include "tap.h"

#include <stdlib.h>

static const uint8_t client[] = {
	22, 3, 1, 0x02, 0x00,		     /* handshake, 512 bytes */
	1, 0x00, 0x01, 0xfc, 3, 3,	     /* ClientHello, 508 bytes, TLS 1.2 */
	0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
	0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f,
	32,
};

/* RFC 8446 section 4.1.3 */
static const uint8_t retry[] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* From the heap, exactly so long: the sanitizer sees what is read behind it. */
static enum hello read_copy(const uint8_t *data, size_t len, uint8_t random[EV_RANDOM_LEN])
{
	uint8_t *copy = malloc(len ? len : 1);
	enum hello what;

	memcpy(copy, data, len);
	what = hello_read(copy, len, random);
	free(copy);
	return what;
}

static void test_whole(void)
{
	uint8_t random[EV_RANDOM_LEN], d[sizeof(client)];

	tap_is_int(read_copy(client, sizeof(client), random), HELLO_CLIENT, "a ClientHello");
	tap_ok(!memcmp(random, client + 11, sizeof(random)), "and its random");
	memcpy(d, client, sizeof(d));
	d[5] = 2;
	tap_is_int(read_copy(d, sizeof(d), random), HELLO_SERVER, "a ServerHello");
	memcpy(d + 11, retry, sizeof(retry));
	tap_is_int(read_copy(d, sizeof(d), random), HELLO_RETRY, "a HelloRetryRequest");
	d[5] = 1;
	tap_is_int(read_copy(d, sizeof(d), random), HELLO_CLIENT, "that random in a ClientHello means nothing");
}

static void test_cut(void)
{
	uint8_t random[EV_RANDOM_LEN];
	size_t wrong = 0;

	for (size_t len = 1; len < HELLO_NEED; len++)
		wrong += read_copy(client, len, random) != HELLO_MORE;
	tap_is_int(wrong, 0, "every beginning of one asks for more");
	tap_is_int(read_copy(client, 0, random), HELLO_NO, "nothing is nothing");
	tap_is_int(read_copy(client, HELLO_NEED, random), HELLO_CLIENT, "the random is enough");
}

/* Each of these bytes makes it something else, whatever follows. */
static void test_other(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *what;
	} changes[] = {
		{0, 23, "application data"},
		{0, 'G', "HTTP"},
		{1, 2, "SSL 2"},
		{2, 5, "a version there is not"},
		{3, 0x41, "a record above 2^14"},
		{5, 4, "a session ticket"},
		{6, 2, "a handshake message of megabytes"},
		{9, 4, "a version of the message there is not"},
		{10, 5, "likewise"},
	};
	uint8_t random[EV_RANDOM_LEN], d[sizeof(client)];

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		size_t wrong = 0;

		memcpy(d, client, sizeof(d));
		d[changes[i].at] = changes[i].value;
		for (size_t len = changes[i].at + 2; len <= sizeof(d); len++)
			wrong += len >= 9 && read_copy(d, len, random) == HELLO_CLIENT;
		tap_ok(!wrong && read_copy(d, sizeof(d), random) == HELLO_NO, "%s", changes[i].what);
	}
}

int main(void)
{
	test_whole();
	test_cut();
	test_other();
	return tap_done();
}
