/* SPDX-License-Identifier: BSD-2-Clause */
/* The command that is captured (-- COMMAND): it is let go when all is attached, and the capture ends with it. When the capture
 * ends before it, it goes on undisturbed, and is waited for: its status is ours. */
#include "session_int.h"
#include "base/log.h"

#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Its last packets, and the answers to them, come after it: a FIN is answered a round trip later. */
#define LATE_PACKETS_NS (300 * NSEC_PER_MSEC)

#define STATUS_SIGNAL 128 /* as a shell says it */

int session_start_command(struct session *s)
{
	const struct options *o = s->opts;
	const struct child_opts opts = {
		.argv = o->command,
		.stdout_to_stderr = o->json || (o->write_path && !strcmp(o->write_path, "-")),
	};

	return o->command ? child_start(&opts, &s->command) : 0;
}

void session_release_command(struct session *s)
{
	if (s->command && !s->stop)
		child_release(s->command);
}

/* What the terminal sends goes to the command as well, what another process sends to us alone. */
static void pass_on(struct session *s, const struct signalfd_siginfo *info)
{
	if (info->ssi_code != SI_KERNEL)
		child_signal(s->command, (int)info->ssi_signo);
}

static void note_end(struct session *s)
{
	if (!s->ends++)
		s->ended_ns = clock_mono_ns();
}

/* The first one is for the command, which ends us when it ends; the second is for us. */
static void on_end_signal(struct session *s, const struct signalfd_siginfo *info)
{
	bool first = !s->end_signal;

	s->end_signal = (int)info->ssi_signo;
	if (first && s->command && child_is_running(s->command)) {
		pass_on(s, info);
		return;
	}
	note_end(s);
	s->stop = true;
}

static void on_child(struct session *s)
{
	uint64_t end_ns = clock_mono_ns() + LATE_PACKETS_NS;

	if (!s->command || !child_reap(s->command))
		return;
	if (end_ns < s->end_ns)
		s->end_ns = end_ns;
	if (s->end_signal && !s->ends)
		note_end(s); /* it was for both */
}

void session_on_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			session_report_counters(s);
		else if (info.ssi_signo == SIGCHLD)
			on_child(s);
		else
			on_end_signal(s, &info);
	}
}

static void wait_for_signal(struct session *s)
{
	struct pollfd ready = {.fd = s->signal_fd, .events = POLLIN};
	struct signalfd_siginfo info;

	poll(&ready, 1, -1);
	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGCHLD)
			on_end_signal(s, &info);
}

void session_wait_command(struct session *s)
{
	if (!s->command || !child_is_running(s->command) || s->ends || child_reap(s->command))
		return;
	log_info("the capture has ended, %s goes on", s->opts->command[0]);
	while (!s->ends && !child_reap(s->command))
		wait_for_signal(s);
}

int session_command_status(const struct session *s)
{
	if (!s->command)
		return 0;
	return child_has_ended(s->command) ? child_status(s->command) : STATUS_SIGNAL + s->end_signal;
}
