/* SPDX-License-Identifier: BSD-2-Clause */
/* What a capture opens in the kernel: maps, perf buffers, classifiers. */
#include "session_int.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* Owner records are small and rare beside packets. */
#define OWNER_BUFFER_BYTES (512U << 10)

/* Threads that are in a call of a TLS library at one time. */
#define TLS_THREADS 10240

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

int session_make_maps(struct session *s)
{
	const struct load_size sizes[] = {
		{"m_flow_owner", s->opts->map_size},
		{"m_sock", s->opts->map_size},
		{"m_tls_sock", s->opts->plaintext ? s->opts->map_size : 1},
		{"m_tls_call", s->opts->plaintext ? TLS_THREADS : 1},
		{"m_tls_wait", s->opts->plaintext ? TLS_THREADS : 1},
		{"m_tls_rest", s->opts->plaintext ? TLS_THREADS : 1},
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

int session_open_evict(struct session *s)
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

int session_open_streams(struct session *s)
{
	int err;

	raise_nofile();
	err = open_stream(s, &s->owners, "m_owners", OWNER_BUFFER_BYTES);
	if (!err)
		err = open_stream(s, &s->packets, "m_packets", s->opts->buffer_size);
	if (!err && s->opts->plaintext)
		err = open_stream(s, &s->plain, "m_tls", s->opts->buffer_size);
	return err;
}

static void close_stream(struct stream *st)
{
	order_free(st->order);
	ring_close(st->ring);
}

void session_close_streams(struct session *s)
{
	close_stream(&s->plain);
	close_stream(&s->packets);
	close_stream(&s->owners);
}

bool session_wants_all(const struct options *opts)
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
	if (session_wants_all(s->opts)) {
		log_verbose("interface %s is gone", link->name);
		return 0;
	}
	log_err("interface %s vanished: packets after that are missing", link->name);
	s->interfaces_lost = true;
	return 0;
}

int session_attach_taps(struct session *s)
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
		.name_cnt = session_wants_all(o) ? 0 : o->iface_cnt,
		.on_link = on_link,
		.ctx = s,
	};

	return taps_open(&taps, &s->taps);
}

