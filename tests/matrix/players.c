/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes, threads, namespaces, and the gates they walk through in lock-step. */
#include "tests/matrix/matrix.h"
#include "tests/matrix/matrix_int.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_MAX 1024
#define POLL_MS 1
#define NS_CNT 8

static const char *ns_prefix = "";
static const char *truth_path = "";
static unsigned int timeout;

static void on_alarm(int number)
{
	char comm[16] = "", line[80];
	int len;

	(void)number;
	prctl(PR_GET_NAME, comm);
	len = snprintf(line, sizeof(line), "scenario: %s (%d) still waits, after %u s\n", comm, getpid(), timeout);
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		_exit(2);
	_exit(1);
}

void players_begin(const char *prefix, const char *truth, unsigned int timeout_s)
{
	ns_prefix = prefix;
	truth_path = truth;
	timeout = timeout_s;
	truth_open(truth);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, on_alarm);
	alarm(timeout + 5); /* players say first who waits */
}

void fail(const char *fmt, ...)
{
	int err = errno;
	char comm[16] = "";
	va_list ap;

	prctl(PR_GET_NAME, comm);
	fprintf(stderr, "scenario: %s (%d): ", comm, getpid());
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, err ? ": %s\n" : "\n", strerror(err));
	exit(1);
}

/* ---- gates ---- */

void gates_make(struct scene *s)
{
	for (int i = 0; i < GATE_CNT; i++) {
		if (pipe2(s->gates[i], O_CLOEXEC))
			fail("pipe");
	}
}

void gate_open_for(struct scene *s, int gate, int n)
{
	for (int i = 0; i < n; i++) {
		if (write(s->gates[gate][1], "g", 1) != 1)
			fail("gate %d", gate);
	}
}

void gate_open(struct scene *s, int gate)
{
	gate_open_for(s, gate, 1);
}

void gate_wait(struct scene *s, int gate)
{
	char byte;

	if (read(s->gates[gate][0], &byte, 1) != 1)
		fail("gate %d", gate);
}

void pause_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

/* ---- namespaces ---- */

const char *ns_name(const char *ns)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s-%s", ns_prefix, ns);
	return name;
}

const char *ns_path(const char *ns)
{
	static char path[160];

	snprintf(path, sizeof(path), "/run/netns/%s-%s", ns_prefix, ns);
	return path;
}

void enter_ns(const char *ns)
{
	int fd = open(ns_path(ns), O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail("%s", ns_path(ns));
	close(fd);
}

static bool run_shell(const char *fmt, va_list ap)
{
	char command[COMMAND_MAX];

	if (vsnprintf(command, sizeof(command), fmt, ap) >= (int)sizeof(command))
		fail("a command is too long");
	return system(command) == 0;
}

bool sh_ok(const char *fmt, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = run_shell(fmt, ap);
	va_end(ap);
	return ok;
}

void sh(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!run_shell(fmt, ap)) {
		errno = 0;
		fail("failed: %s", fmt);
	}
	va_end(ap);
}

static const char *namespaces[NS_CNT + 1] = {"a", "b"};
static int ns_cnt = 2;

const char *ns_at(int i)
{
	return namespaces[i];
}

/* No duplicate address detection: an address must be usable at once. */
void ns_add(const char *ns)
{
	errno = 0;
	if (ns_cnt == NS_CNT)
		fail("more than %d namespaces", NS_CNT);
	namespaces[ns_cnt++] = ns;
	sh("ip netns add %s", ns_name(ns));
	for (const char *conf = "all"; conf; conf = conf[0] == 'a' ? "default" : NULL)
		sh("nsenter --net=%s sh -c 'echo 0 >/proc/sys/net/ipv6/conf/%s/accept_dad;"
		   "echo 0 >/proc/sys/net/ipv6/conf/%s/router_solicitations'", ns_path(ns), conf, conf);
	sh("ip -n %s link set lo up", ns_name(ns));
}

/* ---- players ---- */

void set_name(const char *comm)
{
	prctl(PR_SET_NAME, comm);
	truth_self();
}

void set_uid(uid_t uid)
{
	if (setresuid(uid, uid, uid))
		fail("setresuid");
	/* a process that changed its uid may not read its own /proc files any more, unless it says so */
	prctl(PR_SET_DUMPABLE, 1);
	truth_self();
}

/* It holds what it inherits at once: until it has its name no packet may come that would show the other one. */
static void wait_named(const int named[2], const char *comm)
{
	char byte;

	close(named[1]);
	if (read(named[0], &byte, 1) != 1)
		fail("%s does not begin", comm);
	close(named[0]);
}

pid_t spawn(struct scene *s, const char *comm, const char *ns, void (*part)(struct scene *s))
{
	uint64_t before = now_ns();
	int named[2];
	pid_t pid;

	if (s->player_cnt == PLAYER_CNT)
		fail("more than %d players", PLAYER_CNT);
	if (pipe2(named, O_CLOEXEC))
		fail("pipe");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid) {
		s->players[s->player_cnt++] = pid;
		wait_named(named, comm);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(timeout);
	s->player_cnt = 0;
	prctl(PR_SET_NAME, comm);
	close(named[0]);
	if (write(named[1], "n", 1) != 1)
		fail("pipe");
	close(named[1]);
	if (ns)
		enter_ns(ns);
	truth_hold_all(before);
	part(s);
	exit(0);
}

pid_t spawn_client(struct scene *s, void (*part)(struct scene *s))
{
	return spawn(s, "client", s->client_ns, part);
}

pid_t spawn_server(struct scene *s, void (*part)(struct scene *s))
{
	return spawn(s, "server", s->server_ns, part);
}

static void was_reaped(struct scene *s, pid_t pid)
{
	truth_gone(pid);
	for (int i = 0; i < s->player_cnt; i++) {
		if (s->players[i] == pid)
			s->players[i] = s->players[--s->player_cnt];
	}
}

static int wait_for(struct scene *s, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	was_reaped(s, pid);
	return status;
}

static void must_be_good(const struct scene *s, int status)
{
	errno = 0;
	if (WIFSIGNALED(status))
		fail("%s: a player was ended by signal %d (%s)", s->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		fail("%s: a player failed", s->name);
}

void reap(struct scene *s, pid_t pid)
{
	must_be_good(s, wait_for(s, pid));
}

/* One of these that has ended; 0: none. */
static pid_t one_ended(const struct scene *s)
{
	siginfo_t info;

	for (int i = 0; i < s->player_cnt; i++) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)s->players[i], &info, WEXITED | WNOWAIT | WNOHANG))
			fail("waitid");
		if (info.si_pid)
			return info.si_pid;
	}
	return 0;
}

/* In the order in which they end: one that failed must not leave us waiting for one that waits for it. The child that wakes us
 * may be another scene's: only then is there something to poll for. */
void reap_all(struct scene *s)
{
	siginfo_t any;
	pid_t pid;

	while (s->player_cnt) {
		if (waitid(P_ALL, 0, &any, WEXITED | WNOWAIT))
			fail("waitid");
		pid = one_ended(s);
		if (pid)
			reap(s, pid);
		else
			pause_ms(POLL_MS);
	}
}

void kill_and_reap(struct scene *s, pid_t pid, int sig)
{
	int status;

	if (kill(pid, sig))
		fail("kill");
	status = wait_for(s, pid);
	errno = 0;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
		fail("%s: a player did not die by signal %d", s->name, sig);
}

struct thread_part {
	struct scene *s;
	const char *comm;
	void (*part)(struct scene *s);
};

static void *thread_main(void *arg)
{
	const struct thread_part *t = arg;

	prctl(PR_SET_NAME, t->comm);
	t->part(t->s);
	return NULL;
}

void in_thread(struct scene *s, const char *comm, void (*part)(struct scene *s))
{
	struct thread_part t = {s, comm, part};
	pthread_t id;

	errno = pthread_create(&id, NULL, thread_main, &t);
	if (errno || pthread_join(id, NULL))
		fail("thread");
}

void play_again(struct scene *s, const char *scenario, int fd, int opens, int waits)
{
	int ends[] = {fd, s->gates[opens][1], s->gates[waits][0]};
	char self[512], seconds[16], numbers[3][12];

	for (int i = 0; i < 3; i++)
		snprintf(numbers[i], sizeof(numbers[i]), "%d", ends[i]);
	fcntl(ends[1], F_SETFD, 0);
	fcntl(ends[2], F_SETFD, 0);
	snprintf(seconds, sizeof(seconds), "%u", timeout);
	/* /proc/self/exe itself would make the process be called "exe" */
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		fail("/proc/self/exe");
	self[len] = 0;
	execl(self, "scenario", "again", scenario, truth_path, ns_prefix, seconds, numbers[0], numbers[1], numbers[2], (char *)NULL);
	fail("%s", self);
}

int again_begin(char *const numbers[3])
{
	int opens = atoi(numbers[1]), waits = atoi(numbers[2]);
	char byte;

	if (write(opens, "g", 1) != 1 || read(waits, &byte, 1) != 1)
		fail("gate");
	pause_ms(LATE_MS);
	return atoi(numbers[0]);
}
