/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened to the packets, for people: one line at the end, all counters on SIGUSR1. */
#include "session_int.h"
#include "base/buf.h"
#include "base/log.h"

#include <inttypes.h>

/* New keys that are neither there nor were deleted because they had had their time. */
static uint64_t owners_evicted(const struct stats *st, int64_t live)
{
	uint64_t inserted = st->kernel[EV_STAT_FLOW_INSERT] + st->owner_seeded;
	uint64_t accounted = st->kernel[EV_STAT_FLOW_DELETE] + st->owner_cleared + st->owner_unseeded + (uint64_t)live;

	return inserted > accounted ? inserted - accounted : 0;
}

/* The ring tells of a loss with the next record that finds room; the kernel side counts each refusal at once. */
static uint64_t larger(uint64_t told, uint64_t refused)
{
	return told > refused ? told : refused;
}

void session_refresh_stats(struct session *s)
{
	struct stats *st = &s->stats;
	int64_t live;

	map_sum_percpu(maps_fd(s->maps, "m_stats"), st->kernel, EV_STAT_CNT);
	live = map_count(maps_fd(s->maps, "m_flow_owner"), sizeof(struct ev_key), s->opts->map_size);
	st->lost_ring = larger(ring_lost(s->packets.ring), st->kernel[EV_STAT_FAILED]);
	if (s->plain.ring)
		st->plain_lost = larger(ring_lost(s->plain.ring), st->kernel[EV_STAT_TLS_FAILED]);
	st->lost_owners = ring_lost(s->owners.ring) + st->claims_failed;
	st->unordered = order_unordered(s->packets.order);
	st->flow_evicted = flow_evicted(s->flows);
	if (s->conns)
		st->conn_evicted = conn_evicted(s->conns);
	st->owner_cleared = evict_cleared(s->evict);
	st->unfollowed = session_unfollowed(s);
	if (live >= 0)
		st->owner_evicted = owners_evicted(st, live);
}

/* "exact 12, listener 2" */
static void put_kinds(struct buf *b, const struct stats *st)
{
	const char *comma = "";

	for (uint8_t attr = EV_ATTR_NONE + 1; attr < EV_ATTR_CNT; attr++) {
		if (!st->by_attr[attr])
			continue;
		buf_printf(b, "%s%s %" PRIu64, comma, owner_attr_name(attr), st->by_attr[attr]);
		comma = ", ";
	}
}

static void put_if(struct buf *b, uint64_t n, const char *what)
{
	if (n)
		buf_printf(b, ", %" PRIu64 " %s", n, what);
}

/* Contract: "N packets captured (KINDS), N without owner, N lost", then what else is not 0. */
static void put_summary(struct buf *b, const struct stats *st)
{
	buf_printf(b, "%" PRIu64 " packets captured", st->captured);
	if (st->captured > st->by_attr[EV_ATTR_NONE]) {
		buf_puts(b, " (");
		put_kinds(b, st);
		buf_putc(b, ')');
	}
	buf_printf(b, ", %" PRIu64 " without owner, %" PRIu64 " lost", st->by_attr[EV_ATTR_NONE], st->lost_ring);
	put_if(b, st->unwritten, "not written");
	put_if(b, st->kernel[EV_STAT_FILTERED] + st->filtered, "of other processes");
	put_if(b, st->filtered_unknown, "without owner filtered out");
	put_if(b, st->unfollowed, "processes the filter had no room for");
	put_if(b, st->lost_owners, "owner records lost (--buffer-size)");
	put_if(b, st->plain_lost, "pieces of plaintext lost");
	put_if(b, st->plain_cut, "TLS calls cut short");
	put_if(b, st->kernel[EV_STAT_TLS_UNTOLD], "TLS calls not told of");
	put_if(b, st->kernel[EV_STAT_SECRET_FAILED], "TLS secrets lost");
	put_if(b, st->secrets_failed, "TLS secrets not understood");
	put_if(b, st->secrets_unnamed, "of them without a label");
	put_if(b, st->secrets_whose, "TLS secrets of unknown connections");
	put_if(b, st->early, "judged early");
	put_if(b, st->owner_evicted, "owners evicted in the kernel (--map-size)");
	put_if(b, st->kernel[EV_STAT_FLOW_FULL] + st->kernel[EV_STAT_SOCK_FULL],
		"owners refused by the full kernel maps (--map-size)");
	put_if(b, st->flow_evicted, "flows forgotten");
	put_if(b, st->conn_evicted, "connections' descriptors forgotten");
	put_if(b, st->bad_records, "records not understood");
}

/* " (CPU 0: 12, CPU 3: 5)" */
static void put_lost_by_cpu(struct buf *b, const struct ring *ring)
{
	const char *before = " (";

	for (size_t i = 0; i < ring_cpu_cnt(ring); i++) {
		uint32_t cpu;
		uint64_t lost = ring_lost_on(ring, i, &cpu);

		if (!lost)
			continue;
		buf_printf(b, "%sCPU %u: %" PRIu64, before, cpu, lost);
		before = ", ";
	}
	if (*before == ',')
		buf_putc(b, ')');
}

/* Where TLS is looked at: "TLS: N libraries (...), N secrets, N bytes of plaintext; N packets waited for keys, ..." */
static void report_tls(const struct session *s)
{
	const struct stats *st = &s->stats;
	struct hold_stats held = {0};
	struct buf b = BUF_INIT;

	if (!s->secrets)
		return;
	buf_printf(&b, "TLS: %" PRIu64 " libraries probed", st->libraries);
	put_if(&b, st->libraries_mute, "of them without secrets");
	put_if(&b, st->libraries_failed, "not probed");
	buf_printf(&b, ", %" PRIu64 " secrets", st->secrets);
	if (s->opts->plaintext)
		buf_printf(&b, ", %" PRIu64 " bytes of plaintext", st->plain_bytes);
	if (s->hold) {
		hold_stats(s->hold, &held);
		buf_printf(&b, "; %" PRIu64 " packets waited for keys, of flows: %" PRIu64 " got them, %" PRIu64 " did not",
			held.held, held.with_keys, held.without_keys);
		put_if(&b, held.too_long, "after --hold's time");
		put_if(&b, held.too_large, "for lack of room");
		put_if(&b, held.at_end, "until the end");
		put_if(&b, held.unwatched, "handshakes too many to be watched");
	}
	log_info("%s", buf_cstr(&b));
	buf_free(&b);
}

static void warn_of_loss(struct session *s)
{
	struct buf b = BUF_INIT;

	if (!s->stats.lost_ring)
		return;
	put_lost_by_cpu(&b, s->packets.ring);
	log_warn("%" PRIu64 " packets were lost because the buffer was full%s: try a larger --buffer-size or a smaller "
		 "-s",
		s->stats.lost_ring, buf_cstr(&b));
	buf_free(&b);
}

void session_report_end(struct session *s)
{
	struct buf b = BUF_INIT;

	report_tls(s);
	put_summary(&b, &s->stats);
	log_info("%s", buf_cstr(&b));
	warn_of_loss(s);
	buf_free(&b);
}

void session_report_counters(struct session *s)
{
	const struct stats *st = &s->stats;
	struct buf b = BUF_INIT;

	if (!s->attached) /* the file's header waits for a reader: there are no counters yet */
		return;
	session_refresh_stats(s);
	put_summary(&b, st);
	log_info("%s", buf_cstr(&b));
	log_info("kernel: %" PRIu64 " seen, %" PRIu64 " filtered, %" PRIu64 " sent, %" PRIu64 " refused by the buffer; "
		 "owners: %" PRIu64 " noted, %" PRIu64 " seeded, %" PRIu64 " cleared away, %" PRIu64 " evicted, %" PRIu64
		 " refused by a full map, %" PRIu64 " sockets likewise, %" PRIu64 " not told",
		st->kernel[EV_STAT_SEEN], st->kernel[EV_STAT_FILTERED], st->kernel[EV_STAT_SENT],
		st->kernel[EV_STAT_FAILED], st->kernel[EV_STAT_FLOW_INSERT], st->owner_seeded, st->owner_cleared,
		st->owner_evicted, st->kernel[EV_STAT_FLOW_FULL], st->kernel[EV_STAT_SOCK_FULL],
		st->kernel[EV_STAT_OWNER_FAILED]);
	report_tls(s);
	log_info("user space: %zu flows known, %" PRIu64 " forgotten; %" PRIu64 " packets judged early, %" PRIu64
		 " out of order",
		flow_count(s->flows), st->flow_evicted, st->early, st->unordered);
	session_conn_report(s);
	warn_of_loss(s);
	buf_free(&b);
}
