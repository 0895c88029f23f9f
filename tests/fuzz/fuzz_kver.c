/* SPDX-License-Identifier: BSD-2-Clause */
/* links: compat/kver.c src/base/sysroot.c src/base/buf.c */
/* Fuzzes the reader of ELF images and of version texts. With libFuzzer: clang -fsanitize=fuzzer
 * -DPIDTAP_LIBFUZZER; without it, the files given as arguments are replayed. */
#include "base/sysroot.h"
#include "compat/kver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1 << 20)

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

#ifndef PIDTAP_LIBFUZZER
int main(int argc, char **argv)
{
	const struct sysroot here = {""};

	for (int i = 1; i < argc; i++) {
		char *data;
		size_t len;

		if (sysroot_read(&here, argv[i], INPUT_MAX, &data, &len)) {
			fprintf(stderr, "fuzz_kver: cannot read %s\n", argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)data, len);
		free(data);
	}
	printf("fuzz_kver: %d inputs replayed\n", argc - 1);
	return 0;
}
#endif
