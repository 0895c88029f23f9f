/* SPDX-License-Identifier: BSD-2-Clause */
/* --probe-check: what this kernel has, what each way to the headers came to, which back-end and features will be used and
 * what is lost without the others. */
#ifndef PIDTAP_PROBE_CHECK_H
#define PIDTAP_PROBE_CHECK_H

#include "options.h"

/* Prints the report on stdout. 0: a capture can run; 1: not, and the last line says why. */
int probe_check_run(const struct options *opts);

#endif
