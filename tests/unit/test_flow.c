/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/flow*.c src/model/owner.c */
/* Who owned a flow or a port at which moment: DESIGN.md section 4, case by case. test_flow_model.c tries what
 * nobody thought of here. */
#include "claims.h"
#include "tap.h"

#define A 100 /* processes */
#define B 200
#define C 300

static const char *const match_names[] = {"none", "live", "closed", "late"};

/* The answer in words, such as "live 100", borrowed until the next call but three. */
static const char *say(enum flow_match match, uint32_t pid)
{
	static char texts[4][32];
	static unsigned int n;
	char *text = texts[n++ % 4];

	if (match == FLOW_NONE)
		return match_names[match];
	snprintf(text, sizeof(texts[0]), "%s %u", match_names[match], pid);
	return text;
}

static const char *ask(const struct flow_table *t, const struct ev_key *key, uint64_t at_ms)
{
	struct owner o = {0};
	enum flow_match match = flow_find(t, key, at_ms * MS, &o);

	return say(match, o.pid);
}

static const char *ask_port(const struct flow_table *t, const struct ev_key *key, uint64_t at_ms)
{
	uint8_t kind = key->proto == IPPROTO_TCP ? EV_OWN_LISTEN : EV_OWN_PORT;
	struct owner o = {0};
	enum flow_match match = flow_find_port(t, key, kind, at_ms * MS, &o);

	return say(match, o.pid);
}

static void test_one_owner(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80), other = key;
	struct owner o = {.pid = 7};

	tap_is_str(ask(t, &key, 10), "none", "an empty table");
	tap_is_int(flow_find(t, &key, 10 * MS, &o) == FLOW_NONE && o.pid == 7, 1,
		"no answer leaves the result alone");
	claims_flow(t, &key, A, 1, 10);
	tap_is_str(ask(t, &key, 10), "live 100", "from the very moment on");
	tap_is_str(ask(t, &key, 99999), "live 100", "for as long as nothing ends it");
	tap_is_str(ask(t, &key, 9), "late 100", "before: the first who came");
	other.netns++;
	tap_is_str(ask(t, &other, 10), "none", "another namespace");
	other = key;
	other.proto = IPPROTO_UDP;
	tap_is_str(ask(t, &other, 10), "none", "another protocol");
	other = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);
	tap_is_str(ask(t, &other, 10), "none", "the other end");
	tap_is_str(ask_port(t, &key, 10), "none", "a flow is no listener");
	flow_table_free(t);
}

static void test_what_is_said(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("fe80::1", 5000, "fe80::2", 80);
	struct ev_owner ev;
	struct owner o;

	memset(&ev, 0, sizeof(ev));
	ev.key = key;
	ev.kind = EV_OWN_FLOW;
	ev.owner = (struct ev_owner_val){.start_ns = 11, .sock_id = 12, .pid = 13, .tid = 14, .uid = 15};
	memset(ev.owner.comm, 'c', EV_COMM_LEN);
	memset(ev.owner.tcomm, 't', EV_COMM_LEN);
	flow_claim(t, &ev);
	tap_is_int(flow_find(t, &key, 0, &o), FLOW_LIVE, "time 0 is a time");
	tap_ok(o.start_ns == 11 && o.sock_id == 12 && o.pid == 13 && o.tid == 14 && o.uid == 15,
		"all of the owner");
	tap_is_str(o.comm, "ccccccccccccccc", "a name without an end is cut");
	tap_is_str(o.tcomm, "ttttttttttttttt", "the thread's too");
	flow_table_free(t);
}

static void test_close(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80);

	claims_flow(t, &key, A, 1, 10);
	claims_close(t, 99, 15);
	tap_is_str(ask(t, &key, 20), "live 100", "the close of an unknown socket closes nobody's");
	claims_close(t, 1, 20);
	tap_is_str(ask(t, &key, 19), "live 100", "before the close");
	tap_is_str(ask(t, &key, 20), "closed 100", "at the close");
	tap_is_str(ask(t, &key, 20 + LINGER_MS - 1), "closed 100",
		"its last FIN a little before the linger is over");
	tap_is_str(ask(t, &key, 20 + LINGER_MS), "none", "after the linger");
	claims_close(t, 1, 2000);
	tap_is_str(ask(t, &key, 20 + LINGER_MS), "none", "a second close does not lengthen it");
	flow_expire(t, (20 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 1, "what may still be asked about is kept");
	flow_expire(t, (20 + LINGER_MS) * MS + 1);
	tap_is_int(flow_count(t), 0, "then it is freed");
	tap_is_str(ask(t, &key, 15), "none", "and forgotten");
	tap_is_int(flow_evicted(t), 0, "which is no eviction");
	flow_table_free(t);
}

/* Records with times no clock shows may come from a file. */
static void test_close_at_the_end_of_time(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80);
	struct ev_close ev;
	struct owner o;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = UINT64_MAX;
	ev.sock_id = 1;
	claims_flow(t, &key, A, 1, 10);
	flow_close(t, &ev);
	flow_close(t, &ev);
	tap_is_int(flow_find(t, &key, UINT64_MAX - 1, &o), FLOW_LIVE,
		"closed at the end of time, open until then");
	flow_expire(t, UINT64_MAX);
	tap_is_int(flow_count(t), 1, "nothing is freed before it is closed");
	ev.hdr.ts_ns = UINT64_MAX - 5;
	ev.sock_id = 2;
	claims_flow(t, &key, B, 2, 20);
	flow_close(t, &ev);
	flow_expire(t, 30 * MS);
	tap_is_str(ask(t, &key, 25), "live 200", "the linger does not wrap around");
	flow_table_free(t);
}

static void test_handed_over(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);

	claims_flow(t, &key, A, 1, 10);
	claims_flow(t, &key, B, 1, 20);
	tap_is_str(ask(t, &key, 19), "live 100", "a packet from before the worker took over");
	tap_is_str(ask(t, &key, 20), "live 200", "and from then on");
	claims_flow(t, &key, A, 1, 30);
	tap_is_str(ask(t, &key, 25), "live 200", "taken back: the worker's time is still known");
	tap_is_str(ask(t, &key, 31), "live 100", "taken back");
	claims_close(t, 1, 40);
	tap_is_str(ask(t, &key, 41), "closed 100", "the last one lingers");
	tap_is_str(ask(t, &key, 25), "live 200", "the one before does not, but had its time");
	flow_table_free(t);
}

static void test_reused_by_connect(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80);

	claims_flow(t, &key, A, 1, 10);
	claims_close(t, 1, 20);
	claims_flow(t, &key, B, 2, 30);
	tap_is_str(ask(t, &key, 15), "live 100", "an old packet names the old owner");
	tap_is_str(ask(t, &key, 25), "closed 100", "so does what leaves after the close");
	tap_is_str(ask(t, &key, 30), "live 200", "a new connection names its own");
	claims_close(t, 1, 40);
	tap_is_str(ask(t, &key, 45), "live 200", "the old generation's second close is not the new one's");
	claims_close(t, 2, 50);
	tap_is_str(ask(t, &key, 51), "closed 200", "the new generation's is");
	flow_expire(t, (21 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 1, "the old generation is freed alone");
	tap_is_str(ask(t, &key, 51), "closed 200", "the new one goes on");
	flow_table_free(t);
}

/* An incoming SYN begins a new connection. */
static void test_restart(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000),
		      unknown = claims_tcp("10.0.0.2", 80, "10.0.0.9", 1);

	flow_restart(t, &unknown, 5 * MS);
	tap_is_int(flow_count(t), 0, "a SYN for an unknown flow notes nothing");
	claims_flow(t, &key, A, 1, 10);
	flow_restart(t, &key, 15 * MS);
	tap_is_str(ask(t, &key, 16), "live 100", "a duplicate or forged SYN does not end a live connection");
	claims_close(t, 1, 20);
	tap_is_str(ask(t, &key, 30), "closed 100", "until a SYN the closed one answers");
	flow_restart(t, &key, 30 * MS);
	tap_is_str(ask(t, &key, 30), "none", "the SYN is not the old connection's");
	tap_is_str(ask(t, &key, 40), "none", "nor what follows");
	tap_is_str(ask(t, &key, 29), "closed 100", "what came before the SYN is");
	claims_flow(t, &key, B, 2, 35);
	tap_is_str(ask(t, &key, 30), "late 200", "the SYN is his who accepts");
	tap_is_str(ask(t, &key, 18), "live 100", "an old packet names the old owner");
	flow_restart(t, &key, 30 * MS);
	tap_is_str(ask(t, &key, 36), "live 200", "a SYN does not end what came after it");
	flow_restart(t, &key, 35 * MS);
	tap_is_str(ask(t, &key, 36), "live 200", "or with it");
	flow_expire(t, (21 + LINGER_MS) * MS);
	tap_is_str(ask(t, &key, 18), "late 200", "what was ended by a SYN is freed in its time");
	flow_table_free(t);
}

/* A socket that existed before the start has no generation. */
static void test_seed(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80),
		      other = claims_tcp("10.0.0.1", 5001, "10.0.0.2", 80);

	claims_flow(t, &key, A, 0, 10);
	claims_flow(t, &other, B, 0, 10);
	claims_close_key(t, &key, 20);
	tap_is_str(ask(t, &key, 15), "live 100", "a seed until its close");
	tap_is_str(ask(t, &key, 20), "closed 100", "it lingers as all do");
	tap_is_str(ask(t, &key, 20 + LINGER_MS), "none", "as long as all do");
	tap_is_str(ask(t, &other, 25), "live 200", "the other seed has nothing to do with it");
	flow_restart(t, &key, 30 * MS);
	tap_is_str(ask(t, &key, 30), "none", "a SYN ends a closed seed");
	flow_expire(t, (21 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 1, "a closed seed is freed");
	claims_flow(t, &other, C, 5, 30);
	tap_is_str(ask(t, &other, 29), "live 200", "a seed is replaced as any other");
	tap_is_str(ask(t, &other, 30), "live 300", "by who acts");
	claims_close_key(t, &other, 40);
	tap_is_str(ask(t, &other, 41), "closed 300",
		"the kernel had forgotten the generation: its holder is closed");
	claims_close_key(t, &key, 50);
	tap_is_int(flow_count(t), 1, "the close of an unknown key notes nothing");
	flow_table_free(t);
}

static void test_late(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);

	claims_flow(t, &key, A, 1, 30);
	claims_flow(t, &key, B, 1, 40);
	tap_is_str(ask(t, &key, 10), "late 100", "the first who came, not the last");
	claims_close(t, 1, 50);
	tap_is_str(ask(t, &key, 10), "late 100", "though he is gone by now");
	claims_flow(t, &key, C, 2, 5000);
	tap_is_str(ask(t, &key, 4000), "late 300", "between a linger and a new owner: the new one");
	flow_table_free(t);
}

/* Of two CPUs' records of one moment either may be read first. */
static void test_out_of_order(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000),
		      raced = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5001);
	struct ev_key port = claims_udp(NULL, 53, NULL, 0), to = claims_udp("10.0.0.1", 53, "10.0.0.9", 999);

	claims_flow(t, &key, B, 1, 20);
	claims_flow(t, &key, A, 1, 10);
	tap_is_str(ask(t, &key, 15), "live 100", "an older claim that comes later has its own time");
	tap_is_str(ask(t, &key, 25), "live 200", "and does not end the newer one");
	tap_is_str(ask(t, &key, 5), "late 100", "the first who came is the first by time");
	claims_flow(t, &key, C, 1, 15);
	tap_is_str(ask(t, &key, 14), "live 100", "in the middle: before");
	tap_is_str(ask(t, &key, 15), "live 300", "in the middle: there");
	tap_is_str(ask(t, &key, 20), "live 200", "in the middle: after");
	claims_flow(t, &key, A, 1, 20);
	tap_is_str(ask(t, &key, 20), "live 100", "two of the same time: the one told last");

	claims_close(t, 7, 30);
	claims_flow(t, &raced, A, 7, 29);
	tap_is_str(ask(t, &raced, 29), "live 100", "the close came before the claim");
	tap_is_str(ask(t, &raced, 31), "closed 100", "it counts");
	flow_expire(t, (31 + LINGER_MS) * MS);
	tap_is_str(ask(t, &raced, 29), "none", "such a claim is freed too");
	claims_close(t, 8, 30);
	claims_flow(t, &raced, B, 8, 32);
	tap_is_str(ask(t, &raced, 33), "closed 200", "a claim through a closed socket is not alive");

	claims_port(t, &port, B, 21, 0, 20);
	claims_port(t, &port, A, 20, 0, 10);
	tap_is_str(ask_port(t, &to, 15), "live 100", "a port's older claim that comes later");
	tap_is_str(ask_port(t, &to, 25), "live 200", "and the newer one");
	flow_table_free(t);
}

/* Closes of sockets nobody claimed anything by are bounded, and freed. */
static void test_unclaimed_closes(void)
{
	struct flow_table *t = flow_table_new(10);
	struct ev_key key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);

	for (uint64_t id = 1; id <= 1000; id++)
		claims_close(t, id, 10);
	tap_is_int(flow_count(t), 0, "a close is no key");
	claims_flow(t, &key, A, 2000, 20);
	tap_is_str(ask(t, &key, 20), "live 100", "there is room for claims beside them");
	flow_expire(t, (11 + LINGER_MS) * MS);
	tap_is_str(ask(t, &key, 20), "live 100", "which stay when the closes go");
	for (uint64_t id = 1; id <= 5; id++)
		claims_close(t, id, 30);
	flow_table_free(t);
}

static void test_port_addresses(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key one = claims_udp("10.0.0.1", 53, NULL, 0), any = claims_udp(NULL, 53, NULL, 0);
	struct ev_key to_one = claims_udp("10.0.0.1", 53, "10.0.0.9", 999),
		      to_two = claims_udp("10.0.0.2", 53, "10.0.0.9", 999);
	struct ev_key six = claims_udp("fd00::1", 53, "fd00::9", 999);

	claims_port(t, &any, A, 1, 0, 10);
	tap_is_str(ask_port(t, &to_one, 10), "live 100", "any address");
	tap_is_str(ask_port(t, &to_one, 9), "none", "a port is never late");
	tap_is_str(ask_port(t, &six, 10), "none", "0.0.0.0 takes no IPv6");
	claims_port(t, &one, B, 2, 0, 10);
	tap_is_str(ask_port(t, &to_one, 10), "live 200", "the address itself comes before any");
	tap_is_str(ask_port(t, &to_two, 10), "live 100", "another address is any's");
	claims_close(t, 2, 20);
	tap_is_str(ask_port(t, &to_one, 21), "live 100", "an open any comes before a closed address");
	tap_is_str(ask_port(t, &to_one, 19), "live 200", "not before the close");
	claims_close(t, 1, 30);
	tap_is_str(ask_port(t, &to_one, 31), "closed 200", "both closed: the address itself");
	tap_is_str(ask_port(t, &to_two, 31), "closed 100", "any, closed");
	tap_is_str(ask_port(t, &to_two, 30 + LINGER_MS), "none", "and over");
	flow_table_free(t);
}

static void test_port_families(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key any = claims_udp(NULL, 53, NULL, 0), mapped = claims_udp("10.0.0.1", 53, NULL, 0);
	struct ev_key four = claims_udp("10.0.0.1", 53, "10.0.0.9", 999),
		      six = claims_udp("fd00::1", 53, "fd00::9", 999);

	claims_port(t, &any, A, 1, EV_OWN_V6, 10);
	tap_is_str(ask_port(t, &six, 10), "live 100", ":: takes IPv6");
	tap_is_str(ask_port(t, &four, 10), "live 100", "and IPv4");
	claims_port(t, &any, B, 2, 0, 20);
	tap_is_str(ask_port(t, &four, 20), "live 200", "0.0.0.0 comes before ::");
	tap_is_str(ask_port(t, &six, 20), "live 100", "for IPv4 only");
	claims_close(t, 2, 30);
	tap_is_str(ask_port(t, &four, 30), "live 100", "an open :: comes before a closed 0.0.0.0");
	claims_close(t, 1, 40);
	claims_port(t, &any, C, 3, EV_OWN_V6 | EV_OWN_V6ONLY, 5000);
	tap_is_str(ask_port(t, &six, 5000), "live 300", "v6-only takes IPv6");
	tap_is_str(ask_port(t, &four, 5000), "none", "and no IPv4");
	claims_port(t, &mapped, A, 4, EV_OWN_V6, 6000);
	tap_is_str(ask_port(t, &four, 6000), "live 100", "an IPv6 socket bound to ::ffff:10.0.0.1");
	flow_table_free(t);
}

static void test_shared_port(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key any = claims_udp(NULL, 53, NULL, 0), one = claims_udp("10.0.0.1", 53, NULL, 0);
	struct ev_key to_one = claims_udp("10.0.0.1", 53, "10.0.0.9", 999),
		      to_two = claims_udp("10.0.0.2", 53, "10.0.0.9", 999);

	claims_port(t, &one, A, 1, EV_OWN_REUSE, 10);
	claims_port(t, &one, A, 2, EV_OWN_REUSE, 11);
	tap_is_str(ask_port(t, &to_one, 15), "live 100", "two sockets of one process");
	claims_port(t, &one, B, 3, EV_OWN_REUSE, 20);
	tap_is_str(ask_port(t, &to_one, 19), "live 100", "before the second process came");
	tap_is_str(ask_port(t, &to_one, 20), "none", "two processes and no proof");
	claims_port(t, &any, C, 4, EV_OWN_REUSE, 25);
	tap_is_str(ask_port(t, &to_one, 26), "none", "a third on any address is not the answer");
	tap_is_str(ask_port(t, &to_two, 26), "live 300", "but for the other addresses");
	claims_close(t, 1, 30);
	tap_is_str(ask_port(t, &to_one, 31), "none", "one socket less, two processes still");
	claims_close(t, 2, 40);
	tap_is_str(ask_port(t, &to_one, 41), "live 200", "one process is left");
	claims_port(t, &one, C, 3, EV_OWN_REUSE, 50);
	tap_is_str(ask_port(t, &to_one, 49), "live 200", "a socket handed over: before");
	tap_is_str(ask_port(t, &to_one, 50), "live 300", "a socket handed over is still one socket");
	claims_port(t, &one, A, 5, 0, 60);
	tap_is_str(ask_port(t, &to_one, 60), "live 100",
		"who does not share ends the others: their close was lost");
	tap_is_str(ask_port(t, &to_one, 59), "live 300", "not in hindsight");
	flow_table_free(t);
}

static void test_closed_and_shared(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key any = claims_udp(NULL, 53, NULL, 0), to = claims_udp("10.0.0.1", 53, "10.0.0.9", 999);

	claims_port(t, &any, A, 1, EV_OWN_REUSE, 10);
	claims_port(t, &any, B, 2, EV_OWN_REUSE, 10);
	claims_close(t, 1, 20);
	claims_close(t, 2, 20);
	tap_is_str(ask_port(t, &to, 21), "none", "two processes closed: nobody knows whose");
	flow_table_free(t);
}

static void test_kinds(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key port = claims_tcp(NULL, 80, NULL, 0), to = claims_tcp("10.0.0.1", 80, "10.0.0.9", 999);
	struct owner o;

	claims_listen(t, &port, A, 1, 0, 10);
	tap_is_str(ask_port(t, &to, 10), "live 100", "a listener");
	tap_is_int(flow_find_port(t, &to, EV_OWN_PORT, 10 * MS, &o), FLOW_NONE,
		"is not asked for by another kind");
	tap_is_str(ask(t, &port, 10), "none", "and no flow");
	claims_claim(t, &port, (struct actor){B, 2, EV_OWN_FLOW, 0}, 20);
	tap_is_str(ask_port(t, &to, 20), "live 100", "a flow of the same key does not end it");
	tap_is_int(flow_count(t), 2, "they are two");
	to.netns++;
	tap_is_str(ask_port(t, &to, 10), "none", "another namespace");
	flow_table_free(t);
}

/* More sockets on one port than are kept. */
static void test_many_holders(void)
{
	struct ev_key any = claims_udp(NULL, 53, NULL, 0), to = claims_udp("10.0.0.1", 53, "10.0.0.9", 999);
	struct flow_table *t = flow_table_new(100);

	for (uint64_t i = 0; i < 128; i++)
		claims_port(t, &any, A, 1 + i, EV_OWN_REUSE, 10);
	tap_is_str(ask_port(t, &to, 10), "live 100", "one process with a socket per CPU");
	for (uint64_t i = 0; i < 2000; i++)
		claims_port(t, &any, B, 1000 + i, EV_OWN_REUSE, 20);
	for (uint64_t i = 0; i < 2000; i++)
		claims_close(t, 1000 + i, 30);
	tap_is_str(ask_port(t, &to, 40), "none", "holders were forgotten: who is left is not the only one");
	flow_table_free(t);
}

/* One stays, others come and go: it must not be the one that is forgotten. */
static void test_holder_among_guests(void)
{
	struct ev_key any = claims_udp(NULL, 5353, NULL, 0),
		      to = claims_udp("10.0.0.1", 5353, "10.0.0.9", 5353);
	struct flow_table *t = flow_table_new(100);
	uint64_t now = 20;

	claims_port(t, &any, A, 1, EV_OWN_REUSE, 10);
	for (uint64_t i = 0; i < 1000; i++, now += 2) {
		claims_port(t, &any, B, 1000 + i, EV_OWN_REUSE, now);
		claims_close(t, 1000 + i, now + 1);
	}
	tap_is_str(ask_port(t, &to, now), "live 100", "the one who stayed");
	claims_port(t, &any, B, 9999, EV_OWN_REUSE, now);
	tap_is_str(ask_port(t, &to, now), "none", "is a candidate for ever");
	tap_is_str(ask_port(t, &to, 21), "none", "a time of which claims were forgotten has no answer");
	flow_table_free(t);
}

/* Two processes that send through one socket in turn. */
static void test_flow_handed_back_and_forth(void)
{
	struct ev_key key = claims_udp("10.0.0.1", 53, "10.0.0.9", 999);
	struct flow_table *t = flow_table_new(100);
	size_t wrong = 0, none = 0;

	for (uint32_t i = 0; i < 5000; i++)
		claims_flow(t, &key, i % 2 ? A : B, 1, 10 + i);
	for (uint32_t i = 0; i < 5000; i++) {
		const char *got = ask(t, &key, 10 + i);

		none += !strcmp(got, "none");
		wrong += strcmp(got, "none") && strcmp(got, i % 2 ? "live 100" : "live 200");
	}
	tap_is_int(wrong, 0, "a forgotten turn is no other's");
	tap_ok(none && none < 4900, "turns are forgotten, the newest are known (%zu of 5000 forgotten)",
		none);
	tap_is_str(ask(t, &key, 5009), "live 100", "the last one");
	flow_table_free(t);
}

static void test_eviction(void)
{
	struct flow_table *t = flow_table_new(1000);
	struct ev_key listener = claims_tcp(NULL, 80, NULL, 0),
		      to = claims_tcp("10.0.0.1", 80, "10.0.0.9", 1);
	size_t known = 0, wrong = 0;

	claims_listen(t, &listener, A, 1, 0, 1);
	for (uint32_t i = 0; i < 10000; i++) {
		struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.9", (uint16_t)(1000 + i));

		claims_flow(t, &key, B + i, 10 + i, 10);
	}
	for (uint32_t i = 0; i < 10000; i++) {
		struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.9", (uint16_t)(1000 + i));
		struct owner o;

		if (flow_find(t, &key, 11 * MS, &o) == FLOW_NONE)
			continue;
		known++;
		wrong += o.pid != B + i || i < 9000;
	}
	tap_is_int(flow_evicted(t), 9000, "the evicted are counted");
	tap_is_int(known, 1000, "as many as it may hold");
	tap_is_int(flow_count(t), 1001, "and the listener");
	tap_is_int(wrong, 0, "the newest, with their owners");
	tap_is_str(ask_port(t, &to, 11), "live 100",
		"the oldest of all, a listener, is not pushed out by flows");
	for (uint32_t i = 0; i < 5000; i++)
		claims_close(t, 10 + i, 20);
	flow_expire(t, (21 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 1001, "the closes of evicted sockets free nobody else's");
	for (uint32_t i = 5000; i < 10000; i++)
		claims_close(t, 10 + i, 20);
	flow_expire(t, (21 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 1, "all closed, all freed");
	flow_table_free(t);
}

/* Where a holder of a port was forgotten, the next best is not the answer. */
static void test_ports_evicted(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key any = claims_udp(NULL, 53, NULL, 0), one = claims_udp("10.0.0.1", 53, NULL, 0);
	struct ev_key to = claims_udp("10.0.0.1", 53, "10.0.0.9", 999);

	claims_port(t, &one, A, 1, 0, 10);
	for (uint16_t i = 0; i < 100; i++) {
		struct ev_key other = claims_udp(NULL, (uint16_t)(1000 + i), NULL, 0);

		claims_port(t, &other, C, 100 + i, 0, 11);
	}
	claims_port(t, &any, B, 2, 0, 12);
	tap_is_str(ask_port(t, &to, 13), "none", "the holder of the address was forgotten");
	to.lport = 1099;
	tap_is_str(ask_port(t, &to, 13), "live 300", "another port");
	tap_is_int(flow_evicted(t), 2, "forgotten ports are counted");
	flow_table_free(t);
}

static void test_smallest_table(void)
{
	struct flow_table *t = flow_table_new(0);
	struct ev_key key = claims_tcp("10.0.0.1", 1, "10.0.0.2", 2),
		      next = claims_tcp("10.0.0.1", 2, "10.0.0.2", 2);

	claims_flow(t, &key, A, 1, 10);
	claims_flow(t, &next, B, 2, 10);
	tap_is_str(ask(t, &key, 10), "none", "a table of none holds one: the old one is gone");
	tap_is_str(ask(t, &next, 10), "live 200", "the new one is there");
	flow_table_free(t);
	flow_table_free(NULL);
}

/* One socket, many flows: they go with it. */
static void test_many_flows_of_a_socket(void)
{
	struct flow_table *t = flow_table_new(10000);
	struct ev_key port = claims_udp(NULL, 53, NULL, 0);

	claims_port(t, &port, A, 1, 0, 10);
	for (uint16_t i = 1; i <= 5000; i++) {
		struct ev_key key = claims_udp("10.0.0.1", 53, "10.0.0.9", i);

		claims_flow(t, &key, A, 1, 10);
	}
	tap_is_int(flow_count(t), 5001, "a server that answers many");
	claims_close(t, 1, 20);
	flow_expire(t, (21 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 0, "all go with its socket");
	flow_table_free(t);
}

/* A claim through the socket at this kernel address, of this file. */
static void claim_at(
	struct flow_table *t, const struct ev_key *key, uint32_t pid, uint64_t id_ms, uint64_t sk, uint64_t ino, uint64_t at_ms)
{
	struct ev_owner ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.key = *key;
	ev.kind = key->rport ? EV_OWN_FLOW : EV_OWN_PORT;
	ev.flags = EV_OWN_REUSE;
	ev.ino = ino;
	ev.owner.pid = pid;
	ev.owner.start_ns = pid * 1000ULL;
	ev.owner.sk = sk;
	ev.owner.sock_id = id_ms * MS;
	flow_claim(t, &ev);
}

/* `id_ms` 0: the kernel does not know it any more. */
static void close_at(struct flow_table *t, uint64_t id_ms, uint64_t sk, uint64_t at_ms)
{
	struct ev_close ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.sk = sk;
	ev.sock_id = id_ms * MS;
	flow_close(t, &ev);
}

/* The kernel's map forgot a socket that is open: its number is another when it acts again, its file is not. */
static void test_forgotten_by_the_kernel(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key port = claims_udp("10.0.0.1", 53, NULL, 0), one = claims_udp("10.0.0.1", 53, "10.0.0.9", 999),
		      two = claims_udp("10.0.0.1", 53, "10.0.0.9", 888);

	claim_at(t, &port, A, 10, 0xa, 77, 10);
	claim_at(t, &one, A, 10, 0xa, 77, 20);
	claim_at(t, &two, A, 30, 0xa, 77, 30);
	tap_is_str(ask(t, &one, 40), "live 100", "acts again: what it claimed before is still its own");
	tap_is_int(flow_count(t), 3, "and is there once");
	claim_at(t, &one, A, 10, 0xa, 77, 25);
	tap_is_str(ask(t, &one, 40), "live 100", "a record that comes late is the same socket's");
	close_at(t, 30, 0xa, 50);
	tap_is_str(ask(t, &one, 60), "closed 100", "its close ends what it claimed before,");
	tap_is_str(ask_port(t, &two, 60), "closed 100", "its port,");
	tap_is_str(ask(t, &two, 60), "closed 100", "and what it claimed since");
	flow_expire(t, (60 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 0, "nothing stays");

	claim_at(t, &port, A, 1000, 0xa, 77, 1000);
	claim_at(t, &one, A, 1000, 0xa, 77, 1000);
	close_at(t, 0, 0xa, 1050);
	tap_is_str(ask(t, &one, 1060), "closed 100", "a close without number: by its address");
	claim_at(t, &two, B, 2000, 0xa, 78, 2000);
	close_at(t, 1000, 0xa, 2100);
	tap_is_str(ask(t, &two, 2200), "live 200", "an earlier one's close is not that of the next at its address");
	flow_table_free(t);
}

/* Records may be lost. */
static void test_close_was_not_told(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key one = claims_udp("10.0.0.1", 53, "10.0.0.9", 999), two = claims_udp("10.0.0.1", 53, "10.0.0.9", 888);

	claim_at(t, &one, A, 10, 0xa, 77, 10);
	claim_at(t, &two, B, 30, 0xa, 78, 30);
	tap_is_str(ask(t, &one, 20), "live 100", "another file at the address of a socket: the earlier one was open,");
	tap_is_str(ask(t, &one, 40), "closed 100", "and was closed when the later was first seen");
	tap_is_str(ask(t, &two, 40), "live 200", "which is open");
	claim_at(t, &one, C, 5, 0xa, 76, 35);
	tap_is_str(ask(t, &two, 40), "live 200", "also when a record of one before comes late");
	flow_table_free(t);
}

int main(void)
{
	test_one_owner();
	test_what_is_said();
	test_close();
	test_close_at_the_end_of_time();
	test_handed_over();
	test_reused_by_connect();
	test_restart();
	test_seed();
	test_late();
	test_out_of_order();
	test_unclaimed_closes();
	test_port_addresses();
	test_port_families();
	test_shared_port();
	test_closed_and_shared();
	test_kinds();
	test_many_holders();
	test_holder_among_guests();
	test_flow_handed_back_and_forth();
	test_eviction();
	test_ports_evicted();
	test_smallest_table();
	test_many_flows_of_a_socket();
	test_forgotten_by_the_kernel();
	test_close_was_not_told();
	return tap_done();
}
