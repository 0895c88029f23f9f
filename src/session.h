/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture from start to end: the one place that wires the modules together and owns them. */
#ifndef PIDTAP_SESSION_H
#define PIDTAP_SESSION_H

#include "options.h"

/* Runs what the options ask for. Returns the exit status: 0 ended as asked; 1 a run-time failure, already printed. */
int session_run(const struct options *opts);

#endif
