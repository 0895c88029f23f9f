/* SPDX-License-Identifier: BSD-2-Clause */
/* links: compat/kver.c src/base/sysroot.c src/base/buf.c */
/* Fuzzes the reader of ELF images and of version texts. With libFuzzer: clang -fsanitize=fuzzer
 * -DPIDTAP_LIBFUZZER; without it, the files given as arguments are replayed. */
#include "compat/kver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	uint32_t code;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	kver_parse(text, &code);
	free(text);
	kver_from_vdso(data, size, &code);
	return 0;
}

#include "replay.h"
