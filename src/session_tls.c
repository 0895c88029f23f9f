/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS: which libraries are probed, what comes of their secrets, and packets that wait for them. */
#include "session_int.h"
#include "base/log.h"
#include "model/record.h"

#include <errno.h>
#include <string.h>

#define CONNECTIONS_MAX 65536
#define FLOW_BYTES_MAX (1U << 20)
#define HOLD_BYTES_MAX (64U << 20) /* --hold's memory in all */
#define PROCESSES_A_TICK 4

static void on_library(void *ctx, int fd, const char *name, const char *dir, bool named)
{
	struct session *s = ctx;
	struct tls_points points;
	int err = tls_points_find(fd, &s->root, dir, &points);

	if (err || points.kind == TLS_NONE) {
		if (named)
			log_warn("%s: %s: its secrets are not captured", name,
				err ? strerror(-err) : "no OpenSSL (1.1.1 or later) or GnuTLS in it");
		return;
	}
	if (points.way == TLS_WAY_NONE)
		log_warn("%s: secrets are not to be had: %s", name, points.why);
	if (!tls_probes_attach(s->tls_probes, fd, name, &points))
		log_verbose("TLS library %s: secrets by %s", name, tls_way_name(points.way));
}

static int find_named(struct session *s)
{
	const struct options *o = s->opts;

	for (size_t i = 0; i < o->libssl_cnt; i++) {
		int err = tls_find_path(s->tls_find, o->libssl[i]);

		if (!err)
			continue;
		log_err("--libssl %s: %s", o->libssl[i], strerror(-err));
		return err;
	}
	return 0;
}

static void pass(void *ctx, const struct packet *p)
{
	session_sink_packet(ctx, p);
}

static int open_hold(struct session *s)
{
	const struct hold_opts opts = {
		.max_ns = s->opts->hold_ns,
		.max_flow_bytes = FLOW_BYTES_MAX,
		.max_bytes = HOLD_BYTES_MAX,
		.secrets = s->secrets,
		.pass = pass,
		.ctx = s,
	};

	if (!s->opts->write_path || !s->opts->hold_ns)
		return 0;
	s->hold = hold_new(&opts);
	return s->hold ? 0 : -ENOMEM;
}

int session_open_tls(struct session *s)
{
	const struct tls_probes_opts opts = {
		.bundle = &s->bundle,
		.maps = s->maps,
		.feat = &s->feat,
		.kern_version = s->kver,
		.plaintext = s->opts->plaintext,
	};
	const struct options *o = s->opts;
	int err;

	if (!o->plaintext && !o->keylog_path && (!o->write_path || o->no_keys))
		return 0;
	s->secrets = secret_table_new(CONNECTIONS_MAX);
	s->tls_probes = tls_probes_new(&opts);
	s->tls_find = tls_find_new(&s->root, on_library, s);
	if (!s->secrets || !s->tls_probes || !s->tls_find || open_hold(s)) {
		log_err("out of memory");
		return -ENOMEM;
	}
	err = o->plaintext ? hooks_attach(backend_tls(s->backend), &s->bundle, s->maps, &s->feat, s->kver, &s->tls_hooks) : 0;
	if (!err)
		err = find_named(s);
	if (!err)
		tls_find_system(s->tls_find);
	return err;
}

void session_close_tls(struct session *s)
{
	hold_free(s->hold);
	tls_find_free(s->tls_find);
	tls_probes_free(s->tls_probes);
	hooks_free(s->tls_hooks);
	secret_table_free(s->secrets);
}

void session_find_tls(struct session *s)
{
	if (s->tls_find)
		tls_find_some(s->tls_find, PROCESSES_A_TICK);
}

void session_on_secret(struct session *s, const struct ev_secret *ev)
{
	const struct secret *secret;
	int news = s->secrets ? secret_add(s->secrets, ev, &secret) : 0;

	if (news < 0)
		s->stats.secrets_failed++;
	if (news <= 0)
		return;
	s->stats.secrets++;
	session_sink_secret(s, secret);
	if (s->hold)
		hold_secret(s->hold, ev->random);
}

void session_on_plain(void *ctx, const void *rec, size_t len)
{
	const struct ev_tls_data *ev = rec;
	struct session *s = ctx;
	struct plain p = {
		.key = ev->key,
		.fd = -1,
	};

	if (s->full)
		return;
	if (record_check(rec, len) || ev->hdr.type != EV_TLS_DATA) {
		s->stats.bad_records++;
		return;
	}
	owner_from_val(&ev->owner, &p.owner);
	p.owner.attr = EV_ATTR_EXACT;
	if (!filter_passes(s->filter, &p.owner))
		return;
	p.ts_ns = clock_realtime_ns(&s->clock, ev->hdr.ts_ns);
	p.ssl = ev->ssl;
	p.flags = ev->flags;
	p.fd = ev->flags & EV_TLS_FD ? ev->fd : -1;
	p.total = ev->total;
	p.offset = ev->offset;
	p.data = (const uint8_t *)(ev + 1);
	p.len = ev->len;
	session_conn_plain(s, ev, &p);
	s->stats.plain_cut += (ev->flags & (EV_TLS_CUT | EV_TLS_FILE)) == EV_TLS_CUT;
	s->stats.plain_bytes += p.len;
	session_sink_plain(s, &p);
}

void session_hand_packet(struct session *s, const struct ev_packet *ev, const struct packet *p)
{
	if (s->hold)
		hold_packet(s->hold, ev, p);
	else
		session_sink_packet(s, p);
}
