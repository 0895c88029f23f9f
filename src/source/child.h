/* SPDX-License-Identifier: BSD-2-Clause */
/* A command that is captured from its first packet to its end.
 *
 * It is forked before anything of ours is open or changed, so that it gets what we were started with: descriptors, limits. It
 * runs as the user who called sudo. Then it waits until it is released, and ends silently when we end before that. One at a
 * time; whoever waits for children must leave this one to child_reap.
 */
#ifndef PIDTAP_SOURCE_CHILD_H
#define PIDTAP_SOURCE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child;

struct child_opts {
	char **argv;	       /* NULL-terminated; its strings are borrowed until child_free */
	bool stdout_to_stderr; /* standard output is taken */
};

/* Prints; negative errno. SIGCHLD gets its default disposition back. */
int child_start(const struct child_opts *opts, struct child **out);

/* Before child_release the child is ended, after it it is left alone. */
void child_free(struct child *c);

pid_t child_pid(const struct child *c);

/* Lets it go. It may have ended meanwhile: child_reap tells. */
void child_release(struct child *c);

/* Has it been released and not ended? */
bool child_is_running(const struct child *c);

bool child_has_ended(const struct child *c);

/* To be called on SIGCHLD. true: it has ended, now or before. Where it could not be run, prints why, once. */
bool child_reap(struct child *c);

/* To be sent to a child that has been released. */
void child_signal(const struct child *c, int signo);

/* Of one that has ended, as a shell says it: its exit status, 128 + signal, 127 (no such command) or 126 (cannot be run). */
int child_status(const struct child *c);

#endif
