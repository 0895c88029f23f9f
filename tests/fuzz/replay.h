/* SPDX-License-Identifier: BSD-2-Clause */
/* The main of a fuzz target built without libFuzzer: every file named is one input. Included once, at the end. */
#ifndef PIDTAP_TESTS_REPLAY_H
#define PIDTAP_TESTS_REPLAY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sysroot.h"

#define REPLAY_INPUT_MAX (32U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#ifndef PIDTAP_LIBFUZZER
int main(int argc, char **argv)
{
	const struct sysroot here = {""};

	for (int i = 1; i < argc; i++) {
		char *data;
		size_t len;

		if (sysroot_read(&here, argv[i], REPLAY_INPUT_MAX, &data, &len)) {
			fprintf(stderr, "cannot read %s\n", argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)data, len);
		free(data);
	}
	printf("%d inputs replayed\n", argc - 1);
	return 0;
}
#endif

#endif
