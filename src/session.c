/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"
#include "session_int.h"
#include "probe_check.h"
#include "base/log.h"
#include "compat/kver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

/* User space keeps claims for more flows than the kernel's map, so that what was evicted there is known here. */
#define FLOWS_PER_MAP_ENTRY 4
#define FLOWS_MIN 65536

/* Sockets of which several holders are known. */
#define SHARED_SOCKETS_MAX 4096

/* Processes that are known, the dead ones included: with a command line some 500 bytes each. */
#define PROCS_MAX 32768

/* Nothing shows packets or counts on them where there is --plaintext alone. */
static bool wants_packets(const struct options *o)
{
	return !o->plaintext || o->write_path || o->print || o->max_packets || o->iface_cnt || o->netns_cnt;
}

static void init(struct session *s, const struct options *opts)
{
	struct utsname uts;

	memset(s, 0, sizeof(*s));
	s->opts = opts;
	s->tapping = wants_packets(opts);
	s->root.prefix = "";
	s->epoll_fd = s->signal_fd = s->mounts_fd = -1;
	clock_offset_init(&s->clock);
	features_init(&s->feat, &s->root, opts->assume_kver);
	if (kver_running(&s->kver) && !uname(&uts))
		kver_parse(uts.release, &s->kver);
}

static int check_root(struct session *s)
{
	(void)s;
	if (!geteuid())
		return 0;
	log_err("capturing needs root: try sudo");
	return -EPERM;
}

static int make_tables(struct session *s)
{
	size_t keys = (size_t)s->opts->map_size * FLOWS_PER_MAP_ENTRY;

	s->ifaces = iface_table_new();
	s->flows = flow_table_new(keys > FLOWS_MIN ? keys : FLOWS_MIN);
	s->holders = holders_new(SHARED_SOCKETS_MAX);
	s->procs = proc_table_new(PROCS_MAX);
	s->addrs = addrs_new();
	if (s->flows && s->addrs)
		s->attributor = attribute_new(s->flows, s->addrs);
	s->tail = tail_new();
	if (s->ifaces && s->holders && s->procs && s->attributor && s->tail)
		return 0;
	log_err("out of memory");
	return -ENOMEM;
}

static void set_of_ends(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/* From here a signal is an event of the loop: whatever is attached or made will be removed in order. */
static int catch_signals(struct session *s)
{
	sigset_t set;

	set_of_ends(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a reader that went away, and a file that may grow no more, */
	signal(SIGXFSZ, SIG_IGN); /* are errors of write(2) */
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

/* Opening a FIFO waits for its reader: there a signal ends us, as one does that came while the compiler ran. Nothing is
 * attached yet. */
static int open_sinks(struct session *s)
{
	sigset_t ends;
	int err;

	set_of_ends(&ends);
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
	err = session_open_sinks(s);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return err;
}

static int attach_hooks(struct session *s)
{
	s->hooked_ns = clock_mono_ns();
	return hooks_attach(s->backend, &s->bundle, s->maps, &s->feat, s->kver, &s->hooks);
}

/* Owner hooks first, then what was there before them, then the taps: no packet is seen whose owner could not have been noted. */
static int start(struct session *s)
{
	static int (*const steps[])(struct session *s) = {
		check_root,
		session_check_processes,
		session_start_command,
		session_make_filter,
		session_find_spaces,
		catch_signals,
		session_get_bundle,
		make_tables,
		session_open_conns,
		open_sinks,
		session_make_maps,
		session_open_evict,
		session_open_streams,
		attach_hooks,
		session_complete_filter,
		session_find_others,
		session_seed,
		session_open_tls,
		session_open_spaces,
		session_add_plain_iface,
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(steps) / sizeof(*steps); i++)
		err = steps[i](s);
	return err;
}

/* In reverse. What is still in the buffers is written before the files are ended, and all is told before the hooks are taken off:
 * the kernel waits a moment for each of these. */
static void stop(struct session *s)
{
	session_close_taps(s);
	if (s->attached) {
		session_drain(s);
		session_refresh_stats(s);
		session_finish_sinks(s);
		session_report_end(s);
	}
	hooks_free(s->hooks);
	session_close_streams(s);
	session_close_tls(s);
	evict_free(s->evict);
	maps_free(s->maps);
	session_close_sinks(s);
	session_free_spaces(s);
	iface_select_fini(&s->select);
	attribute_free(s->attributor);
	tail_free(s->tail);
	addrs_free(s->addrs);
	conn_table_free(s->conns);
	proc_table_free(s->procs);
	holders_free(s->holders);
	flow_table_free(s->flows);
	iface_table_free(s->ifaces);
	if (s->mounts_fd >= 0)
		close(s->mounts_fd);
	filter_free(s->filter);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	bundle_free(&s->bundle);
}

static void announce(struct session *s, uint64_t started_ns)
{
	static const char *const how[] = {[BUILD_CACHED] = "cached", [BUILD_COMPILED] = "compiled"};
	char what[64] = "all interfaces", where[64] = "";

	if (!s->tapping)
		snprintf(what, sizeof(what), "TLS libraries, for plaintext only");
	else if (!iface_select_is_any(&s->select))
		snprintf(what, sizeof(what), "%s%s", s->opts->ifaces[0], s->opts->iface_cnt > 1 ? ", ..." : "");
	log_verbose("attached in %.0f ms (bundle %s, %zu hooks, %zu interfaces)",
		(double)(clock_mono_ns() - started_ns) / NSEC_PER_MSEC, s->opts->bundle ? "carried" : how[s->how],
		hooks_count(s->hooks), session_tap_count(s));
	if (s->opts->netns_cnt)
		snprintf(where, sizeof(where), " of %zu network namespaces", session_space_count(s));
	log_info("listening on %s%s, back-end %s", what, where, backend_name(s->backend));
}

static int capture(const struct options *opts)
{
	uint64_t started_ns = clock_mono_ns();
	struct session s;
	int err, status;

	init(&s, opts);
	err = start(&s);
	if (!err) {
		announce(&s, started_ns);
		err = session_loop(&s);
	}
	stop(&s);
	session_wait_command(&s);
	status = err || s.status || s.interfaces_lost ? 1 : session_command_status(&s);
	child_free(s.command);
	if (s.signal_fd >= 0)
		close(s.signal_fd);
	return status;
}

static int compile_only(const struct options *opts)
{
	struct session s;
	int err;

	init(&s, opts);
	err = session_compile_only(&s);
	bundle_free(&s.bundle);
	return err ? 1 : 0;
}

int session_run(const struct options *opts)
{
	switch (opts->action) {
	case ACTION_PROBE_CHECK:
		return probe_check_run(opts);
	case ACTION_DUMP_BPF:
	case ACTION_BUNDLE_OUT:
		return compile_only(opts);
	case ACTION_CAPTURE:
		break;
	}
	return capture(opts);
}
