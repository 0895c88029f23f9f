/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the command line, checked to the last character. Each prints one line that names the option and what it
 * wants, and returns -EINVAL. */
#ifndef PIDTAP_CLI_NUMBER_H
#define PIDTAP_CLI_NUMBER_H

#include <stdint.h>

/* A decimal number from min to max. */
int cli_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* Bytes, with an optional K, M or G (powers of 1024). */
int cli_size(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out_bytes);

/* Seconds with decimals ("0.5"), more than 0 and at most max_s, in ns. */
int cli_seconds(const char *option, const char *text, uint64_t max_s, uint64_t *out_ns);

#endif
