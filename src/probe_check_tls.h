/* SPDX-License-Identifier: BSD-2-Clause */
/* --probe-check: TLS libraries of this machine and of its processes, and what can be had from each. */
#ifndef PIDTAP_PROBE_CHECK_TLS_H
#define PIDTAP_PROBE_CHECK_TLS_H

#include "options.h"

/* Prints a list on stdout: by which way secrets come from a library and how many functions are probed for plaintext, or why none.
 * Those --libssl names, of the system's folders, and of processes we may look at, as many as a few seconds allow. */
void probe_check_tls(const struct options *opts);

#endif
