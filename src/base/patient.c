/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/patient.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define WRITE_MS 100

static void on_alarm(int number)
{
	(void)number;
}

/* Without SA_RESTART: write(2) returns. Who started us may have blocked it. */
static void catch_alarm(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	static bool caught;
	sigset_t set;

	if (caught)
		return;
	caught = true;
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Again and again, as the first may come before write(2) has begun. 0: no more. */
static void alarm_every(int ms)
{
	const struct timeval interval = {.tv_usec = ms * 1000};
	const struct itimerval timer = {interval, interval};

	setitimer(ITIMER_REAL, &timer, NULL);
}

ssize_t patient_write(int fd, const void *data, size_t len)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};
	ssize_t n;
	int err;

	catch_alarm();
	alarm_every(WRITE_MS);
	n = write(fd, data, len);
	err = errno;
	alarm_every(0);
	if (n >= 0)
		return n;
	if (err == EAGAIN) /* somebody else who has it, a shell or a command, made it non-blocking */
		poll(&writable, 1, WRITE_MS);
	return err == EAGAIN || err == EINTR ? 0 : -err;
}

size_t patient_unread(int fd)
{
	struct stat st;
	int n = 0;

	if (fstat(fd, &st) || ioctl(fd, S_ISFIFO(st.st_mode) ? FIONREAD : TIOCOUTQ, &n) || n < 0)
		return 0;
	return (size_t)n;
}
