/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the traffic program; not for scenarios. */
#ifndef PIDTAP_TESTS_MATRIX_INT_H
#define PIDTAP_TESTS_MATRIX_INT_H

struct scene;

void truth_open(const char *path);

/* Names of namespaces: PREFIX-a ... */
void players_begin(const char *prefix, const char *truth, unsigned int timeout_s);
const char *ns_at(int i); /* a, b, then those of ns_add(); NULL: there are no more */
void gates_make(struct scene *s);

/* The program of play_again(): opens its gate, waits at the other one and LATE_MS longer. Takes and returns what that handed over, the
 * descriptor first. */
int again_begin(char *const numbers[3]);

#endif
