/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/flow*.c src/model/owner.c */
/* Sockets that existed before the start, in the flow table: each hook's word about them comes later, and is better. */
#include "claims.h"
#include "tap.h"

#include "model/flow_hold.h"

#define A 100 /* processes */
#define B 200
#define INO 77
#define SOCK 7

static struct ev_key flow, port, udp_flow, udp_port;

static const char *said(enum flow_match match, const struct owner *o)
{
	static const char *const names[] = {"none", "live", "closed", "late"};
	static char texts[4][32];
	static unsigned int n;
	char *text = texts[n++ % 4];

	if (match == FLOW_NONE)
		return names[match];
	snprintf(text, sizeof(texts[0]), "%s %s %u", names[match], owner_attr_name(o->attr), o->pid);
	return text;
}

static const char *ask(const struct flow_table *t, const struct ev_key *key, uint64_t at_ms)
{
	struct owner o = {0};
	enum flow_match match = flow_find(t, key, at_ms * MS, &o);

	return said(match, &o);
}

static const char *ask_port(const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t at_ms)
{
	struct owner o = {0};
	enum flow_match match = flow_find_port(t, key, kind, at_ms * MS, &o);

	return said(match, &o);
}

/* A record of a hook about a socket of this number. */
static int claim(struct flow_table *t, const struct ev_key *key, uint32_t pid, uint8_t kind, uint64_t ino, uint64_t at_ms)
{
	struct ev_owner ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.key = *key;
	ev.kind = kind;
	ev.flags = EV_OWN_REUSE;
	ev.ino = ino;
	ev.owner = (struct ev_owner_val){.pid = pid, .tid = pid, .start_ns = pid * 1000ULL, .sock_id = SOCK + ino - INO, .sk = 0xabc000 + ino};
	ev.owner.attr = EV_ATTR_EXACT;
	return flow_claim(t, &ev);
}

static void close_it(struct flow_table *t, uint64_t sock_id, const struct ev_key *key, uint64_t ino, uint64_t at_ms)
{
	struct ev_close ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.sock_id = sock_id;
	ev.sk = 0xabc;
	ev.key = *key;
	ev.ino = ino;
	flow_close(t, &ev);
}

static void test_replaced(void)
{
	struct flow_table *t = flow_table_new(16);

	claims_seed(t, &flow, A, EV_OWN_FLOW, 0, INO);
	tap_is_str(ask(t, &flow, 5), "live seed 100", "a seed answers, and says what it is");
	claim(t, &flow, B, EV_OWN_FLOW, INO, 10);
	tap_is_str(ask(t, &flow, 9), "live seed 100", "until somebody acts");
	tap_is_str(ask(t, &flow, 10), "live exact 200", "who is exact");
	close_it(t, SOCK, &flow, INO, 20);
	tap_is_str(ask(t, &flow, 21), "closed exact 200", "the close is that of the socket");
	flow_table_free(t);
}

/* One socket may have several keys; a hook may tell of one that no seed had. */
static void test_becomes_known(void)
{
	struct flow_table *t = flow_table_new(16);

	claims_seed(t, &udp_port, A, EV_OWN_PORT, 0, INO);
	claim(t, &udp_flow, B, EV_OWN_FLOW, INO, 10);
	tap_is_str(ask_port(t, &udp_flow, EV_OWN_PORT, 15), "live seed 100", "what the hook did not tell of stays");
	close_it(t, SOCK, &udp_flow, 0, 20);
	tap_is_str(ask_port(t, &udp_flow, EV_OWN_PORT, 25), "closed seed 100", "its close is the end of all that the socket had");
	flow_expire(t, (21 + LINGER_MS) * MS);
	tap_is_int(flow_count(t), 0, "and all of it is freed");

	claims_seed(t, &udp_port, A, EV_OWN_PORT, 0, INO);
	claim(t, &udp_port, B, EV_OWN_PORT, INO, 10);
	tap_is_str(ask_port(t, &udp_flow, EV_OWN_PORT, 15), "live exact 200", "of one socket only the last claim counts, also on a port that may be shared");
	flow_table_free(t);
}

/* The close may be told before the claim: they come by different CPUs' buffers. */
static void test_close_first(void)
{
	struct flow_table *t = flow_table_new(16);

	claims_seed(t, &udp_port, A, EV_OWN_PORT, 0, INO);
	close_it(t, SOCK, &udp_flow, INO, 20);
	tap_is_str(ask_port(t, &udp_flow, EV_OWN_PORT, 25), "closed seed 100", "the seed is that socket");
	claim(t, &udp_flow, B, EV_OWN_FLOW, INO, 10);
	tap_is_str(ask(t, &udp_flow, 25), "closed exact 200", "the claim finds it closed");
	flow_table_free(t);
}

/* Seeds of a namespace that is captured later. */
static void test_late_seed(void)
{
	struct flow_table *t = flow_table_new(16);

	claim(t, &udp_port, B, EV_OWN_PORT, INO, 10);
	claim(t, &flow, B, EV_OWN_FLOW, INO + 1, 10);
	claims_seed(t, &udp_port, A, EV_OWN_PORT, 0, INO);
	tap_is_str(ask_port(t, &udp_flow, EV_OWN_PORT, 15), "live exact 200", "a socket that hooks know needs no seed");
	claims_seed(t, &udp_port, A, EV_OWN_PORT, 0, INO + 2);
	tap_is_str(ask_port(t, &udp_flow, EV_OWN_PORT, 15), "none", "another one on the same port does");
	claims_seed(t, &flow, A, EV_OWN_FLOW, 0, INO + 3);
	tap_is_str(ask(t, &flow, 15), "live exact 200", "of one tuple the newer claim counts, whatever was told last");
	tap_is_str(ask(t, &flow, 5), "live seed 100", "before it the seed's");
	flow_table_free(t);
}

static void test_closed_by_number(void)
{
	struct flow_table *t = flow_table_new(16);

	claims_seed(t, &port, A, EV_OWN_LISTEN, 0, INO);
	claims_seed(t, &port, B, EV_OWN_LISTEN, 0, INO + 1);
	tap_is_str(ask_port(t, &flow, EV_OWN_LISTEN, 5), "none", "two processes listen");
	close_it(t, 0, &port, INO, 10);
	tap_is_str(ask_port(t, &flow, EV_OWN_LISTEN, 15), "live seed 200", "the one that closes is known by its number");
	close_it(t, 0, &port, INO + 5, 20);
	tap_is_str(ask_port(t, &flow, EV_OWN_LISTEN, 25), "live seed 200", "one that no seed was made for closes nobody's");
	close_it(t, 0, &port, 0, 30);
	tap_is_str(ask_port(t, &flow, EV_OWN_LISTEN, 15 + LINGER_MS), "closed seed 200", "without a number the key must do");
	flow_table_free(t);
}

/* A connection that was not accepted has no number. */
static void test_pending(void)
{
	struct flow_table *t = flow_table_new(16);

	claims_seed(t, &flow, A, EV_OWN_FLOW, 0, 0);
	claims_seed(t, &port, A, EV_OWN_LISTEN, 0, INO);
	close_it(t, 0, &flow, 0, 10);
	tap_is_str(ask(t, &flow, 15), "closed seed 100", "it is reset");
	tap_is_str(ask_port(t, &flow, EV_OWN_LISTEN, 15), "live seed 100", "its listener listens on");
	flow_table_free(t);

	t = flow_table_new(16);
	claims_seed(t, &flow, A, EV_OWN_FLOW, 0, 0);
	flow_restart(t, &flow, 10 * MS);
	tap_is_str(ask(t, &flow, 15), "none", "or given up unnoticed, and the tuple begins anew");
	flow_table_free(t);

	t = flow_table_new(16);
	claims_seed(t, &flow, A, EV_OWN_FLOW, 0, 0);
	claim(t, &flow, B, EV_OWN_FLOW, INO, 10);
	tap_is_str(ask(t, &flow, 15), "live exact 200", "or accepted");
	flow_table_free(t);
}

static void test_nobody(void)
{
	struct flow_table *t = flow_table_new(16);

	claims_seed(t, &flow, 0, EV_OWN_FLOW, 0, 0);
	tap_is_str(ask(t, &flow, 5), "live none 0", "that nobody is known, is known");
	flow_restart(t, &flow, 10 * MS);
	tap_is_str(ask(t, &flow, 11), "none", "until a SYN comes");
	claim(t, &flow, B, EV_OWN_FLOW, INO, 20);
	tap_is_str(ask(t, &flow, 12), "late exact 200", "then whoever accepts");
	flow_table_free(t);

	t = flow_table_new(16);
	claims_seed(t, &flow, A, EV_OWN_FLOW, 0, INO);
	claims_seed(t, &udp_flow, 0, EV_OWN_FLOW, 0, INO + 1);
	flow_restart(t, &flow, 10 * MS);
	flow_restart(t, &udp_flow, 10 * MS);
	tap_is_str(ask(t, &flow, 11), "live seed 100", "an owner's open socket is not ended by a SYN");
	tap_is_str(ask(t, &udp_flow, 11), "live none 0", "nor is one whose owner is not known");
	flow_table_free(t);
}

static void test_handed_over(void)
{
	struct flow_table *t = flow_table_new(16);
	struct owner child = {.pid = B, .tid = B, .start_ns = B * 1000ULL, .attr = EV_ATTR_EXACT}, who[4];
	struct ev_release ev = {.hdr = {.ts_ns = 10 * MS}, .key = port, .pid = A, .start_ns = A * 1000ULL, .ino = INO + 1};

	claims_seed(t, &port, A, EV_OWN_LISTEN, 0, INO);
	claims_seed(t, &port, A, EV_OWN_LISTEN, 0, INO + 1);
	tap_is_int(flow_claimants(t, &ev, who, 4), 1, "a seed that its owner gives up");
	tap_is_int(flow_handover(t, &ev, &child), 0, "another has it");
	tap_is_str(ask_port(t, &flow, EV_OWN_LISTEN, 15), "none", "it is that very socket, not the other on the port");
	ev.ino = INO;
	flow_handover(t, &ev, &child);
	tap_is_str(ask_port(t, &flow, EV_OWN_LISTEN, 15), "live seed 200", "it stays a seed");
	flow_table_free(t);
}

int main(void)
{
	flow = claims_tcp("10.0.0.1", 80, "10.0.0.2", 4000);
	port = claims_tcp(NULL, 80, NULL, 0);
	udp_flow = claims_udp("10.0.0.1", 53, "10.0.0.2", 4000);
	udp_port = claims_udp(NULL, 53, NULL, 0);
	test_replaced();
	test_becomes_known();
	test_close_first();
	test_late_seed();
	test_closed_by_number();
	test_pending();
	test_nobody();
	test_handed_over();
	return tap_done();
}
