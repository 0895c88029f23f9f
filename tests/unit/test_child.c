/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/child.c src/source/child_user.c src/base/log.c src/base/patient.c src/base/clock.c */
#include "source/child.h"
#include "source/child_user.h"
#include "stderr.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER 65534 /* nobody, in all of them */

static char said[4096];
static char told[PATH_MAX]; /* the file the commands write to */

/* What the command wrote. */
static const char *read_told(void)
{
	static char text[4096];
	FILE *f = fopen(told, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return text;
}

static struct child *start(char **argv, bool stdout_to_stderr)
{
	const struct child_opts opts = {argv, stdout_to_stderr};
	struct child *c = NULL;

	unlink(told);
	return child_start(&opts, &c) ? NULL : c;
}

/* Its end, without taking the status. */
static void wait_for(const struct child *c)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)child_pid(c), &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
}

/* Runs it to its end. -1: it did not start. */
static int run(char **argv, bool stdout_to_stderr)
{
	struct child *c = start(argv, stdout_to_stderr);
	int status;

	if (!c)
		return -1;
	child_release(c);
	wait_for(c);
	status = child_reap(c) ? child_status(c) : -1;
	child_free(c);
	return status;
}

/* The same; what was said, by it or of it, is in `said`. */
static int run_and_listen(char **argv, bool stdout_to_stderr)
{
	struct caught err;
	int status;

	catch_begin(&err, stderr);
	status = run(argv, stdout_to_stderr);
	catch_end(&err, said, sizeof(said));
	return status;
}

#define STATUS(...) run_and_listen((char *[]){__VA_ARGS__, NULL}, false)

/* Of a shell's commands; $F is the file they tell in. */
static int status_of_script(const char *script)
{
	char text[PATH_MAX + 256];

	snprintf(text, sizeof(text), "F=%s; %s", told, script);
	return run((char *[]){"sh", "-c", text, NULL}, false);
}

static void test_status(void)
{
	tap_is_int(STATUS("true"), 0, "a status of 0");
	tap_is_int(STATUS("sh", "-c", "exit 42"), 42, "another one");
	tap_is_int(STATUS("sh", "-c", "kill -TERM $$"), 128 + SIGTERM, "a signal");
	tap_is_str(said, "", "nothing is said of it");
	tap_is_int(STATUS("/nonexistent/command", "x"), 127, "a command that is not there");
	tap_ok(!strcmp(said, "pidtap: cannot run /nonexistent/command: No such file or directory\n"), "is said, in one line: %s",
		said);
	tap_is_int(STATUS("no-such-command"), 127, "not in PATH");
	tap_is_int(STATUS("/"), 126, "one that is no program");
	tap_ok(!strcmp(said, "pidtap: cannot run /: Permission denied\n"), "is said: %s", said);
}

static void test_waits(void)
{
	char *argv[] = {"touch", told, NULL};
	struct child *c = start(argv, false);
	pid_t pid = child_pid(c);

	tap_ok(!child_is_running(c) && !child_has_ended(c) && !child_reap(c), "it waits");
	child_signal(c, SIGKILL);
	child_free(c);
	tap_ok(kill(pid, 0) && errno == ESRCH, "when it is not wanted any more it is gone");
	tap_ok(access(told, F_OK), "and never ran");

	c = start(argv, false);
	kill(child_pid(c), SIGINT);
	wait_for(c);
	child_release(c);
	tap_ok(child_reap(c), "^C while it waits ends it, and releasing it then does no harm");
	tap_is_int(child_status(c), 128 + SIGINT, "its status says so");
	child_free(c);
}

static void test_signals_go_through(void)
{
	char *argv[] = {"sleep", "60", NULL};
	struct child *c = start(argv, false);
	pid_t pid = child_pid(c);

	child_release(c);
	tap_ok(child_is_running(c) && !child_reap(c), "it runs");
	child_signal(c, SIGTERM);
	wait_for(c);
	tap_ok(child_reap(c) && child_reap(c) && !child_is_running(c), "a signal reaches it");
	tap_is_int(child_status(c), 128 + SIGTERM, "and ends it");
	child_signal(c, SIGTERM); /* may be another's number by now */
	child_free(c);

	c = start(argv, false);
	pid = child_pid(c);
	child_release(c);
	child_free(c);
	tap_ok(!kill(pid, 0), "one that runs is left alone");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* SIGCANCEL and SIGSETXID of glibc, as a posix_spawn from a program with threads leaves them. */
static void ignore_internal(void)
{
	const unsigned long ign[8] = {(unsigned long)SIG_IGN};

	for (int signo = 32; signo < 34; signo++)
		tap_is_int(syscall(SYS_rt_sigaction, signo, ign, NULL, NSIG / 8), 0, "signal %d is ignored", signo);
}

static void test_surroundings(void)
{
	sigset_t set, before;
	int fd;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	ignore_internal();
	tap_is_int(status_of_script("grep -E '^Sig(Blk|Ign)' /proc/self/status >$F"), 0, "its status is not lost to SIG_IGN");
	tap_is_str(read_told(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", "no signal is blocked or ignored");
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);

	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	status_of_script("cd /proc/self/fd && echo * >$F");
	close(fd);
	tap_is_str(read_told(), "0 1 2 3\n", "no descriptor but the standard ones; 3 is what lists them");
	tap_is_int(run_and_listen((char *[]){"sh", "-c", "echo data", NULL}, true), 0, "standard output is taken");
	tap_is_str(said, "data\n", "what it writes there goes to standard error");
}

/* What child_user_find makes of sudo's variables, NULL: not set. */
static int find(const char *uid, const char *gid, const char *name, struct child_user *out)
{
	struct caught err;
	int ret;

	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	unsetenv("SUDO_USER");
	if (uid)
		setenv("SUDO_UID", uid, 1);
	if (gid)
		setenv("SUDO_GID", gid, 1);
	if (name)
		setenv("SUDO_USER", name, 1);
	catch_begin(&err, stderr);
	ret = child_user_find(out);
	catch_end(&err, said, sizeof(said));
	return ret;
}

static void test_user_found(void)
{
	struct child_user u;

	tap_ok(!find(NULL, "1", "x", &u) && !u.other, "without sudo it is run as we are");
	tap_ok(!find("0", "0", "root", &u) && !u.other, "by root, too");
	tap_ok(!find("65534", "12", "nobody", &u) && u.other && u.uid == USER && u.gid == 12, "its user and group");
	tap_is_str(u.name, "nobody", "name");
	tap_ok(*u.home == '/', "and home: %s", u.home);
	tap_ok(!find("65534", NULL, "root", &u) && u.gid == USER && !strcmp(u.name, "nobody"),
		"a name that is another's is not believed; the group is the user's own");
	tap_ok(!find("4000000000", "4000000000", NULL, &u) && u.other && !*u.name, "a user without a name");
	tap_ok(find("4000000000", NULL, NULL, &u) == -EINVAL && strchr(said, '\n') == said + strlen(said) - 1,
		"without a group, too: refused");
	tap_ok(find("", NULL, NULL, &u) == -EINVAL && find("-1", NULL, NULL, &u) == -EINVAL && find("x", NULL, NULL, &u) == -EINVAL &&
			find("65534x", NULL, NULL, &u) == -EINVAL && find("65534", "4294967295", NULL, &u) == -EINVAL,
		"garbage is refused: it does not run as root by mistake");
	tap_ok(!strncmp(said, "pidtap: SUDO_GID=4294967295: ", 29), "and named: %s", said);
}

static void test_user_becomes(void)
{
	struct child_user u;
	char want[PATH_MAX + 64];

	find("65534", "65534", "nobody", &u);
	snprintf(want, sizeof(want), "65534 65534 65534 %s nobody nobody\n", u.home);
	chmod(tmpdir_top, 0777);
	tap_is_int(status_of_script("echo $(id -u) $(id -g) $(id -G) $HOME $USER $LOGNAME >$F"), 0, "as the user who called sudo");
	tap_is_str(read_told(), want, "all of it");
	tap_is_int(status_of_script("exec setpriv --reuid 0 true 2>/dev/null"), 127, "and for good");
	setenv("SUDO_UID", "x", 1);
	tap_is_int(STATUS("true"), -1, "who called is not to be known: it does not run");
	find(NULL, NULL, NULL, &u);
}

int main(void)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd); /* what the tests were started with */
	tmpdir_path(told, "told");
	test_status();
	test_waits();
	test_signals_go_through();
	test_surroundings();
	if (geteuid()) {
		tap_ok(true, "another user # SKIP needs root");
		return tap_done();
	}
	test_user_found();
	test_user_becomes();
	return tap_done();
}
