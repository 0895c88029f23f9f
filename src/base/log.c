/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const char *prog;
	enum log_level level;
} logger = {"pidtap", LOG_INFO};

void log_init(const char *prog, enum log_level level)
{
	logger.prog = prog;
	logger.level = level;
}

enum log_level log_get_level(void)
{
	return logger.level;
}

static void emit(enum log_level level, const char *kind, const char *fmt, va_list ap)
{
	if (level > logger.level)
		return;
	fflush(stdout); /* keeps data and messages in order on one terminal */
	fprintf(stderr, "%s: %s", logger.prog, kind);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

#define DEFINE_LOG(name, level, kind)                                                                        \
	void name(const char *fmt, ...)                                                                      \
	{                                                                                                    \
		va_list ap;                                                                                  \
		va_start(ap, fmt);                                                                           \
		emit(level, kind, fmt, ap);                                                                  \
		va_end(ap);                                                                                  \
	}

DEFINE_LOG(log_err, LOG_ERR, "")
DEFINE_LOG(log_warn, LOG_WARN, "warning: ")
DEFINE_LOG(log_info, LOG_INFO, "")
DEFINE_LOG(log_verbose, LOG_VERBOSE, "")

static bool topic_wanted(const char *topic)
{
	const char *list = getenv("PIDTAP_DEBUG");
	size_t len = strlen(topic);

	while (list && *list) {
		size_t n = strcspn(list, ",");

		if ((n == len && !strncmp(list, topic, n)) || (n == 3 && !strncmp(list, "all", 3)))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

void log_debug(const char *topic, const char *fmt, ...)
{
	va_list ap;

	if (!topic_wanted(topic))
		return;
	fprintf(stderr, "%s: [%s] ", logger.prog, topic);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void log_block(const char *text)
{
	bool start = true;

	if (LOG_ERR > logger.level)
		return;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (start)
			fputs("    ", stderr);
		start = c == '\n';
		fputc(c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f) ? c : '?', stderr);
	}
	if (!start)
		fputc('\n', stderr);
}
