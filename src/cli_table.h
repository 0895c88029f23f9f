/* SPDX-License-Identifier: BSD-2-Clause */
/* The options: a row each, with what it sets. Parsing and --help both come from here; cli.c does both. */
#ifndef PIDTAP_CLI_TABLE_H
#define PIDTAP_CLI_TABLE_H

#include <stddef.h>

#include "options.h"

struct cli_row {
	char letter;	   /* 0: long form only */
	const char *name;  /* NULL: letter only */
	const char *arg;   /* NULL: takes none */
	const char *help;  /* one or more lines */

	/* 0, or a negative errno after printing; `name` is for that. */
	int (*set)(struct options *opts, const char *name, const char *arg);
};

#define CLI_ROWS_MAX 64

extern const struct cli_row cli_rows[];
extern const size_t cli_row_cnt;

/* What holds where no option says otherwise. */
void cli_set_defaults(struct options *opts);

#endif
