/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/patient.h"

#define LINE_SIZE 9216 /* two paths and what is said of them */
#define TOPIC_SIZE 32

/* A reader of a pipe that does not read is waited for, but not for ever, and not for each line again. */
#define READER_MS 2000

static struct {
	const char *prog;
	enum log_level level;
	unsigned int lost; /* lines in a row that nobody read */
	bool torn;	   /* of the first of them a part was written */
} logger = {.prog = "pidtap", .level = LOG_INFO};

void log_init(const char *prog, enum log_level level)
{
	logger.prog = prog;
	logger.level = level;
}

enum log_level log_get_level(void)
{
	return logger.level;
}

/* Names of files and processes are others' words: they must not break the line or drive the terminal. */
static void clean(char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c != '\t' && (c < 0x20 || c == 0x7f))
			*text = '?';
	}
}

/* After a line was lost: does somebody read again? */
static bool is_read(void)
{
	struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&writable, 1, 0) > 0;
}

/* All of it; or not, and then perhaps a part. */
static bool is_taken(const char *text, size_t len)
{
	uint64_t until_ns = clock_mono_ns() + READER_MS * NSEC_PER_MSEC;
	size_t done = 0;

	while (done < len) {
		ssize_t n = patient_write(STDERR_FILENO, text + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 || clock_mono_ns() >= until_ns)
			break;
	}
	logger.torn = done && done < len;
	return done == len;
}

/* By one write, where a reader takes it: a line stays whole among others'. */
static void put(const char *text, size_t len)
{
	char lost[64];
	int n = snprintf(lost, sizeof(lost), "%s%s: lines lost here: %u\n", logger.torn ? "\n" : "", logger.prog, logger.lost);

	if (logger.lost && (!is_read() || !is_taken(lost, (size_t)n)))
		logger.lost++;
	else
		logger.lost = !is_taken(text, len);
}

/* `line` has room for a newline. */
static void put_line(char *line)
{
	size_t len = strlen(line);

	clean(line);
	line[len++] = '\n';
	put(line, len);
}

static void put_words(const char *before, const char *fmt, va_list ap)
{
	char line[LINE_SIZE + 1];
	size_t len = (size_t)snprintf(line, LINE_SIZE, "%s: %s", logger.prog, before);

	vsnprintf(line + len, LINE_SIZE - len, fmt, ap);
	fflush(stdout); /* what was printed before stands before it on one terminal */
	put_line(line);
}

static void emit(enum log_level level, const char *kind, const char *fmt, va_list ap)
{
	if (level <= logger.level)
		put_words(kind, fmt, ap);
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
	char before[TOPIC_SIZE];
	va_list ap;

	if (!topic_wanted(topic))
		return;
	snprintf(before, sizeof(before), "[%s] ", topic);
	va_start(ap, fmt);
	put_words(before, fmt, ap);
	va_end(ap);
}

void log_block(const char *text)
{
	char line[LINE_SIZE + 1];
	size_t len;

	for (; LOG_ERR <= logger.level && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		snprintf(line, LINE_SIZE, "    %.*s", (int)(len < LINE_SIZE ? len : LINE_SIZE), text);
		put_line(line);
	}
}
