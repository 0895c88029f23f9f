/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/attribute.c src/pipeline/passing.c src/pipeline/frag.c src/pipeline/shake.c src/model/flow*.c
 * src/model/elsewhere.c src/model/addrs.c src/model/owner.c */
/* What is said of packets whose socket existed before the start. */
#include "claims.h"
#include "pipeline/attribute.h"
#include "tap.h"

#define A 100
#define B 200
#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define OTHER_NS (NETNS + 1)

static struct flow_table *flows;
static struct addrs *addrs;
static struct attributor *attributor;

static void begin(void)
{
	flows = flow_table_new(64);
	addrs = addrs_new();
	attributor = attribute_new(flows, addrs);
}

static void end(void)
{
	attribute_free(attributor);
	addrs_free(addrs);
	flow_table_free(flows);
}

static struct ev_packet packet(const struct ev_key *key, uint8_t dir, uint8_t tcp_flags, uint64_t at_ms)
{
	struct ev_packet rec;

	memset(&rec, 0, sizeof(rec));
	rec.hdr.ts_ns = at_ms * MS;
	rec.key = *key;
	rec.netns = key->netns;
	rec.dir = dir;
	rec.flags = EV_PKT_KEY;
	rec.tcp_flags = tcp_flags;
	return rec;
}

static const char *judge(const struct ev_packet *rec)
{
	static char texts[2][40];
	static unsigned int n;
	char *text = texts[n++ % 2];
	struct owner o;

	owner_from_val(&rec->owner, &o);
	attribute_packet(attributor, rec, &o);
	snprintf(text, sizeof(texts[0]), "%s %u", owner_attr_name(o.attr), o.pid);
	return text;
}

static const char *judge_in(const struct ev_key *key, uint8_t tcp_flags, uint64_t at_ms)
{
	struct ev_packet rec = packet(key, EV_DIR_IN, tcp_flags, at_ms);

	return judge(&rec);
}

static void test_tcp(void)
{
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80);
	struct ev_packet rec = packet(&key, EV_DIR_IN, ACK, 20);

	begin();
	claims_seed(flows, &key, A, EV_OWN_FLOW, 0, 7);
	tap_is_str(judge(&rec), "seed 100", "a connection");
	rec.owner.pid = A;
	rec.owner.attr = EV_ATTR_SEED;
	tap_is_str(judge(&rec), "seed 100", "which the kernel side may know");
	claims_flow(flows, &key, B, 3, 30);
	tap_is_str(judge_in(&key, ACK, 31), "exact 200", "until somebody acts");
	rec = packet(&key, EV_DIR_IN, 0, 29);
	rec.flags |= EV_PKT_ERROR;
	tap_is_str(judge(&rec), "icmp 100", "an error that quotes it is by way of that");
	end();
}

static void test_listener(void)
{
	struct ev_key port = claims_tcp(NULL, 80, NULL, 0), key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000);
	struct ev_key waits = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5001), dead = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5002);

	begin();
	claims_seed(flows, &port, A, EV_OWN_LISTEN, 0, 7);
	claims_seed(flows, &waits, A, EV_OWN_FLOW, 0, 0);
	claims_seed(flows, &dead, 0, EV_OWN_FLOW, 0, 0);
	tap_is_str(judge_in(&key, SYN, 10), "seed 100", "a handshake with a listener");
	tap_is_str(judge_in(&key, ACK, 11), "seed 100", "and what comes before accept");
	tap_is_str(judge_in(&waits, ACK, 11), "seed 100", "what waited in its queue");
	tap_is_str(judge_in(&dead, ACK, 11), "none 0", "of a connection that was closed before: nobody's, and not the listener's");
	tap_is_str(judge_in(&dead, SYN, 12), "seed 100", "the same tuple begins anew");
	tap_is_str(judge_in(&dead, ACK, 13), "seed 100", "and is the listener's now");
	claims_flow(flows, &key, B, 3, 20);
	tap_is_str(judge_in(&key, ACK, 21), "exact 200", "accepted");
	claims_close_key(flows, &port, 30);
	tap_is_str(judge_in(&dead, RST, 31), "seed 100", "a connection that nobody accepted when the listener is closed");
	end();
}

static void test_datagrams(void)
{
	struct ev_key port = claims_udp(NULL, 53, NULL, 0), here = claims_udp("10.0.0.1", 53, NULL, 0);
	struct ev_key key = claims_udp("10.0.0.1", 53, "10.0.0.2", 5000);

	begin();
	claims_seed(flows, &port, A, EV_OWN_PORT, 0, 7);
	tap_is_str(judge_in(&key, 0, 10), "seed 100", "a bound socket");
	claims_seed(flows, &here, 0, EV_OWN_PORT, 0, 8);
	tap_is_str(judge_in(&key, 0, 10), "none 0", "one on its very address, of nobody: not the other's");
	claims_flow(flows, &key, B, 3, 20);
	tap_is_str(judge_in(&key, 0, 21), "exact 200", "who acts with that end is exact");
	end();
}

static void test_pings(void)
{
	struct ev_key port = claims_key(IPPROTO_ICMP, NULL, 77, NULL, 0), reply = claims_key(IPPROTO_ICMP, "10.0.0.1", 77, "10.0.0.2", 0);
	struct ev_key request = claims_key(IPPROTO_ICMP, "10.0.0.1", 0, "10.0.0.2", 77);

	begin();
	claims_seed(flows, &port, A, EV_OWN_PORT, 0, 7);
	tap_is_str(judge_in(&reply, 0, 10), "seed 100", "a ping socket's identifier");
	tap_is_str(judge_in(&request, 0, 10), "none 0", "another's request with that number is not its own");
	end();
}

/* Its socket is in another captured namespace. */
static void test_passing(void)
{
	struct ev_key there = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000), here = there;
	struct ev_key dead = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5001), dead_here = dead, port = claims_tcp("10.0.0.1", 80, NULL, 0);
	uint8_t mine[16];

	begin();
	claims_addr(mine, "192.0.2.1");
	addrs_add(addrs, NETNS, 1, mine);
	there.netns = dead.netns = port.netns = OTHER_NS;
	claims_seed(flows, &there, A, EV_OWN_FLOW, 0, 7);
	claims_seed(flows, &port, A, EV_OWN_LISTEN, 0, 8);
	tap_is_str(judge_in(&here, ACK, 10), "host 100", "forwarded to a socket of before the start");
	claims_seed(flows, &dead, 0, EV_OWN_FLOW, 0, 0);
	tap_is_str(judge_in(&dead_here, ACK, 10), "none 0", "to one that nobody is known for: not to who listens there");
	end();
}

int main(void)
{
	test_tcp();
	test_listener();
	test_datagrams();
	test_pings();
	test_passing();
	return tap_done();
}
