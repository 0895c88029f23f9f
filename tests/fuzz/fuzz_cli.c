/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/cli*.c src/base/log.c src/base/patient.c src/base/clock.c compat/kver.c src/base/sysroot.c src/base/buf.c */
/* Fuzzes the command line: the input is its arguments, each ended by a line feed. With libFuzzer: clang
 * -fsanitize=fuzzer -DPIDTAP_LIBFUZZER; without it, the files given as arguments are replayed. */
#include "base/log.h"
#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts `text` into arguments. Returns how many, the program's name included. */
static int cut(char *text, char *argv[ARGS_MAX + 1])
{
	static char prog[] = "pidtap";
	int argc = 0;

	argv[argc++] = prog;
	for (char *end; argc < ARGS_MAX && (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		argv[argc++] = text;
	}
	argv[argc] = NULL;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[ARGS_MAX + 1];
	struct options opts;
	int argc;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	argc = cut(text, argv);
	log_init("pidtap", LOG_QUIET);
	optind = 0; /* glibc: begin anew */
	cli_parse(argc, argv, &opts);
	cli_free(&opts);
	free(text);
	return 0;
}

#include "replay.h"
