/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/attribute.c src/pipeline/passing.c src/pipeline/frag.c src/pipeline/shake.c src/model/flow*.c
 * src/model/elsewhere.c src/model/addrs.c src/model/owner.c */
/* Whose is a packet that only passes through the namespace it was captured in? 10.0.1.2 is a container's (namespace A),
 * 10.0.2.2 another's (C), 192.0.2.1 somebody's out there; the packets are captured in a router (R) between them. */
#include "claims.h"
#include "pipeline/attribute.h"
#include "tap.h"

#define NS_R NETNS
#define NS_A 1u
#define NS_C 2u
#define NS_X 3u /* has nothing to do with it */

#define CLIENT 100
#define SERVER 200
#define OTHER 300

#define SYN 0x02
#define ACK 0x10

#define A "10.0.1.2"
#define C "10.0.2.2"
#define OUTSIDE "192.0.2.1"

struct world {
	struct flow_table *flows;
	struct addrs *addrs;
	struct attributor *attributor;
};

static void learn(struct world *w, uint32_t netns, const char *text)
{
	uint8_t addr[16];

	claims_addr(addr, text);
	if (addrs_add(w->addrs, netns, 1, addr))
		abort();
}

/* Of the router's addresses one is known, else nothing would be passing. */
static struct world begin(size_t max_keys)
{
	struct world w = {.flows = flow_table_new(max_keys), .addrs = addrs_new()};

	w.attributor = attribute_new(w.flows, w.addrs);
	if (!w.attributor)
		abort();
	learn(&w, NS_R, "10.0.1.1");
	return w;
}

static void end(struct world *w)
{
	attribute_free(w->attributor);
	addrs_free(w->addrs);
	flow_table_free(w->flows);
}

static struct ev_key in_ns(uint32_t netns, struct ev_key key)
{
	key.netns = netns;
	return key;
}

static struct ev_packet packet(struct ev_key key, uint8_t dir, uint8_t tcp_flags, uint64_t at_ms)
{
	struct ev_packet rec;

	memset(&rec, 0, sizeof(rec));
	rec.hdr.ts_ns = at_ms * MS;
	rec.key = key;
	rec.netns = key.netns;
	rec.dir = dir;
	rec.flags = EV_PKT_KEY;
	rec.tcp_flags = tcp_flags;
	return rec;
}

static const char *judge_rec(struct world *w, const struct ev_packet *rec)
{
	static char text[40];
	struct owner o;

	owner_from_val(&rec->owner, &o);
	attribute_packet(w->attributor, rec, &o);
	snprintf(text, sizeof(text), "%s %u", owner_attr_name(o.attr), o.pid);
	return text;
}

static const char *judge(struct world *w, struct ev_key key, uint8_t dir, uint8_t tcp_flags, uint64_t at_ms)
{
	struct ev_packet rec = packet(key, dir, tcp_flags, at_ms);

	return judge_rec(w, &rec);
}

static const char *judge_error(struct world *w, struct ev_key quoted, uint8_t dir, uint64_t at_ms)
{
	struct ev_packet rec = packet(quoted, dir, 0, at_ms);

	rec.flags |= EV_PKT_ERROR;
	return judge_rec(w, &rec);
}

/* Both ends are on this host; what the key is in the router, seen from either. */
static void test_tcp(void)
{
	struct world w = begin(100);
	struct ev_key client = claims_tcp(A, 5000, C, 80), server = claims_tcp(C, 80, A, 5000);
	struct ev_key client_a = in_ns(NS_A, client), server_c = in_ns(NS_C, server);

	claims_flow(w.flows, &client_a, CLIENT, 1, 10);
	tap_is_str(judge(&w, server, EV_DIR_IN, SYN, 11), "host 100", "one end is known");
	claims_flow(w.flows, &server_c, SERVER, 2, 15);
	tap_is_str(judge(&w, server, EV_DIR_IN, SYN, 11), "host 200", "comes in: the destination's, who accepts a little later");
	tap_is_str(judge(&w, client, EV_DIR_OUT, SYN, 12), "host 100", "leaves: the source's");
	tap_is_str(judge(&w, client, EV_DIR_IN, SYN | ACK, 13), "host 100", "the answer comes in");
	tap_is_str(judge(&w, server, EV_DIR_OUT, SYN | ACK, 14), "host 200", "and leaves");
	claims_close(w.flows, 1, 20);
	tap_is_str(judge(&w, client, EV_DIR_OUT, ACK, 21), "host 100", "its last packets");
	tap_is_str(judge(&w, client, EV_DIR_OUT, ACK, 20 + LINGER_MS), "host 200", "then the other end");
	end(&w);
}

static void test_local_first(void)
{
	struct world w = begin(100);
	struct ev_key here = claims_tcp("10.0.1.1", 5000, C, 80), any = claims_tcp(NULL, 80, NULL, 0);
	struct ev_key passing = claims_tcp(C, 80, A, 5000), here_c = in_ns(NS_C, here);

	claims_flow(w.flows, &here_c, OTHER, 1, 10);
	tap_is_str(judge(&w, here, EV_DIR_OUT, ACK, 11), "none 0", "an address of the router's own is not looked for elsewhere");
	claims_listen(w.flows, &any, OTHER, 2, 0, 10);
	tap_is_str(judge(&w, passing, EV_DIR_IN, SYN, 11), "none 0", "what passes is not the router's listener's");
	claims_flow(w.flows, &passing, CLIENT, 3, 10);
	tap_is_str(judge(&w, passing, EV_DIR_IN, ACK, 11), "exact 100", "but a transparent proxy's");
	end(&w);
}

static void test_several(void)
{
	struct world w = begin(100);
	struct ev_key key = claims_tcp(A, 5000, OUTSIDE, 80), a = in_ns(NS_A, key), x = in_ns(NS_X, key);

	claims_flow(w.flows, &a, CLIENT, 1, 10);
	claims_flow(w.flows, &x, CLIENT, 2, 10);
	tap_is_str(judge(&w, key, EV_DIR_OUT, ACK, 11), "host 100", "equal tuples of one process");
	claims_flow(w.flows, &x, OTHER, 3, 20);
	tap_is_str(judge(&w, key, EV_DIR_OUT, ACK, 21), "none 0", "of two processes");
	claims_close(w.flows, 3, 30);
	tap_is_str(judge(&w, key, EV_DIR_OUT, ACK, 31), "none 0", "one of them just closed");
	tap_is_str(judge(&w, key, EV_DIR_OUT, ACK, 30 + LINGER_MS), "host 100", "long ago");
	end(&w);
}

/* A container that talks to the outside, and another that listens on that very port. */
static void test_outside(void)
{
	struct world w = begin(100);
	struct ev_key out = claims_tcp(A, 5000, OUTSIDE, 443), in = claims_tcp(OUTSIDE, 443, A, 5000);
	struct ev_key a = in_ns(NS_A, out), listener = in_ns(NS_X, claims_tcp(NULL, 443, NULL, 0));

	claims_flow(w.flows, &a, CLIENT, 1, 10);
	tap_is_str(judge(&w, in, EV_DIR_IN, SYN, 11), "host 100", "its one end here");
	tap_is_str(judge(&w, out, EV_DIR_OUT, SYN, 11), "host 100", "either way");
	claims_listen(w.flows, &listener, OTHER, 2, 0, 10);
	tap_is_str(judge(&w, in, EV_DIR_IN, SYN, 12), "none 0", "somebody listens there, nobody knows at which addresses");
	learn(&w, NS_X, "10.0.9.9");
	tap_is_str(judge(&w, in, EV_DIR_IN, SYN, 12), "host 100", "not at this one");
	tap_is_str(judge(&w, out, EV_DIR_IN, SYN | ACK, 13), "host 100", "and the answer");
	end(&w);
}

static void test_listener(void)
{
	struct world w = begin(100);
	struct ev_key server = claims_tcp(C, 80, A, 5000), client = claims_tcp(A, 5000, C, 80), a = in_ns(NS_A, client);
	struct ev_key listener = in_ns(NS_C, claims_tcp(C, 80, NULL, 0)), any = in_ns(NS_C, claims_tcp(NULL, 80, NULL, 0));

	claims_flow(w.flows, &a, CLIENT, 1, 10);
	claims_listen(w.flows, &listener, SERVER, 2, 0, 10);
	tap_is_str(judge(&w, server, EV_DIR_IN, SYN, 11), "host 200", "before accept: who listens at that address");
	tap_is_str(judge(&w, server, EV_DIR_OUT, SYN | ACK, 11), "host 200", "also what it answers");
	claims_close(w.flows, 2, 20);
	tap_is_str(judge(&w, server, EV_DIR_IN, SYN, 21), "host 100", "closed: the one who connects is left");
	learn(&w, NS_C, C);
	claims_listen(w.flows, &any, OTHER, 3, 0, 30);
	tap_is_str(judge(&w, server, EV_DIR_IN, SYN, 31), "host 300", "who listens at any address of a namespace that has it");
	claims_listen(w.flows, &any, SERVER, 4, EV_OWN_REUSE, 40);
	tap_is_str(judge(&w, server, EV_DIR_IN, SYN, 41), "none 0", "two of them");
	end(&w);
}

static void test_restart(void)
{
	struct world w = begin(100);
	struct ev_key server = claims_tcp(C, 80, A, 5000), client = claims_tcp(A, 5000, C, 80);
	struct ev_key c = in_ns(NS_C, server), listener = in_ns(NS_C, claims_tcp(C, 80, NULL, 0));

	for (uint8_t dir = EV_DIR_IN; dir <= EV_DIR_OUT; dir++) {
		uint64_t ms = dir * 10000ULL;

		claims_listen(w.flows, &listener, SERVER, dir, 0, ms);
		claims_flow(w.flows, &c, OTHER, dir + 10U, ms);
		claims_close(w.flows, dir + 10U, ms + 10);
		tap_is_str(judge(&w, server, EV_DIR_IN, ACK, ms + 11), "host 300", "the old connection's last packets");
		judge(&w, dir == EV_DIR_IN ? server : client, dir, SYN, ms + 20);
		tap_is_str(judge(&w, server, EV_DIR_OUT, SYN | ACK, ms + 21), "host 200", "a new SYN passed by");
	}
	end(&w);
}

static void test_udp(void)
{
	struct world w = begin(100);
	struct ev_key query = claims_udp(A, 5000, C, 53), asked = claims_udp(C, 53, A, 5000);
	struct ev_key out = claims_udp(A, 5000, OUTSIDE, 53), answer = claims_udp(OUTSIDE, 53, A, 5000);
	struct ev_key query_a = in_ns(NS_A, claims_udp(NULL, 5000, C, 53)), out_a = in_ns(NS_A, claims_udp(NULL, 5000, OUTSIDE, 53));
	struct ev_key port = in_ns(NS_C, claims_udp(NULL, 53, NULL, 0)), asked_c = in_ns(NS_C, claims_udp(NULL, 53, A, 5000));

	claims_flow(w.flows, &query_a, CLIENT, 1, 10);
	claims_flow(w.flows, &out_a, CLIENT, 1, 10);
	claims_port(w.flows, &port, SERVER, 2, 0, 10);
	tap_is_str(judge(&w, query, EV_DIR_OUT, 0, 11), "none 0", "an unconnected sender, nobody knows its addresses");
	tap_is_str(judge(&w, asked, EV_DIR_IN, 0, 11), "none 0", "nor the server's");
	learn(&w, NS_A, A);
	tap_is_str(judge(&w, query, EV_DIR_OUT, 0, 11), "host 100", "the sender's are known");
	tap_is_str(judge(&w, answer, EV_DIR_IN, 0, 11), "none 0", "the server's are not: is it the one out there?");
	learn(&w, NS_C, C);
	tap_is_str(judge(&w, asked, EV_DIR_IN, 0, 11), "host 200", "the server by its port");
	claims_flow(w.flows, &asked_c, SERVER, 2, 12);
	tap_is_str(judge(&w, asked, EV_DIR_OUT, 0, 13), "host 200", "and by the flow");
	tap_is_str(judge(&w, answer, EV_DIR_IN, 0, 13), "host 100", "it is not the one out there");
	tap_is_str(judge(&w, out, EV_DIR_IN, 0, 13), "host 100", "which answers");
	end(&w);
}

static void test_ping(void)
{
	struct world w = begin(100);
	struct ev_key ping = claims_key(IPPROTO_ICMP, A, 77, C, 0), pinged = claims_key(IPPROTO_ICMP, C, 0, A, 77);
	struct ev_key a = in_ns(NS_A, claims_key(IPPROTO_ICMP, NULL, 77, C, 0));

	learn(&w, NS_A, A);
	claims_flow(w.flows, &a, CLIENT, 1, 10);
	tap_is_str(judge(&w, pinged, EV_DIR_IN, 0, 11), "host 100", "a request comes in");
	tap_is_str(judge(&w, ping, EV_DIR_OUT, 0, 11), "host 100", "and leaves");
	tap_is_str(judge(&w, ping, EV_DIR_IN, 0, 12), "host 100", "a reply comes in");
	tap_is_str(judge(&w, pinged, EV_DIR_OUT, 0, 12), "host 100", "and leaves");
	end(&w);
}

/* a quotes of C's port 53, which nobody holds. */
static void test_error(void)
{
	struct world w = begin(100);
	struct ev_key sent = claims_udp(A, 5000, C, 53), came = claims_udp(C, 53, A, 5000);
	struct ev_key a = in_ns(NS_A, sent), port = in_ns(NS_C, claims_udp(C, 53, NULL, 0));

	claims_port(w.flows, &port, OTHER, 2, 0, 10);
	tap_is_str(judge_error(&w, came, EV_DIR_OUT, 11), "none 0", "not the holder of the port that gave it back");
	claims_flow(w.flows, &a, CLIENT, 1, 10);
	tap_is_str(judge_error(&w, sent, EV_DIR_IN, 11), "host 100", "comes in: who sent what it quotes");
	tap_is_str(judge_error(&w, came, EV_DIR_OUT, 11), "host 100", "leaves: the same");
	end(&w);
}

/* The kernel found the flow of an unconnected socket of the router that has the same port and peer. */
static void test_doubtful(void)
{
	struct world w = begin(100);
	struct ev_key key = claims_udp(A, 123, OUTSIDE, 123), tcp = claims_tcp(A, 123, OUTSIDE, 123), a = in_ns(NS_A, key);
	struct ev_packet rec = packet(key, EV_DIR_OUT, 0, 11);

	rec.owner.pid = OTHER;
	rec.owner.attr = EV_ATTR_EXACT;
	tap_is_str(judge_rec(&w, &rec), "none 0", "the kernel's answer, about an address that is not the router's");
	claims_flow(w.flows, &a, CLIENT, 1, 10);
	tap_is_str(judge_rec(&w, &rec), "host 100", "the right one");
	claims_flow(w.flows, &key, SERVER, 2, 10);
	tap_is_str(judge_rec(&w, &rec), "exact 300", "the tuple itself is owned here: the kernel's answer stands");
	rec.key = tcp;
	tap_is_str(judge_rec(&w, &rec), "exact 300", "TCP has no open addresses");
	end(&w);
}

/* Two containers on networks of their own have the same address; one of them has a socket there. */
static void test_equal_addresses(void)
{
	struct world w = begin(100);
	struct ev_key query = claims_udp(A, 5000, C, 53), asked = claims_udp(C, 53, A, 5000), a = in_ns(NS_A, query);
	struct ev_key any = in_ns(NS_C, claims_udp(NULL, 53, NULL, 0)), there = in_ns(NS_C, claims_udp(C, 53, NULL, 0));
	struct ev_key answer = in_ns(NS_C, claims_udp(NULL, 53, A, 5000)), answer_x = in_ns(NS_X, claims_udp(NULL, 53, A, 5000));

	learn(&w, NS_A, A);
	learn(&w, NS_C, C);
	claims_flow(w.flows, &a, CLIENT, 1, 10);
	claims_port(w.flows, &any, SERVER, 2, 0, 10);
	tap_is_str(judge(&w, asked, EV_DIR_IN, 0, 11), "host 200", "one has the address");
	learn(&w, NS_X, C);
	tap_is_str(judge(&w, asked, EV_DIR_IN, 0, 11), "none 0", "two have it: not who is bound to any address in one");
	claims_port(w.flows, &there, SERVER, 3, 0, 20);
	tap_is_str(judge(&w, asked, EV_DIR_IN, 0, 21), "none 0", "nor who is bound to this one");
	tap_is_str(judge(&w, query, EV_DIR_OUT, 0, 21), "host 100", "the other end is certain");
	claims_flow(w.flows, &answer, SERVER, 2, 30);
	tap_is_str(judge(&w, asked, EV_DIR_OUT, 0, 31), "host 200", "but who talks to that peer");
	claims_flow(w.flows, &answer_x, OTHER, 4, 40);
	tap_is_str(judge(&w, asked, EV_DIR_OUT, 0, 41), "none 0", "unless both do");
	end(&w);
}

/* Of some namespaces of the host nothing is known. */
static void test_partial(void)
{
	struct world w = begin(100);
	struct ev_key client = claims_tcp(A, 5000, C, 80), server = claims_tcp(C, 80, A, 5000);
	struct ev_key a = in_ns(NS_A, client), listener = in_ns(NS_C, claims_tcp(NULL, 80, NULL, 0));

	learn(&w, NS_C, C);
	addrs_set_partial(w.addrs);
	claims_flow(w.flows, &a, CLIENT, 1, 10);
	tap_is_str(judge(&w, client, EV_DIR_OUT, ACK, 11), "host 100", "a socket of the tuple itself");
	tap_is_str(judge(&w, server, EV_DIR_OUT, SYN | ACK, 11), "none 0", "not the other end: the first may be in one of these");
	claims_listen(w.flows, &listener, SERVER, 2, 0, 10);
	tap_is_str(judge(&w, server, EV_DIR_IN, SYN, 11), "none 0", "nor who listens where the address may be another's, too");
	end(&w);
}

static void test_forgotten(void)
{
	struct world w = begin(1);
	struct ev_key client = claims_tcp(A, 5000, C, 80), server = claims_tcp(C, 80, A, 5000);
	struct ev_key client_a = in_ns(NS_A, client), server_c = in_ns(NS_C, server);

	claims_flow(w.flows, &server_c, SERVER, 2, 10);
	claims_flow(w.flows, &client_a, CLIENT, 1, 10);
	tap_is_str(judge(&w, client, EV_DIR_OUT, ACK, 11), "host 100", "what is known is known");
	tap_is_str(judge(&w, server, EV_DIR_IN, ACK, 11), "none 0", "the first end may have been forgotten: not the other one");
	end(&w);
}

int main(void)
{
	test_tcp();
	test_local_first();
	test_several();
	test_outside();
	test_listener();
	test_restart();
	test_udp();
	test_ping();
	test_error();
	test_doubtful();
	test_equal_addresses();
	test_partial();
	test_forgotten();
	return tap_done();
}
