/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages for people, on stderr; stdout is data only.
 *
 * Called from cli, compat, kheaders, source and session: base, model, pipeline and out return errors and never
 * print. A message names the subject, what failed and the likely remedy, in one line without a full stop; control
 * characters in it, of a file's name for instance, are shown as '?'. Where stderr is a pipe that nobody reads, it is lost after two
 * seconds.
 * Debug output is chosen by topic: PIDTAP_DEBUG=load,ring or PIDTAP_DEBUG=all. Single-threaded.
 */
#ifndef PIDTAP_BASE_LOG_H
#define PIDTAP_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_QUIET, LOG_ERR, LOG_WARN, LOG_INFO, LOG_VERBOSE };

/* Messages above `level` are not shown; the default is LOG_INFO. `prog` is put before each (borrowed for ever). */
void log_init(const char *prog, enum log_level level);

enum log_level log_get_level(void);

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Shown with -v. */
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Shown when PIDTAP_DEBUG names `topic`, whatever the level. */
void log_debug(const char *topic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Foreign text (compiler, verifier) of any number of lines, indented below the sentence printed before it.
 * Shown where log_err is. Control characters other than tab are shown as '?'. */
void log_block(const char *text);

#endif
