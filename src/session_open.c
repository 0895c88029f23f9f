/* SPDX-License-Identifier: BSD-2-Clause */
/* What a capture opens in the kernel: maps, perf buffers, classifiers. */
#include "session_int.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Owner records are small and rare beside packets, but of short connections there are as many as six each, and none may be lost:
 * with 2,000 of these a second this is room for two seconds in which we get no CPU. */
#define OWNER_BUFFER_MIN (2U << 20)

/* With many short connections they need as much room as packets do, nearly. */
static size_t owner_buffer(const struct options *o)
{
	return o->buffer_size / 2 > OWNER_BUFFER_MIN ? o->buffer_size / 2 : OWNER_BUFFER_MIN;
}

/* Threads that are in a call of a TLS library at one time. */
#define TLS_THREADS 10240

int session_make_maps(struct session *s)
{
	const struct load_size sizes[] = {
		{"m_flow_owner", s->opts->map_size},
		{"m_sock", s->opts->map_size},
		{"m_tls_sock", s->opts->plaintext ? s->opts->map_size : 1},
		{"m_tls_call", s->opts->plaintext ? TLS_THREADS : 1},
		{"m_tls_made", s->opts->plaintext ? TLS_THREADS : 1},
		{"m_tls_unsent", s->opts->plaintext ? s->opts->map_size : 1},
		{"m_tls_memory", s->opts->plaintext ? TLS_THREADS : 1},
		{"m_tls_rest", s->opts->plaintext ? TLS_THREADS : 1},
		{"m_kdf_call", session_wants_secrets(s) ? TLS_THREADS : 1},
		{"m_kdf", session_wants_secrets(s) ? TLS_THREADS : 1},
	};
	int err = maps_create(&s->bundle, sizes, sizeof(sizes) / sizeof(*sizes), &s->maps);

	return err ? err : session_fill_filters(s);
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
	err = open_stream(s, &s->owners, "m_owners", owner_buffer(s->opts));
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

static int on_link(void *ctx, const struct link *link)
{
	struct space *space = ctx;
	struct session *s = space->session;
	char name[IFACE_NAME_MAX];
	struct iface *iface;

	snprintf(name, sizeof(name), "%s%s%s", space->ns.name, space->own ? "" : "/", link->name);
	iface = iface_add(s->ifaces, space->ns.inode, link->ifindex, name, link->l3);
	if (!iface)
		return -ENOMEM;
	if (!link->gone) {
		session_sink_iface(s, iface);
		return 0;
	}
	iface->gone = true;
	if (!space->expected || iface_select_match(&s->select, space->ns.name, link->name) == IFACE_WANTED) {
		log_verbose("interface %s is gone", name);
		return 0;
	}
	log_err("interface %s vanished: packets after that are missing", name);
	s->interfaces_lost = true;
	return 0;
}

int session_attach_taps(struct space *space)
{
	struct session *s = space->session;
	const struct options *o = s->opts;
	struct taps_opts taps = {
		.bundle = &s->bundle,
		.maps = s->maps,
		.kern_version = s->kver,
		.netns = space->ns.inode,
		.netns_name = space->ns.name,
		.snaplen = o->snaplen,
		.run_flags = session_run_flags(s),
		.select = &s->select,
		.on_link = on_link,
		.ctx = space,
	};

	return taps_open(&taps, &space->taps);
}

