/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"
#include "session_int.h"
#include "probe_check.h"
#include "base/log.h"
#include "compat/kver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Owner records are small and rare beside packets. */
#define OWNER_BUFFER_BYTES (512U << 10)

/* User space keeps claims for more flows than the kernel's map, so that what was evicted there is known here. */
#define FLOWS_PER_MAP_ENTRY 4
#define FLOWS_MIN 65536

static void init(struct session *s, const struct options *opts)
{
	struct utsname uts;

	memset(s, 0, sizeof(*s));
	s->opts = opts;
	s->root.prefix = "";
	s->epoll_fd = s->signal_fd = -1;
	features_init(&s->feat, &s->root, opts->assume_kver);
	if (kver_running(&s->kver) && !uname(&uts))
		kver_parse(uts.release, &s->kver);
	s->filter = (struct filter){opts->pids, opts->pid_cnt, opts->uids, opts->uid_cnt, opts->include_unknown};
}

static int check_root(void)
{
	if (!geteuid())
		return 0;
	log_err("capturing needs root: try sudo");
	return -EPERM;
}

static int check_pids(const struct options *opts)
{
	for (size_t i = 0; i < opts->pid_cnt; i++) {
		if (!kill((pid_t)opts->pids[i], 0) || errno != ESRCH)
			continue;
		log_err("-p %u: no such process", opts->pids[i]);
		return -ESRCH;
	}
	return 0;
}

static int choose_backend(struct session *s)
{
	const char *name = s->opts->backend;
	char why[256] = "";

	/* what is only compiled here may be attached elsewhere */
	if (s->opts->action != ACTION_CAPTURE)
		s->backend = backend_by_name(name);
	if (s->backend)
		return 0;
	/* a carried bundle was compiled for one of them */
	if (s->opts->bundle && !strcmp(name, "auto"))
		name = bundle_find_prog(&s->bundle, "kp_tcp_connect") ? "kprobe" : "tracepoint";
	s->backend = backend_choose(name, &s->feat, why, sizeof(why));
	if (s->backend)
		return 0;
	log_err("--backend %s: %s", name, why);
	return -ENOTSUP;
}

static struct build_opts build_options(const struct session *s)
{
	return (struct build_opts){
		.root = s->root,
		.kernel_headers = s->opts->kernel_headers,
		.allow_mismatch = s->opts->headers_force,
		.cache_dir = s->opts->cache_dir ? s->opts->cache_dir : BUILD_CACHE_DIR,
		.no_cache = s->opts->no_cache,
		.backend = backend_name(s->backend),
	};
}

static int get_bundle(struct session *s)
{
	struct build_opts build;
	int err;

	if (s->opts->bundle) {
		err = build_carried(s->opts->bundle, &s->root, &s->bundle);
		return err ? err : choose_backend(s);
	}
	err = choose_backend(s);
	if (err)
		return err;
	build = build_options(s);
	return build_bundle(&build, &s->feat, &s->bundle, &s->how);
}

static int read_netns(struct session *s)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st)) {
		log_err("cannot read /proc/self/ns/net: %s (is /proc mounted?)", strerror(errno));
		return -errno;
	}
	s->netns = (uint32_t)st.st_ino;
	return 0;
}

static int make_tables(struct session *s)
{
	size_t keys = (size_t)s->opts->map_size * FLOWS_PER_MAP_ENTRY;

	s->ifaces = iface_table_new();
	s->flows = flow_table_new(keys > FLOWS_MIN ? keys : FLOWS_MIN);
	return s->ifaces && s->flows ? 0 : -ENOMEM;
}

static int fill_set(const struct maps *m, const char *map, const uint32_t *keys, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		int err = map_add_u32(maps_fd(m, map), keys[i]);

		if (!err)
			continue;
		log_err("cannot put %u into the filter: %s", keys[i], strerror(-err));
		return err;
	}
	return 0;
}

static int make_maps(struct session *s)
{
	const struct load_size sizes[] = {
		{"m_flow_owner", s->opts->map_size},
		{"m_sock", s->opts->map_size},
	};
	int err = maps_create(&s->bundle, sizes, sizeof(sizes) / sizeof(*sizes), &s->maps);

	if (!err)
		err = fill_set(s->maps, "m_pids", s->opts->pids, s->opts->pid_cnt);
	if (!err)
		err = fill_set(s->maps, "m_uids", s->opts->uids, s->opts->uid_cnt);
	return err;
}

static void on_forgotten(void *ctx, const struct ev_close *ev)
{
	flow_close(((struct session *)ctx)->flows, ev);
}

static int open_evict(struct session *s)
{
	const struct evict_opts opts = {
		.bundle = &s->bundle,
		.maps = s->maps,
		.max_entries = s->opts->map_size,
		.forgotten = on_forgotten,
		.ctx = s,
	};

	return evict_open(&opts, &s->evict);
}

static const void *stream_peek(void *ctx, size_t i, size_t *len)
{
	return ring_peek(((struct stream *)ctx)->ring, i, len);
}

/* Room is given back in portions: each commit costs a barrier a CPU. */
static void stream_pop(void *ctx, size_t i)
{
	struct stream *st = ctx;

	ring_pop(st->ring, i);
	if (++st->pops % 64 == 0)
		ring_commit(st->ring);
}

/* Two descriptors a CPU: more than the usual 1024 on a large machine. */
static void raise_nofile(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return;
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

static int open_stream(struct session *s, struct stream *st, const char *map, size_t bytes)
{
	struct order_source src = {.ctx = st, .peek = stream_peek, .pop = stream_pop};
	int err = ring_open(maps_fd(s->maps, map), bytes, bytes / 8, &st->ring);

	if (err) {
		log_err("cannot open perf buffers of %zu KiB per CPU: %s (a smaller --buffer-size may do)", bytes >> 10,
			strerror(-err));
		return err;
	}
	src.cnt = ring_cpu_cnt(st->ring);
	st->order = order_new(&src);
	return st->order ? 0 : -ENOMEM;
}

static void close_stream(struct stream *st)
{
	order_free(st->order);
	ring_close(st->ring);
}

/* From here a signal is an event of the loop: whatever is attached will be taken off in order. */
static int catch_signals(struct session *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a reader that went away, and a file that may grow no more, */
	signal(SIGXFSZ, SIG_IGN); /* are errors of write(2) */
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

static bool wants_all(const struct options *opts)
{
	for (size_t i = 0; i < opts->iface_cnt; i++)
		if (!strcmp(opts->ifaces[i], "any"))
			return true;
	return !opts->iface_cnt;
}

static int on_link(void *ctx, const struct link *link)
{
	struct session *s = ctx;
	struct iface *iface = iface_add(s->ifaces, s->netns, link->ifindex, link->name, link->l3);

	if (!iface)
		return -ENOMEM;
	if (!link->gone) {
		session_sink_iface(s, iface);
		return 0;
	}
	iface->gone = true;
	if (wants_all(s->opts)) {
		log_verbose("interface %s is gone", link->name);
		return 0;
	}
	log_err("interface %s vanished: packets after that are missing", link->name);
	s->interfaces_lost = true;
	return 0;
}

static int attach_taps(struct session *s)
{
	const struct options *o = s->opts;
	struct taps_opts taps = {
		.bundle = &s->bundle,
		.maps = s->maps,
		.kern_version = s->kver,
		.netns = s->netns,
		.snaplen = o->snaplen,
		.run_flags = (o->pid_cnt ? EV_RUN_PID : 0) | (o->uid_cnt ? EV_RUN_UID : 0),
		.names = o->ifaces,
		.name_cnt = wants_all(o) ? 0 : o->iface_cnt,
		.on_link = on_link,
		.ctx = s,
	};

	return taps_open(&taps, &s->taps);
}

/* Owner hooks first, then the taps: no packet is seen whose owner could not have been noted. */
static int start(struct session *s)
{
	int err = check_root();

	if (!err)
		err = check_pids(s->opts);
	if (!err)
		err = read_netns(s);
	if (!err)
		err = get_bundle(s);
	if (!err)
		err = catch_signals(s);
	if (!err)
		err = make_tables(s);
	if (!err)
		err = session_open_sinks(s);
	if (!err)
		err = make_maps(s);
	if (!err)
		err = open_evict(s);
	raise_nofile();
	if (!err)
		err = open_stream(s, &s->owners, "m_owners", OWNER_BUFFER_BYTES);
	if (!err)
		err = open_stream(s, &s->packets, "m_packets", s->opts->buffer_size);
	if (!err)
		err = hooks_attach(s->backend, &s->bundle, s->maps, &s->feat, s->kver, &s->hooks);
	if (!err)
		err = attach_taps(s);
	return err;
}

/* In reverse. What is still in the buffers is written before the files are ended. */
static void stop(struct session *s)
{
	taps_close(s->taps);
	if (s->taps)
		session_drain(s);
	hooks_free(s->hooks);
	if (s->taps) {
		session_refresh_stats(s);
		session_finish_sinks(s);
		session_report_end(s);
	}
	close_stream(&s->packets);
	close_stream(&s->owners);
	evict_free(s->evict);
	maps_free(s->maps);
	session_close_sinks(s);
	flow_table_free(s->flows);
	iface_table_free(s->ifaces);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	bundle_free(&s->bundle);
}

static void announce(struct session *s, uint64_t started_ns)
{
	static const char *const how[] = {[BUILD_CACHED] = "cached", [BUILD_COMPILED] = "compiled"};
	char what[64] = "all interfaces";

	if (!wants_all(s->opts))
		snprintf(what, sizeof(what), "%s%s", s->opts->ifaces[0], s->opts->iface_cnt > 1 ? ", ..." : "");
	log_verbose("attached in %.0f ms (bundle %s, %zu hooks, %zu interfaces)",
		(double)(clock_mono_ns() - started_ns) / NSEC_PER_MSEC, s->opts->bundle ? "carried" : how[s->how],
		hooks_count(s->hooks), taps_count(s->taps));
	log_info("listening on %s, back-end %s", what, backend_name(s->backend));
}

static int capture(const struct options *opts)
{
	uint64_t started_ns = clock_mono_ns();
	struct session s;
	int err;

	init(&s, opts);
	err = start(&s);
	if (!err) {
		announce(&s, started_ns);
		err = session_loop(&s);
	}
	stop(&s);
	return err || s.status || s.interfaces_lost ? 1 : 0;
}

static int write_bundle(struct session *s, const struct build_opts *build, const char *path)
{
	int err = build_bundle(build, &s->feat, &s->bundle, &s->how);

	if (err)
		return err;
	err = bundle_write(path, &s->bundle);
	if (err)
		log_err("cannot write %s: %s", path, strerror(-err));
	return err;
}

/* --dump-bpf and --bundle-out need no capture, only what is compiled. */
static int compile_only(const struct options *opts)
{
	struct build_opts build;
	struct session s;
	int err;

	init(&s, opts);
	err = choose_backend(&s);
	if (err)
		return 1;
	build = build_options(&s);
	if (opts->action == ACTION_DUMP_BPF)
		err = build_dump(&build, &s.feat);
	else
		err = write_bundle(&s, &build, opts->bundle_out);
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
