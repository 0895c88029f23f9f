/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/bundle.c src/base/sysroot.c src/base/buf.c -lmd */
/* Fuzzes the reader of bundles: a file is hostile until it is decoded, and what decodes must encode to the
 * same bytes. The input is taken as a file, and as the part behind a head whose length and checksum fit it,
 * or little would ever be reached. With libFuzzer: clang -fsanitize=fuzzer -DPIDTAP_LIBFUZZER; without it,
 * the files given as arguments are replayed. */
#include "source/bundle.h"

#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_SIZE 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void put_head(uint8_t head[HEAD_SIZE], const uint8_t *rest, size_t len)
{
	uint32_t numbers[2] = {BUNDLE_VERSION, (uint32_t)len};
	SHA2_CTX ctx;

	memcpy(head, "PIDTAPB\n", 8);
	memcpy(head + 8, numbers, sizeof(numbers));
	SHA256Init(&ctx);
	SHA256Update(&ctx, rest, len);
	SHA256Final(head + 16, &ctx);
}

static void try(const uint8_t *file, size_t len)
{
	uint8_t *again = NULL;
	size_t again_len = 0;
	struct bundle b;
	char why[128];

	if (bundle_decode(file, len, &b, why, sizeof(why)))
		return;
	if (bundle_encode(&b, &again, &again_len) || again_len != len || memcmp(again, file, len))
		abort();
	free(again);
	bundle_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *file = malloc(HEAD_SIZE + len);

	if (!file)
		return 0;
	memcpy(file + HEAD_SIZE, data, len);
	put_head(file, file + HEAD_SIZE, len);
	try(file, HEAD_SIZE + len);
	try(data, len);
	free(file);
	return 0;
}

#include "replay.h"
