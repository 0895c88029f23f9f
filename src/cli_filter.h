/* SPDX-License-Identifier: BSD-2-Clause */
/* The process filters of the command line. Setters of cli_table.c: they return 0, or a negative errno after printing. */
#ifndef PIDTAP_CLI_FILTER_H
#define PIDTAP_CLI_FILTER_H

#include <stddef.h>

#include "options.h"

int cli_set_pid(struct options *opts, const char *name, const char *arg);
int cli_set_uid(struct options *opts, const char *name, const char *arg);
int cli_set_comm(struct options *opts, const char *name, const char *arg);

/* Appends to a list of borrowed strings that the caller frees. 0, or -ENOMEM after printing. */
int cli_append(const char ***list, size_t *cnt, const char *arg);

/* Is there a process filter at all? A command is one. */
bool cli_is_filtered(const struct options *opts);

#endif
