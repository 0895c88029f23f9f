/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. */
#ifndef PIDTAP_CLI_H
#define PIDTAP_CLI_H

#include "options.h"

/* What main does next. */
enum cli_result {
	CLI_RUN,  /* *opts is filled */
	CLI_DONE, /* --help, --version: printed on stdout, exit 0 */
	CLI_USAGE /* a bad option: one line printed, exit 2 */
};

/* Parses and checks; strings in *opts point into argv. cli_free frees what *opts owns, after any result. */
enum cli_result cli_parse(int argc, char **argv, struct options *opts);
void cli_free(struct options *opts);

#endif
