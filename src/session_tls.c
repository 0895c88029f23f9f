/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS: which libraries are probed, what comes of their secrets, and packets that wait for them. */
#include "session_int.h"
#include "base/log.h"
#include "model/kdf.h"
#include "model/record.h"
#include "source/procmem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define CONNECTIONS_MAX 65536
#define FLOW_BYTES_MAX (1U << 20)
#define HOLD_BYTES_MAX (64U << 20) /* --hold's memory in all */

/* Processes that are looked at in one turn of the loop while news are missing: of before the start, or because some were lost; and
 * each second where no news come. The start itself takes this long for them at most. */
#define PROCESSES_A_TURN 8
#define PROCESSES_A_SECOND 4
#define START_NS (100 * NSEC_PER_MSEC)

/* A buffer of mappings, for each CPU: some 500. And how often a second they may wake us: above that they wait for the tick. */
#define MAPPINGS_BYTES 65536
#define MAPPINGS_WAKES 500

static const char *whose(const struct tls_file *file, char text[32])
{
	if (!file->pid)
		return "";
	snprintf(text, 32, " (of process %u)", file->pid);
	return text;
}

static enum tls_answer on_crypto(struct session *s, const struct tls_file *file)
{
	struct tls_kdf kdf;
	char of[32];

	if (tls_points_crypto(file->fd, &kdf)) {
		log_warn("%s%s: no OpenSSL that is known: no secrets by it", file->name, whose(file, of));
		return TLS_FILE_NONE;
	}
	if (tls_probes_attach_crypto(s->tls_probes, file->fd, file->name, &kdf))
		return TLS_FILE_NONE;
	log_verbose("%s%s: its KDF functions are probed, which costs all who use it", file->name, whose(file, of));
	return TLS_FILE_PROBED;
}

static bool needs_crypto(const struct tls_points *points)
{
	return points->way == TLS_WAY_KDF && points->kdf_by == TLS_KDF_OUTSIDE;
}

/* Whoever maps it says which libcrypto it goes with: that is noticed only of what is named like a library. */
static bool waits_for_crypto(const struct tls_file *file, struct tls_points *points)
{
	if (!needs_crypto(points) || file->pid)
		return false;
	if (!file->named || tls_find_is_library(file->name))
		return true;
	points->way = TLS_WAY_NONE;
	snprintf(points->why, sizeof(points->why), "which libcrypto it goes with is noticed only if it is named libssl*.so*");
	return false;
}

static enum tls_answer probe_library(struct session *s, const struct tls_file *file, const struct tls_points *points)
{
	char of[32];

	if (points->way == TLS_WAY_NONE)
		log_warn("%s%s: no secrets from it: %s (its debug information under /usr/lib/debug would do)", file->name,
			whose(file, of), points->why);
	if (tls_probes_attach(s->tls_probes, file->fd, file->name, points)) {
		s->stats.libraries_failed++;
		return TLS_FILE_NONE;
	}
	s->stats.libraries++;
	s->stats.libraries_mute += points->way == TLS_WAY_NONE;
	log_verbose("TLS library %s%s: secrets by %s", file->name, whose(file, of), tls_way_name(points->way));
	return needs_crypto(points) ? TLS_FILE_CRYPTO : TLS_FILE_PROBED;
}

static enum tls_answer on_library(void *ctx, const struct tls_file *file)
{
	struct session *s = ctx;
	struct tls_points points;
	int err;

	if (file->crypto)
		return on_crypto(s, file);
	err = tls_points_find(file->fd, &s->root, file->dir, &points);
	if (err || points.kind == TLS_NONE) {
		if (file->named)
			log_warn("--libssl %s: %s: nothing of it is captured", file->name, tls_points_refusal(err));
		return TLS_FILE_NONE;
	}
	return waits_for_crypto(file, &points) ? TLS_FILE_LATER : probe_library(s, file, &points);
}

static int find_named(struct session *s)
{
	const struct options *o = s->opts;

	for (size_t i = 0; i < o->libssl_cnt; i++) {
		int err = tls_find_path(s->tls_find, o->libssl[i]);

		if (!err)
			continue;
		log_err("--libssl %s: %s", o->libssl[i], err == -EINVAL ? "no regular file: name the library itself" : strerror(-err));
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

static void look_at_some(struct session *s)
{
	if (s->tls_rounds && tls_find_some(s->tls_find, PROCESSES_A_TURN))
		s->tls_rounds--;
}

/* News first, then what is there already. Without news libraries are found late, by looking through the processes. */
static void find_existing(struct session *s)
{
	uint64_t until_ns = clock_mono_ns() + START_NS;
	int err = ring_open_mappings(MAPPINGS_BYTES, &s->mappings);

	if (err)
		log_verbose("what programs load is not told at once: %s", strerror(-err));
	tls_find_system(s->tls_find);
	s->tls_rounds = 1;
	while (s->tls_rounds && clock_mono_ns() < until_ns)
		look_at_some(s);
}

bool session_wants_secrets(const struct session *s)
{
	const struct options *o = s->opts;

	return o->plaintext || o->keylog_path || (o->write_path && !o->no_keys);
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

	if (!session_wants_secrets(s))
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
	if (err)
		return err;
	find_existing(s);
	return 0;
}

void session_close_tls(struct session *s)
{
	hold_free(s->hold);
	ring_close(s->mappings);
	tls_find_free(s->tls_find);
	tls_probes_free(s->tls_probes);
	hooks_free(s->tls_hooks);
	secret_table_free(s->secrets);
}

int session_watch_mappings(struct session *s)
{
	int err = 0;

	for (size_t i = 0; s->mappings && !err && i < ring_cpu_cnt(s->mappings); i++) {
		err = session_watch(s, ring_fd(s->mappings, i), EPOLLIN, WAKE_MAPPING, (uint32_t)i);
		if (err == -EEXIST)
			err = 0; /* it is watched all the time */
	}
	return err;
}

void session_on_mapping_wake(struct session *s, uint32_t cpu)
{
	if (++s->mapping_wakes > MAPPINGS_WAKES)
		epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, ring_fd(s->mappings, cpu), NULL);
}

bool session_mappings_come_fast(const struct session *s)
{
	return s->mapping_wakes > MAPPINGS_WAKES;
}

static void on_mapping(void *ctx, const struct mapping *m)
{
	tls_find_mapping(ctx, m);
}

/* What is lost of the news is looked for among all processes; those of the round that is under way may have been too early. */
static void read_mappings(struct session *s)
{
	uint64_t lost = ring_lost(s->mappings);

	mappings_read(s->mappings, on_mapping, s->tls_find);
	if (ring_lost(s->mappings) != lost)
		s->tls_rounds = 2;
}

void session_find_tls(struct session *s)
{
	if (s->mappings)
		read_mappings(s);
	look_at_some(s);
}

void session_tend_tls(struct session *s)
{
	if (s->tls_find && !s->mappings && !s->tls_rounds)
		tls_find_some(s->tls_find, PROCESSES_A_SECOND);
	if (session_mappings_come_fast(s))
		session_watch_mappings(s); /* again those that were too many */
	s->mapping_wakes = 0;
}

/* A probe cannot read its name where the process never did; the process is in its handshake, so it is there to be asked. */
static void name_secret(const struct session *s, struct ev_secret *ev)
{
	if (!ev->label[0])
		procmem_text(&s->root, ev->pid, ev->label_at, ev->label, sizeof(ev->label));
}

void session_on_kdf(struct session *s, const struct ev_kdf *ev)
{
	struct ev_secret secret;
	int makes = s->secrets ? kdf_secret(s->secrets, ev, &secret) : 0;

	if (makes < 0)
		s->stats.secrets_whose++;
	if (makes > 0)
		session_on_secret(s, &secret);
	explicit_bzero(&secret, sizeof(secret));
}

void session_on_secret(struct session *s, const struct ev_secret *rec)
{
	struct ev_secret named = *rec;
	const struct ev_secret *ev = &named;
	const struct secret *secret;
	int news;

	name_secret(s, &named);
	news = s->secrets ? secret_add(s->secrets, ev, &secret) : 0;
	if (news < 0)
		s->stats.secrets_failed++;
	if (news < 0 && !ev->label[0])
		s->stats.secrets_unnamed++;
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
