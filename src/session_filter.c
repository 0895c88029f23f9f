/* SPDX-License-Identifier: BSD-2-Clause */
/* The process filters: -p, -f, --uid, --comm and the command; on both sides, kernel and user space. */
#include "session_int.h"
#include "base/log.h"
#include "source/procs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define PID_NS_INITIAL 0xeffffffcU /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

/* What the kernel side tells are numbers of the initial namespace. */
static int check_pid_namespace(void)
{
	struct stat st;

	if (!stat("/proc/self/ns/pid", &st) && st.st_ino == PID_NS_INITIAL)
		return 0;
	log_err("-p and -- COMMAND need the initial pid namespace: run outside of the container, or with the host's (--pid=host)");
	return -EINVAL;
}

int session_check_processes(struct session *s)
{
	return s->opts->pid_cnt || s->opts->command ? check_pid_namespace() : 0;
}

/* It must be as many as the kernel side's: what does not fit there is known to neither. */
static void on_forgotten(void *ctx, uint32_t pid)
{
	map_remove(maps_fd(((struct session *)ctx)->maps, "m_pids"), &pid);
}

static int add_given(struct session *s, uint32_t pid)
{
	struct procs_entry p;
	uint32_t leader;
	int err = procs_get(&s->root, pid, &p, &leader);

	if (!err)
		return filter_add(s->filter, p.pid, p.start_ns, s->opts->follow);
	if (err == -EINVAL)
		log_err("-p %u: a thread of process %u: name that one", pid, leader);
	else if (err == -ENOENT)
		log_err("-p %u: no such process", pid);
	else
		log_err("-p %u: cannot read /proc/%u: %s", pid, pid, strerror(-err));
	return err;
}

static int add_command(struct session *s)
{
	struct procs_entry p;
	uint32_t leader;
	int err = procs_get(&s->root, (uint32_t)child_pid(s->command), &p, &leader);

	if (!err)
		return filter_add(s->filter, p.pid, p.start_ns, true);
	log_err("cannot read of the command in /proc: %s", strerror(-err));
	return err;
}

int session_make_filter(struct session *s)
{
	const struct options *o = s->opts;
	const struct filter_opts opts = {
		.by_process = o->pid_cnt || o->command,
		.uids = o->uids,
		.uid_cnt = o->uid_cnt,
		.comms = o->comms,
		.comm_cnt = o->comm_cnt,
		.include_unknown = o->include_unknown,
		.max = EV_PIDS_MAX,
		.forgotten = on_forgotten,
		.ctx = s,
	};
	int err = 0;

	s->filter = filter_new(&opts);
	if (!s->filter) {
		log_err("out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < o->pid_cnt && !err; i++)
		err = add_given(s, o->pids[i]);
	return !err && s->command ? add_command(s) : err;
}

static int put(struct session *s, const char *map, const void *key, uint8_t value)
{
	int err = map_put(maps_fd(s->maps, map), key, value);

	if (err)
		log_err("too many process filters: %s: %s", map, strerror(-err));
	return err;
}

static int put_names(struct session *s)
{
	int err = 0;

	for (size_t i = 0; i < s->opts->comm_cnt && !err; i++) {
		struct ev_comm key = {""};

		strncpy(key.name, s->opts->comms[i], sizeof(key.name) - 1);
		err = put(s, "m_comms", &key, 1);
	}
	return err;
}

int session_fill_filters(struct session *s)
{
	const struct options *o = s->opts;
	uint32_t command;
	int err = 0;

	for (size_t i = 0; i < o->pid_cnt && !err; i++)
		err = put(s, "m_pids", &o->pids[i], o->follow ? EV_PID_FOLLOW : EV_PID_GIVEN);
	for (size_t i = 0; i < o->uid_cnt && !err; i++)
		err = put(s, "m_uids", &o->uids[i], 1);
	if (!err)
		err = put_names(s);
	if (err || !s->command)
		return err;
	command = (uint32_t)child_pid(s->command);
	return put(s, "m_pids", &command, EV_PID_FOLLOW);
}

uint64_t session_run_flags(const struct session *s)
{
	const struct options *o = s->opts;

	return (o->pid_cnt || o->command ? EV_RUN_PID : 0) | (o->uid_cnt ? EV_RUN_UID : 0) |
	       (o->comm_cnt ? EV_RUN_COMM : 0);
}

struct scan {
	struct session *session;
	size_t found;
};

/* The kernel side first: from then on it follows what the process makes. */
static void on_process(void *ctx, const struct procs_entry *p)
{
	struct scan *scan = ctx;
	struct session *s = scan->session;

	if (!filter_follows(s->filter, p->ppid) || filter_follows(s->filter, p->pid))
		return;
	if (map_put(maps_fd(s->maps, "m_pids"), &p->pid, EV_PID_FOLLOW) || filter_add(s->filter, p->pid, p->start_ns, true))
		s->scan_missed++;
	else
		scan->found++;
}

/* Until a look finds no new one: what a process made before it was found is there at the next. */
static int follow_existing(struct session *s)
{
	struct scan scan = {s, 0};
	int err;

	do {
		scan.found = 0;
		err = procs_each(&s->root, on_process, &scan);
	} while (!err && scan.found);
	if (err)
		log_err("cannot list the processes in /proc: %s", strerror(-err));
	return err;
}

/* Those of -p, and with -f all that came of them. The capture goes on: what they sent last, and what comes for them, may be later. */
static void say_ended(struct session *s)
{
	const struct options *o = s->opts;

	if (s->ended_told || !o->pid_cnt || s->command || filter_alive(s->filter))
		return;
	s->ended_told = true;
	if (o->pid_cnt == 1 && !o->follow)
		log_info("process %u has ended; late packets of it may still come, Ctrl-C ends the capture", o->pids[0]);
	else
		log_info("all processes of -p%s have ended; late packets of them may still come, Ctrl-C ends the capture",
			o->follow ? " and their children" : "");
}

/* Compiling takes seconds, and nobody told of an end meanwhile. */
static void note_gone(struct session *s)
{
	struct procs_entry p;
	uint32_t leader;

	for (size_t i = 0; i < s->opts->pid_cnt; i++)
		if (procs_get(&s->root, s->opts->pids[i], &p, &leader) == -ENOENT)
			filter_gone(s->filter, s->opts->pids[i], clock_mono_ns());
	say_ended(s);
}

int session_complete_filter(struct session *s)
{
	int err = s->opts->follow ? follow_existing(s) : 0;

	if (!err)
		note_gone(s);
	return err;
}

void session_filter_process(struct session *s, const struct ev_hdr *ev)
{
	const struct ev_proc *p = (const struct ev_proc *)ev;

	if (ev->type == EV_EXIT) {
		filter_exit(s->filter, p);
		say_ended(s);
	}
	/* the kernel side has it already, unless the number was another's that was forgotten at that moment */
	if (ev->type == EV_FORK && filter_fork(s->filter, p))
		map_add(maps_fd(s->maps, "m_pids"), &(uint32_t){p->pid}, EV_PID_FOLLOW);
}

/* What the kernel side had no room for is mostly what user space has none for. */
uint64_t session_unfollowed(const struct session *s)
{
	uint64_t kernel = s->stats.kernel[EV_STAT_PID_FULL], user = filter_missed(s->filter);

	return s->scan_missed + (kernel > user ? kernel : user);
}
