/* SPDX-License-Identifier: BSD-2-Clause */
/* Test Anything Protocol for unit tests: one program per module, linked with that module and what lies below it.
 *
 *   int main(void)
 *   {
 *           tap_is_int(kver_parse("4.14", &v), 0, "two numbers are enough");
 *           return tap_done();
 *   }
 *
 * `prove` runs them all. A failed check prints where it stands and what was got; the program goes on.
 */
#ifndef PIDTAP_TESTS_TAP_H
#define PIDTAP_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_ran, tap_failed;

static inline bool __attribute__((format(printf, 4, 0)))
tap_line(bool ok, const char *file, int line, const char *fmt, va_list ap)
{
	printf("%sok %d - ", ok ? "" : "not ", ++tap_ran);
	vprintf(fmt, ap);
	putchar('\n');
	if (!ok) {
		tap_failed++;
		printf("#   failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return ok;
}

static inline bool __attribute__((format(printf, 4, 5)))
tap_check(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(ok, file, line, fmt, ap);
	va_end(ap);
	return ok;
}

#define tap_ok(cond, ...) tap_check(cond, __FILE__, __LINE__, __VA_ARGS__)

#define tap_is_int(got, want, ...)                                                                           \
	do {                                                                                                 \
		long long tap_g = (long long)(got), tap_w = (long long)(want);                               \
		if (!tap_check(tap_g == tap_w, __FILE__, __LINE__, __VA_ARGS__))                             \
			printf("#   got %lld, want %lld\n", tap_g, tap_w);                                   \
	} while (0)

#define tap_is_str(got, want, ...)                                                                           \
	do {                                                                                                 \
		const char *tap_g = (got), *tap_w = (want);                                                  \
		if (!tap_check(tap_g && !strcmp(tap_g, tap_w), __FILE__, __LINE__, __VA_ARGS__))             \
			printf("#   got  \"%s\"\n#   want \"%s\"\n", tap_g ? tap_g : "(null)", tap_w);       \
	} while (0)

/* The plan and the exit status; call it last. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_ran);
	return tap_failed || !tap_ran;
}

#endif
