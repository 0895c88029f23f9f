/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/child.h"
#include "source/child_user.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_CANNOT_RUN 126 /* POSIX.1-2017, shell, 2.8.2 */
#define STATUS_NOT_FOUND 127
#define STATUS_SIGNAL 128

struct child {
	struct child_opts opts;
	struct child_user user;
	pid_t pid;
	int link; /* one byte to the child: go; from it: the errno for which it cannot. Its exec closes the other end */
	bool released;
	bool ended;
	int status;
};

/* What we were given may differ from a shell's: of background jobs a script's shell ignores SIGINT, and glibc's posix_spawn leaves
 * two of its own signals ignored, which its signal() refuses to touch. Hence the system call; SIG_DFL without flags is all zeros.
 */
static void reset_signals(void)
{
	static const unsigned long dfl[8];
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		syscall(SYS_rt_sigaction, signo, dfl, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool wait_for_go(int link)
{
	char go;
	ssize_t n;

	do
		n = recv(link, &go, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static void __attribute__((noreturn)) run(const struct child *c, int link)
{
	int err = child_user_become(&c->user);

	reset_signals();
	if (!wait_for_go(link))
		_exit(STATUS_CANNOT_RUN);
	if (!err && c->opts.stdout_to_stderr && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		err = -errno;
	if (!err) {
		execvp(c->opts.argv[0], c->opts.argv);
		err = -errno;
	}
	send(link, &err, sizeof(err), MSG_NOSIGNAL);
	_exit(err == -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/* A socket, and not a pipe: writing to a child that is gone must not raise SIGPIPE. */
static int spawn(struct child *c)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	c->pid = fork();
	if (!c->pid) {
		close(ends[0]);
		run(c, ends[1]);
	}
	close(ends[1]);
	if (c->pid < 0) {
		int err = -errno;

		close(ends[0]);
		return err;
	}
	c->link = ends[0];
	return 0;
}

int child_start(const struct child_opts *opts, struct child **out)
{
	struct child *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (!c)
		goto fail;
	c->opts = *opts;
	err = child_user_find(&c->user);
	if (err)
		goto fail;
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the status away */
	err = spawn(c);
	if (err) {
		log_err("cannot run %s: %s", opts->argv[0], strerror(-err));
		goto fail;
	}
	*out = c;
	return 0;
fail:
	free(c);
	return err;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	close(c->link);
	if (!c->released && !c->ended) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(c);
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

void child_release(struct child *c)
{
	send(c->link, "", 1, MSG_NOSIGNAL);
	c->released = true;
}

bool child_is_running(const struct child *c)
{
	return c->released && !c->ended;
}

bool child_has_ended(const struct child *c)
{
	return c->ended;
}

static void say_why(const struct child *c)
{
	int err;

	if (recv(c->link, &err, sizeof(err), MSG_DONTWAIT) == (ssize_t)sizeof(err))
		log_err("cannot run %s: %s", c->opts.argv[0], strerror(-err));
}

bool child_reap(struct child *c)
{
	int status;

	if (c->ended || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return c->ended;
	c->ended = true;
	c->status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	say_why(c);
	return true;
}

void child_signal(const struct child *c, int signo)
{
	if (child_is_running(c))
		kill(c->pid, signo);
}

int child_status(const struct child *c)
{
	return c->status;
}
