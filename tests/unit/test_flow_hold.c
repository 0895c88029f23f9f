/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/flow.c src/model/flow_any.c src/model/flow_find.c src/model/flow_hold.c src/model/holders.c src/model/owner.c */
#include "claims.h"
#include "tap.h"

#include "model/flow_hold.h"
#include "model/holders.h"

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

static void test_holders(void)
{
	struct holders *h = holders_new(2);
	struct owner who[32], p = process(1);

	tap_is_int(holders_get(h, 5, who, 32), 0, "nobody was told of");
	for (p.pid = 1; p.pid <= 20; p.pid++)
		holders_add(h, 5, &p);
	tap_is_int(holders_get(h, 5, who, 32), 16, "the last sixteen are kept");
	tap_ok(who[0].pid == 20 && who[15].pid == 5, "the last first");
	p = process(7);
	p.start_ns = who[0].start_ns;
	holders_add(h, 5, &p);
	tap_is_int(holders_get(h, 5, who, 1) == 1 && who[0].pid == 20, 1, "one that is known is not told twice");
	holders_add(h, 6, &p);
	holders_add(h, 7, &p);
	tap_is_int(holders_get(h, 5, who, 32), 0, "beyond its size the first socket is forgotten");
	tap_is_int(holders_get(h, 7, who, 32), 1, "not the last");
	holders_free(h);
	holders_free(NULL);
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
	test_holders();
	return tap_done();
}
