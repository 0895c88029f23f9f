/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/flow*.c src/model/owner.c */
#include "claims.h"
#include "tap.h"

#include "model/flow_hold.h"

#define PARENT 100
#define CHILD 101
#define OTHER 102
#define SOCK 7

static struct ev_release release(uint32_t pid, uint64_t sock_id, uint64_t at_ms)
{
	struct ev_release ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.sock_id = sock_id;
	ev.pid = pid;
	ev.start_ns = pid * 1000ULL;
	return ev;
}

static struct owner process(uint32_t pid)
{
	return (struct owner){.pid = pid, .tid = pid, .start_ns = pid * 1000ULL, .attr = EV_ATTR_EXACT};
}

/* Who owns the flow at that time; 0: nobody. */
static uint32_t owner_at(const struct flow_table *t, const struct ev_key *key, uint64_t at_ms)
{
	struct owner out;

	return flow_find(t, key, at_ms * MS, &out) == FLOW_NONE ? 0 : out.pid;
}

static uint32_t holder_at(const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t at_ms)
{
	struct owner out;

	return flow_find_port(t, key, kind, at_ms * MS, &out) == FLOW_NONE ? 0 : out.pid;
}

static void test_heir(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(PARENT, SOCK, 20);
	struct owner child = process(CHILD);

	claims_flow(t, &key, PARENT, SOCK, 10);
	tap_is_int(flow_handover(t, &ev, &child), 0, "a child holds what its parent gave up");
	tap_is_int(owner_at(t, &key, 19), PARENT, "before: the parent");
	tap_is_int(owner_at(t, &key, 20), CHILD, "from then on: the child");
	claims_flow(t, &key, OTHER, SOCK, 30);
	tap_is_int(owner_at(t, &key, 29), CHILD, "until another acts");
	tap_is_int(owner_at(t, &key, 30), OTHER, "then that one");
	claims_close(t, SOCK, 40);
	tap_is_int(owner_at(t, &key, 41), OTHER, "the last one answers after the close");
	flow_table_free(t);
}

static void test_nobody(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(PARENT, SOCK, 20);

	claims_flow(t, &key, PARENT, SOCK, 10);
	tap_is_int(flow_handover(t, &ev, NULL), 0, "no heir is known");
	tap_is_int(owner_at(t, &key, 19), PARENT, "before: the parent");
	tap_is_int(owner_at(t, &key, 25), 0, "after: nobody");
	tap_ok(!flow_given_up(t, &key, 19 * MS), "before, it was not given up");
	tap_ok(flow_given_up(t, &key, 25 * MS), "after, somebody has it");
	claims_flow(t, &key, CHILD, SOCK, 30);
	tap_is_int(owner_at(t, &key, 30), CHILD, "until one acts");
	tap_ok(!flow_given_up(t, &key, 30 * MS), "who is known then");
	flow_table_free(t);
}

/* A new connection of the tuple has nothing to do with who held the old one. */
static void test_nobody_restarted(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(PARENT, SOCK, 20);

	claims_flow(t, &key, PARENT, SOCK, 10);
	flow_handover(t, &ev, NULL);
	flow_restart(t, &key, 25 * MS);
	tap_ok(flow_given_up(t, &key, 26 * MS), "a SYN while it is open begins nothing");
	claims_close(t, SOCK, 30);
	tap_ok(flow_given_up(t, &key, 31 * MS), "its last packets are of him who had it");
	flow_restart(t, &key, 40 * MS);
	tap_ok(!flow_given_up(t, &key, 41 * MS), "a SYN after the end begins a new one");
	flow_table_free(t);
}

/* The record of who acted first may come later than the release. */
static void test_acted_before(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(PARENT, SOCK, 20);
	struct owner who[4];

	claims_flow(t, &key, PARENT, SOCK, 10);
	claims_flow(t, &key, CHILD, SOCK, 15);
	tap_is_int(flow_claimants(t, &ev, who, 4), 0, "who is not the owner any more gives nothing up");
	tap_is_int(flow_handover(t, &ev, NULL), 0, "and nothing changes");
	tap_is_int(owner_at(t, &key, 30), CHILD, "the owner stays");
	flow_table_free(t);
}

static void test_claimants(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(CHILD, SOCK, 40);
	struct owner who[4];

	claims_flow(t, &key, PARENT, SOCK, 10);
	claims_flow(t, &key, OTHER, SOCK, 20);
	claims_flow(t, &key, CHILD, SOCK, 30);
	claims_flow(t, &key, OTHER, SOCK, 31);
	claims_flow(t, &key, CHILD, SOCK, 32);
	tap_is_int(flow_claimants(t, &ev, who, 4), 3, "each once");
	tap_ok(who[0].pid == CHILD && who[1].pid == OTHER && who[2].pid == PARENT, "the last to act first");
	tap_is_int(flow_claimants(t, &ev, who, 2), 2, "no more than fit");
	ev.start_ns += 10 * MS;
	tap_is_int(flow_claimants(t, &ev, who, 4), 0, "another process of the same number");
	ev = release(CHILD, SOCK + 1, 40);
	tap_is_int(flow_claimants(t, &ev, who, 4), 0, "another socket");
	flow_table_free(t);
}

static void test_seed(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(PARENT, 0, 20);
	struct owner child = process(CHILD);

	claims_flow(t, &key, PARENT, 0, 10);
	ev.key = key;
	ev.key.rport++;
	tap_is_int(flow_handover(t, &ev, &child), 0, "another key");
	tap_is_int(owner_at(t, &key, 25), PARENT, "does not matter");
	ev.key = key;
	tap_is_int(flow_handover(t, &ev, &child), 0, "a socket that was there before");
	tap_is_int(owner_at(t, &key, 25), CHILD, "is found by its key");
	flow_table_free(t);
}

static void test_listener(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key any = claims_tcp(NULL, 80, NULL, 0), key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(PARENT, SOCK, 20);
	struct owner child = process(CHILD);

	claims_listen(t, &any, PARENT, SOCK, EV_OWN_REUSE, 10);
	tap_is_int(flow_handover(t, &ev, &child), 0, "a listener whose parent goes");
	tap_is_int(holder_at(t, &key, EV_OWN_LISTEN, 15), PARENT, "before: the parent");
	tap_is_int(holder_at(t, &key, EV_OWN_LISTEN, 25), CHILD, "after: the child alone, also where ports are shared");
	flow_table_free(t);
}

static void test_itself(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release ev = release(PARENT, SOCK, 20);
	struct owner itself = process(PARENT);

	claims_flow(t, &key, PARENT, SOCK, 10);
	tap_is_int(flow_handover(t, &ev, &itself), 0, "one descriptor of two");
	tap_is_int(owner_at(t, &key, 25), PARENT, "it owns the socket by the other");
	flow_table_free(t);
}

static struct ev_proc the_end(uint32_t pid, uint64_t at_ms)
{
	struct ev_proc ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.pid = pid;
	ev.start_ns = pid * 1000ULL;
	return ev;
}

/* How many sockets a process leaves; *last is one of them. */
static size_t left_by(const struct flow_table *t, uint32_t pid, uint64_t at_ms, struct ev_release *last)
{
	struct ev_proc ended = the_end(pid, at_ms);
	struct ev_release *left;
	size_t cnt;

	tap_is_int(flow_left_by(t, &ended, &left, &cnt), 0, "%u ends", pid);
	if (cnt)
		*last = left[cnt - 1];
	free(left);
	return cnt;
}

static void test_left(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key one = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000), two = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4001);
	struct ev_key three = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4002);
	struct ev_release left;
	struct owner who;

	tap_is_int(left_by(t, PARENT, 50, &left), 0, "one that owns nothing leaves nothing");
	claims_flow(t, &one, PARENT, SOCK, 10);
	claims_flow(t, &two, PARENT, SOCK + 1, 10);
	claims_flow(t, &three, PARENT, SOCK + 2, 10);
	claims_flow(t, &three, OTHER, SOCK + 2, 20);
	claims_close(t, SOCK + 1, 30);
	tap_is_int(left_by(t, PARENT, 50, &left), 1, "what is open and was its own");
	tap_ok(left.sock_id == SOCK && left.pid == PARENT && left.hdr.ts_ns == 50 * MS && !memcmp(&left.key, &one, sizeof(one)),
		"as a release of that moment, with its key");
	tap_ok(!flow_next_actor(t, &left, &who), "nobody acted since");
	claims_flow(t, &one, OTHER, SOCK, 53);
	claims_flow(t, &one, CHILD, SOCK, 52);
	tap_is_int(left_by(t, PARENT, 50, &left), 1, "also where another has acted since");
	tap_ok(flow_next_actor(t, &left, &who) && who.pid == CHILD, "the first who did has it");
	tap_is_int(flow_handover(t, &left, &who), 0, "from the end on");
	tap_is_int(owner_at(t, &one, 51), CHILD, "it is the owner");
	tap_is_int(owner_at(t, &one, 53), OTHER, "until the next one acts");
	tap_is_int(left_by(t, PARENT, 50, &left), 0, "nothing is left then");
	flow_table_free(t);
}

/* A FIN that the process is told of after its end: that closed the connection. */
static void test_closed_by_end(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	struct ev_release left;

	claims_flow(t, &key, PARENT, SOCK, 10);
	claims_flow(t, &key, PARENT, SOCK, 51);
	tap_is_int(left_by(t, PARENT, 50, &left), 0, "its own FIN");
	flow_table_free(t);
	t = flow_table_new(16);
	claims_flow(t, &key, PARENT, SOCK, 10);
	claims_close(t, SOCK, 51);
	tap_is_int(left_by(t, PARENT, 50, &left), 0, "or a reset");
	tap_is_int(owner_at(t, &key, 55), PARENT, "name it as the last owner");
	flow_table_free(t);
}

static void test_left_in_several(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_udp("10.0.0.1", 53, "10.0.0.2", 4000), port = claims_udp("10.0.0.1", 53, NULL, 0);
	struct ev_release left;

	claims_port(t, &port, PARENT, SOCK, 0, 10);
	claims_flow(t, &key, PARENT, SOCK, 10);
	tap_is_int(left_by(t, PARENT, 50, &left), 1, "a socket with two keys is one");
	claims_flow(t, &key, PARENT, 0, 20);
	key.rport++;
	claims_flow(t, &key, PARENT, 0, 20);
	tap_is_int(left_by(t, PARENT, 50, &left), 3, "seeds are one each");
	tap_ok(!left.sock_id && !memcmp(&left.key, &key, sizeof(key)), "known by their keys");
	flow_table_free(t);
}

/* A claim of a socket that has a file. */
static void claim_ino(struct flow_table *t, const struct ev_key *key, uint32_t pid, uint64_t sock_id, uint64_t ino, uint64_t at_ms)
{
	struct ev_owner ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.key = *key;
	ev.kind = EV_OWN_FLOW;
	ev.ino = ino;
	ev.owner.pid = ev.owner.tid = pid;
	ev.owner.start_ns = pid * 1000ULL;
	ev.owner.sock_id = sock_id;
	if (flow_claim(t, &ev))
		tap_ok(false, "flow_claim");
}

static void test_origin(void)
{
	struct flow_table *t = flow_table_new(16);
	struct ev_key key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000), other = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4001);
	struct owner owner = process(CHILD);
	struct flow_origin o;

	owner.sock_id = SOCK;
	tap_ok(!flow_origin(t, &owner, &key, &o), "a socket nobody claimed has no origin");
	claims_flow(t, &key, PARENT, SOCK, 10);
	tap_ok(!flow_origin(t, &owner, &key, &o), "nor one that has no file");
	claim_ino(t, &key, CHILD, SOCK, 55, 20);
	tap_ok(flow_origin(t, &owner, &key, &o) && o.who.pid == PARENT && o.since_ns == 10 * MS && o.ino == 55,
		"the first who claimed it, when, and its file");

	owner.sock_id = 0;
	tap_ok(!flow_origin(t, &owner, &other, &o), "a seed of another key");
	claim_ino(t, &other, CHILD, 0, 56, 30);
	tap_ok(flow_origin(t, &owner, &other, &o) && o.who.pid == CHILD && o.ino == 56, "a seed, by its key");
	owner = process(PARENT);
	tap_ok(!flow_origin(t, &owner, &other, &o), "another process's seed");
	flow_table_free(t);
}

int main(void)
{
	test_heir();
	test_nobody();
	test_nobody_restarted();
	test_acted_before();
	test_claimants();
	test_seed();
	test_listener();
	test_itself();
	test_left();
	test_closed_by_end();
	test_left_in_several();
	test_origin();
	return tap_done();
}
