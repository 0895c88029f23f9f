/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/frag.c src/pipeline/shake.c src/model/owner.c */
/* Whose are the later fragments of a packet? */
#include "claims.h"
#include "pipeline/frag.h"
#include "tap.h"

#define V4_MS 30000
#define V6_MS 60000

static struct ev_packet fragment(const char *laddr, const char *raddr, uint32_t id, uint64_t at_ms)
{
	struct ev_packet rec;

	memset(&rec, 0, sizeof(rec));
	rec.hdr.ts_ns = at_ms * MS;
	rec.key = claims_udp(laddr, 0, raddr, 0);
	rec.netns = NETNS;
	rec.dir = EV_DIR_IN;
	rec.frag_id = id;
	return rec;
}

static void first(struct frag_table *t, const struct ev_packet *rec, uint32_t pid)
{
	const struct owner o = {.pid = pid, .attr = pid ? EV_ATTR_EXACT : EV_ATTR_NONE};

	frag_first(t, rec, &o);
}

/* 0: nobody */
static uint32_t pid_of(const struct frag_table *t, const struct ev_packet *rec)
{
	struct owner o = {0};

	return frag_find(t, rec, &o) ? o.pid : 0;
}

static uint32_t pid_at(const struct frag_table *t, struct ev_packet rec, uint64_t at_ms)
{
	rec.hdr.ts_ns = at_ms * MS;
	return pid_of(t, &rec);
}

/* Each of these makes it a fragment of another packet. */
static void test_key(void)
{
	struct frag_table *t = frag_table_new();
	struct ev_packet rec = fragment("10.0.0.1", "10.0.0.2", 7, 10), other;

	tap_is_int(pid_of(t, &rec), 0, "nothing is known");
	first(t, &rec, 100);
	tap_is_int(pid_of(t, &rec), 100, "a fragment of the same packet");
	other = rec;
	other.frag_id = 8;
	tap_is_int(pid_of(t, &other), 0, "another identification");
	other = rec;
	other.dir = EV_DIR_OUT;
	tap_is_int(pid_of(t, &other), 0, "another direction");
	other = rec;
	other.netns++;
	tap_is_int(pid_of(t, &other), 0, "another namespace");
	other = rec;
	other.key.proto = IPPROTO_ICMP;
	tap_is_int(pid_of(t, &other), 0, "another protocol");
	other = rec;
	other.key.raddr[15]++;
	tap_is_int(pid_of(t, &other), 0, "another remote address");
	other = rec;
	other.key.laddr[15]++;
	tap_is_int(pid_of(t, &other), 0, "another local address");
	other = rec;
	other.ifindex++;
	other.key.lport = 5000;
	tap_is_int(pid_of(t, &other), 100, "ports and interface say nothing");
	frag_table_free(t);
}

static void test_ipv6_proto(void)
{
	struct frag_table *t = frag_table_new();
	struct ev_packet rec = fragment("fd00::1", "fd00::2", 7, 10), later = rec;

	first(t, &rec, 100);
	later.key.proto = 60; /* destination options: what the fragment header of a later one names */
	tap_is_int(pid_of(t, &later), 100, "IPv6: a later fragment's protocol says nothing");
	frag_table_free(t);
}

static void test_time(void)
{
	struct frag_table *t = frag_table_new();
	struct ev_packet v4 = fragment("10.0.0.1", "10.0.0.2", 7, 10), v6 = fragment("fd00::1", "fd00::2", 7, 10);

	first(t, &v4, 100);
	first(t, &v6, 200);
	tap_is_int(pid_at(t, v4, 9), 0, "before the first fragment");
	tap_is_int(pid_at(t, v4, 10 + V4_MS - 1), 100, "IPv4: 30 s");
	tap_is_int(pid_at(t, v4, 10 + V4_MS), 0, "IPv4: too late");
	tap_is_int(pid_at(t, v6, 10 + V6_MS - 1), 200, "IPv6: 60 s");
	tap_is_int(pid_at(t, v6, 10 + V6_MS), 0, "IPv6: too late");
	frag_table_free(t);
}

static void test_used_again(void)
{
	struct frag_table *t = frag_table_new();
	struct ev_packet rec = fragment("10.0.0.1", "10.0.0.2", 7, 10);

	first(t, &rec, 100);
	first(t, &rec, 200);
	tap_is_int(pid_of(t, &rec), 200, "an identification used again");
	first(t, &rec, 0);
	tap_is_int(pid_of(t, &rec), 0, "by nobody");
	first(t, &rec, 300);
	tap_is_int(pid_of(t, &rec), 300, "and again");
	frag_table_free(t);
}

/* Far more packets than it holds. */
static void test_bound(void)
{
	struct frag_table *t = frag_table_new();
	struct ev_packet rec = fragment("10.0.0.1", "10.0.0.2", 0, 10), v6 = fragment("fd00::1", "fd00::2", 0, 10);
	uint32_t known = 0, wrong = 0;

	for (uint32_t id = 1; id <= 20000; id++) {
		rec.frag_id = id;
		first(t, &rec, id);
	}
	for (uint32_t id = 1; id <= 20000; id++) {
		uint32_t pid;

		rec.frag_id = id;
		pid = pid_of(t, &rec);
		known += pid != 0;
		wrong += pid && pid != id;
	}
	tap_is_int(wrong, 0, "no wrong answer");
	tap_ok(known >= 1000 && known < 20000, "it is bounded (%u known)", known);
	rec.frag_id = 20000 - known + 1;
	tap_is_int(pid_of(t, &rec), 20000 - known + 1, "the oldest are the forgotten ones");
	first(t, &v6, 1);
	tap_is_int(pid_of(t, &rec), 0, "and the next");
	frag_table_free(t);
}

int main(void)
{
	test_key();
	test_ipv6_proto();
	test_time();
	test_used_again();
	test_bound();
	frag_table_free(NULL);
	return tap_done();
}
