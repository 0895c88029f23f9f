/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop: one thread, one epoll. Time is taken first, then everything is read: what was captured before that moment minus
 * the window is complete, and handed on in order. */
#include "session_int.h"
#include "base/log.h"
#include "model/packet.h"
#include "model/record.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* What the end of a process closes is told within this time, unless it has much memory to give back: then its descriptors are
 * still there to be seen. */
#define ENDING_NS (5 * NSEC_PER_MSEC)

/* A record is written a little after its time was taken: interrupts, and in a virtual machine a stolen CPU. */
#define SLACK_NS (2 * NSEC_PER_MSEC)

/* Packets below the watermark are fetched by this clock. */
#define TICK_BUSY_MS 10
#define TICK_IDLE_MS 50
#define TICK_MAPPINGS_MS 2 /* a program may live for a few; as often as they may wake us by themselves */

#define CLOCK_EVERY_NS NSEC_PER_SEC

/* Above this filling packets are judged early rather than lost. */
#define PRESSURE_PERCENT 50

static int watch_ring(struct session *s, const struct ring *ring)
{
	int err = 0;

	for (size_t i = 0; i < ring_cpu_cnt(ring) && !err; i++)
		err = session_watch(s, ring_fd(ring, i), EPOLLIN, WAKE_RING, 0);
	return err;
}

static int watch_all(struct session *s)
{
	int err;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return -errno;
	err = session_watch(s, s->signal_fd, EPOLLIN, WAKE_SIGNAL, 0);
	if (!err)
		err = session_watch_netns(s);
	if (!err)
		err = watch_ring(s, s->owners.ring);
	if (!err)
		err = watch_ring(s, s->packets.ring);
	if (!err && s->plain.ring)
		err = watch_ring(s, s->plain.ring);
	if (!err)
		err = session_watch_mappings(s);
	return err;
}

static void on_claim(struct session *s, const struct ev_owner *ev)
{
	session_note_netns(s, ev->key.netns, ev->owner.tid);
	filter_acted(s->filter, ev->owner.pid, ev->owner.start_ns);
	session_conn_owner(s, ev);
	if (ev->kind == EV_OWN_HOLD)
		session_on_holder(s, ev);
	else if (flow_claim(s->flows, ev))
		s->stats.claims_failed++;
	else
		session_on_sharer(s, ev);
}

static void on_owner(void *ctx, const void *rec, size_t len)
{
	struct session *s = ctx;
	const struct ev_hdr *hdr = rec;

	if (record_check(rec, len)) {
		s->stats.bad_records++;
	} else if (hdr->type == EV_OWNER) {
		on_claim(s, rec);
	} else if (hdr->type == EV_CLOSE) {
		session_conn_close(s, rec);
		flow_close(s->flows, rec);
	} else if (hdr->type == EV_RELEASE) {
		session_conn_release(s, rec);
		session_on_release(s, rec);
	} else if (hdr->type == EV_SECRET) {
		session_on_secret(s, rec);
	} else if (hdr->type == EV_KDF) {
		session_on_kdf(s, rec);
	} else if (hdr->type == EV_SHAKE) {
		attribute_chosen(s->attributor, rec);
	} else if (hdr->type != EV_PACKET) {
		session_on_process(s, rec);
	}
}

static void count_captured(struct session *s, const struct packet *p, struct iface *iface)
{
	iface->received++;
	s->stats.captured++;
	s->stats.by_attr[p->owner.attr]++;
	if (s->opts->max_packets && s->stats.captured >= s->opts->max_packets) {
		s->full = s->stop = true;
		s->full_ns = p->ts_ns;
	}
}

static void on_packet(struct session *s, const struct ev_packet *ev)
{
	struct iface *iface;
	struct packet p;

	iface = iface_find(s->ifaces, ev->netns, ev->ifindex);
	if (!iface) {
		s->stats.bad_records++;
		return;
	}
	s->stats.early += ev->hdr.ts_ns > s->window_end_ns;
	packet_from_record(ev, iface, s->opts->snaplen, &p);
	attribute_packet(s->attributor, ev, &p.owner);
	proc_name_owner(s->procs, &p.owner, ev->hdr.ts_ns);
	if (!filter_passes(s->filter, &p.owner)) {
		if (p.owner.attr == EV_ATTR_NONE)
			s->stats.filtered_unknown++;
		else
			s->stats.filtered++;
		return;
	}
	session_find_holders(s, ev, &p);
	p.ts_ns = clock_realtime_ns(&s->clock, ev->hdr.ts_ns);
	session_hand_packet(s, ev, &p);
	if (!s->full)
		count_captured(s, &p, iface);
}

static void on_packet_record(void *ctx, const void *rec, size_t len)
{
	const struct ev_hdr *hdr = rec;
	struct session *s = ctx;

	if (s->full)
		return;
	if (record_check(rec, len))
		s->stats.bad_records++;
	else if (hdr->type == EV_TAIL)
		tail_note(s->tail, rec);
	else if (hdr->type == EV_PACKET)
		on_packet(s, tail_join(s->tail, rec));
	else
		s->stats.bad_records++;
}

/* When a stream's oldest record is due; UINT64_MAX: none of it is. */
static uint64_t due_ns(const struct stream *st, uint64_t until_ns)
{
	uint64_t next_ns = order_next_ns(st->order);

	return next_ns <= until_ns ? next_ns : UINT64_MAX;
}

static uint64_t min_ns(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* Packets, and plaintext as late as packets, in one order of time: so a file holds them, and what a connection is called is known. */
static void hand_on_both(struct session *s, uint64_t packets_until_ns, uint64_t plain_until_ns)
{
	uint64_t packet_ns, plain_ns;

	order_run(s->packets.order, 0, on_packet_record, s); /* to see when the first is due */
	order_run(s->plain.order, 0, session_on_plain, s);
	for (;;) {
		packet_ns = due_ns(&s->packets, packets_until_ns);
		plain_ns = due_ns(&s->plain, plain_until_ns);
		if (packet_ns == UINT64_MAX && plain_ns == UINT64_MAX)
			break;
		if (packet_ns <= plain_ns)
			order_run(s->packets.order, min_ns(packets_until_ns, plain_ns), on_packet_record, s);
		else
			order_run(s->plain.order, min_ns(plain_until_ns, packet_ns), session_on_plain, s);
	}
}

static void hand_on_packets(struct session *s, uint64_t packets_until_ns)
{
	uint64_t plain_until_ns = packets_until_ns;

	if (!s->plain.ring) {
		order_run(s->packets.order, packets_until_ns, on_packet_record, s);
	} else {
		ring_refresh(s->plain.ring);
		if (ring_fill_percent(s->plain.ring) > PRESSURE_PERCENT)
			plain_until_ns = UINT64_MAX;
		hand_on_both(s, packets_until_ns, plain_until_ns);
		ring_commit(s->plain.ring);
	}
	ring_commit(s->packets.ring);
}

/* Those who ended at this time or before are settled: before any packet that came after it is judged. */
static uint64_t ended_until(const struct session *s, uint64_t owners_until_ns)
{
	uint64_t wait_ns = s->opts->window_ns > SLACK_NS ? s->opts->window_ns - SLACK_NS : 0;

	return owners_until_ns - (wait_ns < ENDING_NS ? wait_ns : ENDING_NS);
}

/* All records up to the two limits, owners first: a packet is judged by what became known within its window. */
static void hand_on(struct session *s, uint64_t owners_until_ns, uint64_t packets_until_ns)
{
	uint64_t settled_ns;

	ring_refresh(s->packets.ring); /* before the owners: none that a packet seen here depends on is missed */
	ring_refresh(s->owners.ring);
	order_run(s->owners.order, owners_until_ns, on_owner, s);
	ring_commit(s->owners.ring);
	s->told_ns = owners_until_ns;
	session_settle_exits(s, ended_until(s, owners_until_ns), owners_until_ns);
	settled_ns = session_settled_until(s, owners_until_ns);
	if (packets_until_ns > settled_ns)
		packets_until_ns = settled_ns;
	if (ring_fill_percent(s->packets.ring) > PRESSURE_PERCENT)
		packets_until_ns = owners_until_ns;
	hand_on_packets(s, packets_until_ns);
	if (s->conns)
		conn_expire(s->conns, packets_until_ns);
}

void session_drain(struct session *s)
{
	s->window_end_ns = UINT64_MAX;
	hand_on(s, UINT64_MAX, UINT64_MAX);
	if (s->hold)
		hold_flush(s->hold);
}

static int dispatch(struct session *s, const struct epoll_event *events, int n, uint64_t now_ns)
{
	int err = 0;

	for (int i = 0; i < n && !err; i++) {
		enum wake what = (uint32_t)events[i].data.u64;

		if (what == WAKE_SIGNAL)
			session_on_signals(s);
		else if (what == WAKE_MOUNTS)
			s->scan_wanted = true;
		else if (what == WAKE_MAPPING)
			session_on_mapping_wake(s, (uint32_t)(events[i].data.u64 >> 32));
		else if (what == WAKE_LINKS || what == WAKE_ADDRS)
			err = session_on_space(s, (uint32_t)(events[i].data.u64 >> 32), what, now_ns);
	}
	if (!err)
		err = session_tend_netns(s, now_ns);
	if (s->interfaces_lost && !session_tap_count(s))
		s->stop = true; /* nothing left to capture on */
	return err;
}

/* Milliseconds to sleep at most. */
static int sleep_ms(const struct session *s, uint64_t now_ns)
{
	bool waiting = s->tls_rounds || order_next_ns(s->packets.order) != UINT64_MAX ||
		       (s->plain.order && order_next_ns(s->plain.order) != UINT64_MAX);
	int tick = session_mappings_come_fast(s) ? TICK_MAPPINGS_MS : waiting ? TICK_BUSY_MS : TICK_IDLE_MS;

	if (s->end_ns <= now_ns)
		return 0;
	if (s->end_ns - now_ns < (uint64_t)tick * NSEC_PER_MSEC)
		tick = (int)((s->end_ns - now_ns) / NSEC_PER_MSEC) + 1;
	return tick;
}

static void every_second(struct session *s, uint64_t now_ns, uint64_t *next_ns)
{
	if (now_ns < *next_ns)
		return;
	*next_ns = now_ns + CLOCK_EVERY_NS;
	clock_offset_update(&s->clock);
	session_tend_taps(s);
	session_tend_tls(s);
	evict_run(s->evict, now_ns);
	flow_expire(s->flows, now_ns - s->opts->window_ns);
}

int session_loop(struct session *s)
{
	uint64_t now_ns = clock_mono_ns(), second_ns = now_ns + CLOCK_EVERY_NS;
	struct epoll_event events[16];
	int err = watch_all(s);

	if (err) {
		log_err("cannot wait for packets: %s", strerror(-err));
		return err;
	}
	s->end_ns = s->opts->duration_ns ? now_ns + s->opts->duration_ns : UINT64_MAX;
	session_on_signals(s); /* while it started */
	session_release_command(s);
	while (!s->stop && !err && now_ns < s->end_ns) {
		int n = epoll_wait(s->epoll_fd, events, 16, sleep_ms(s, now_ns));

		if (n < 0 && errno != EINTR)
			return -errno;
		now_ns = clock_mono_ns();
		session_find_tls(s); /* first of all: a handshake may follow in some ms */
		err = dispatch(s, events, n < 0 ? 0 : n, now_ns); /* before packets: an address that came may be theirs */
		s->window_end_ns = now_ns - s->opts->window_ns;
		hand_on(s, now_ns - SLACK_NS, s->window_end_ns);
		if (s->hold)
			hold_expire(s->hold, s->window_end_ns);
		session_flush_sinks(s); /* each time: what was held goes on without a new packet */
		every_second(s, now_ns, &second_ns);
	}
	return err;
}
