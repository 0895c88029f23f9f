/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/base/log.c src/base/patient.c src/base/clock.c */
#include "base/log.h"
#include "stderr.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char words[32768];

/* What is said while `statement` runs. */
#define SAID(statement)                                                                                      \
	(__extension__({                                                                                     \
		struct caught c;                                                                             \
		catch_begin(&c, stderr);                                                                     \
		statement;                                                                                   \
		catch_end(&c, words, sizeof(words));                                                         \
	}))

static void test_levels(void)
{
	tap_is_int(log_get_level(), LOG_INFO, "the default");
	tap_is_str(SAID(log_err("%s: %d", "x", 5)), "pidtap: x: 5\n", "an error");
	tap_is_str(SAID(log_warn("x")), "pidtap: warning: x\n", "a warning says so");
	tap_is_str(SAID(log_info("x")), "pidtap: x\n", "information");
	tap_is_str(SAID(log_verbose("x")), "", "not what is for -v");
	log_init("prog", LOG_VERBOSE);
	tap_is_str(SAID(log_verbose("x")), "prog: x\n", "with -v it is, under the program's name");
	log_init("prog", LOG_ERR);
	tap_is_str(SAID(log_warn("x"); log_info("x")), "", "errors only");
	tap_is_str(SAID(log_err("x")), "prog: x\n", "but these");
	log_init("prog", LOG_QUIET);
	tap_is_str(SAID(log_err("x"); log_block("x")), "", "nothing at all");
	log_init("pidtap", LOG_INFO);
}

/* What comes from outside stands in messages. */
static void test_one_line(void)
{
	char *huge = malloc(20000);

	tap_is_str(SAID(log_err("%s: no", "a\nb\r\x1b[31m\x7f")), "pidtap: a?b??[31m?: no\n",
		"a name that would break the line");
	tap_is_str(SAID(log_err("grüße\t%%s")), "pidtap: grüße\t%s\n", "UTF-8 and tabs are left");
	memset(huge, 'x', 19999);
	huge[19999] = 0;
	SAID(log_err("%s", huge));
	tap_ok(strlen(words) > 8192 && strlen(words) < 19999 && words[strlen(words) - 1] == '\n',
		"a huge one is cut, and ends");
	free(huge);
}

static void test_debug(void)
{
	unsetenv("PIDTAP_DEBUG");
	tap_is_str(SAID(log_debug("load", "x")), "", "debugging is off");
	setenv("PIDTAP_DEBUG", "ring,load", 1);
	tap_is_str(SAID(log_debug("load", "%d\n", 5)), "pidtap: [load] 5?\n", "a topic");
	tap_is_str(SAID(log_debug("ring", "x")), "pidtap: [ring] x\n", "of several");
	tap_is_str(SAID(log_debug("loa", "x"); log_debug("loads", "x"); log_debug("", "x")), "",
		"not one that begins like it");
	setenv("PIDTAP_DEBUG", "all", 1);
	log_init("pidtap", LOG_QUIET);
	tap_is_str(SAID(log_debug("tls", "x")), "pidtap: [tls] x\n", "all, whatever the level");
	log_init("pidtap", LOG_INFO);
	setenv("PIDTAP_DEBUG", "allx,,", 1);
	tap_is_str(SAID(log_debug("tls", "x")), "", "not what begins like all");
	setenv("PIDTAP_DEBUG", "", 1);
	tap_is_str(SAID(log_debug("tls", "x")), "", "nor nothing");
	unsetenv("PIDTAP_DEBUG");
}

static void test_block(void)
{
	tap_is_str(SAID(log_block("")), "", "an empty block");
	tap_is_str(SAID(log_block("a\nb")), "    a\n    b\n", "indented, ended");
	tap_is_str(SAID(log_block("a\n\nb\n")), "    a\n    \n    b\n", "ended once");
	tap_is_str(SAID(log_block("a\tb\x1b[0m\r\n")), "    a\tb?[0m?\n", "a compiler's colours");
}

/* On a terminal both streams are one. */
static void test_order(void)
{
	struct caught out;
	char text[64];
	ssize_t n;

	catch_begin(&out, stdout);
	printf("data\n");
	SAID(log_err("x"));
	n = pread(out.file, text, sizeof(text), 0);
	catch_end(&out, text, sizeof(text));
	tap_is_int(n, 5, "data printed before a message stands before it");
}

#define PIPE_BYTES 4096

/* Of a pipe that is full; fds[1] blocks. */
static bool make_full(int *fds)
{
	static const char fill[PIPE_BYTES];

	return !pipe(fds) && fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES) == PIPE_BYTES &&
	       write(fds[1], fill, PIPE_BYTES) == PIPE_BYTES;
}

static void is_said(int fd, const char *want, const char *what)
{
	char got[2 * PIPE_BYTES];
	ssize_t n = read(fd, got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = 0;
	tap_is_str(got, want, "%s", what);
}

/* Who is to end must not hang in a message. */
static void test_unread(void)
{
	static char huge[2 * PIPE_BYTES];
	int fds[2], saved = dup(STDERR_FILENO);
	char got[PIPE_BYTES + 1];

	tap_ok(make_full(fds) && dup2(fds[1], STDERR_FILENO) >= 0, "a full pipe");
	log_err("x");
	log_block("x\nx");
	tap_is_int(read(fds[0], got, sizeof(got)), PIPE_BYTES, "what nobody reads is lost");
	log_err("y");
	is_said(fds[0], "pidtap: lines lost here: 3\npidtap: y\n", "who reads again is told so");
	log_err("z");
	is_said(fds[0], "pidtap: z\n", "once");
	memset(huge, 'x', sizeof(huge) - 1);
	log_err("%s", huge);
	tap_is_int(read(fds[0], got, sizeof(got)), PIPE_BYTES, "one too long for the pipe goes in as far as it can");
	log_err("z");
	is_said(fds[0], "\npidtap: lines lost here: 1\npidtap: z\n", "and the next begins a line");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	test_levels();
	test_one_line();
	test_debug();
	test_block();
	test_order();
	test_unread();
	return tap_done();
}
