/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/attribute.c src/pipeline/passing.c src/pipeline/frag.c src/pipeline/shake.c src/model/flow*.c
 * src/model/elsewhere.c src/model/addrs.c src/model/owner.c */
/* Whose packet is it? DESIGN.md section 4, sentence by sentence. */
#include "claims.h"
#include "model/flow_hold.h"
#include "pipeline/attribute.h"
#include "tap.h"

#define CLIENT 100
#define SERVER 200
#define WORKER 300
#define OTHER 400

#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

static struct ev_packet packet(const struct ev_key *key, uint8_t dir, uint8_t tcp_flags, uint64_t at_ms)
{
	struct ev_packet rec;

	memset(&rec, 0, sizeof(rec));
	rec.hdr.ts_ns = at_ms * MS;
	rec.key = *key;
	rec.dir = dir;
	rec.flags = EV_PKT_KEY;
	rec.tcp_flags = tcp_flags;
	return rec;
}

/* No address is known: every one is local. */
static struct owner owner_of(struct flow_table *t, const struct ev_packet *rec)
{
	struct addrs *none = addrs_new();
	struct attributor *a = attribute_new(t, none);
	struct owner o;

	if (!a)
		abort();
	owner_from_val(&rec->owner, &o);
	attribute_packet(a, rec, &o);
	attribute_free(a);
	addrs_free(none);
	return o;
}

/* The answer in words, such as "exact 100", borrowed until the next call. */
static const char *judge(struct flow_table *t, const struct ev_packet *rec)
{
	static char text[40];
	struct owner o = owner_of(t, rec);

	snprintf(text, sizeof(text), "%s %u", owner_attr_name(o.attr), o.pid);
	return text;
}

static const char *judge_in(struct flow_table *t, const struct ev_key *key, uint8_t tcp_flags, uint64_t at_ms)
{
	struct ev_packet rec = packet(key, EV_DIR_IN, tcp_flags, at_ms);

	return judge(t, &rec);
}

static const char *judge_out(
	struct flow_table *t, const struct ev_key *key, uint8_t tcp_flags, uint64_t at_ms)
{
	struct ev_packet rec = packet(key, EV_DIR_OUT, tcp_flags, at_ms);

	return judge(t, &rec);
}

static void test_kernel_stands(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80);
	struct ev_packet rec = packet(&key, EV_DIR_OUT, ACK, 20);
	struct owner o;

	claims_flow(t, &key, OTHER, 1, 10);
	rec.owner.pid = CLIENT;
	rec.owner.attr = EV_ATTR_EXACT;
	tap_is_str(judge(t, &rec), "exact 100", "what the kernel found stands");
	rec.owner.attr = EV_ATTR_ICMP;
	tap_is_str(judge(t, &rec), "icmp 100", "with its own word for it");
	rec.owner.attr = EV_ATTR_NONE;
	tap_is_str(judge(t, &rec), "exact 400", "an owner it does not vouch for is settled here");
	rec.owner.pid = 0;
	rec.owner.attr = EV_ATTR_EXACT;
	tap_is_str(judge(t, &rec), "exact 400", "nobody is no answer");
	rec.flags = 0;
	tap_is_str(judge(t, &rec), "none 0", "a packet without a key is nobody's");
	rec.owner.pid = OTHER;
	rec.owner.attr = EV_ATTR_NONE;
	rec.owner.tid = rec.owner.uid = 1;
	rec.owner.comm[0] = rec.owner.tcomm[0] = 'x';
	o = owner_of(t, &rec);
	tap_ok(!o.start_ns && !o.sock_id && !o.tid && !o.uid && !o.comm[0] && !o.tcomm[0],
		"nobody is all zero");
	flow_table_free(t);
}

static void test_client(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80);

	claims_flow(t, &key, CLIENT, 1, 10);
	tap_is_str(judge_out(t, &key, SYN, 10), "exact 100", "SYN");
	tap_is_str(judge_in(t, &key, SYN | ACK, 11), "exact 100", "SYN-ACK");
	tap_is_str(judge_out(t, &key, ACK, 12), "exact 100", "ACK");
	claims_close(t, 1, 20);
	tap_is_str(judge_out(t, &key, ACK | 1, 20), "exact 100", "the FIN leaves after the close");
	tap_is_str(judge_in(t, &key, RST, 3019), "exact 100", "for 3 s the last owner answers");
	tap_is_str(judge_in(t, &key, RST, 3020), "none 0", "then nobody");
	flow_table_free(t);
}

static void test_server(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key listener = claims_tcp(NULL, 80, NULL, 0),
		      key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);

	tap_is_str(judge_in(t, &key, SYN, 4), "none 0", "nobody listens");
	claims_listen(t, &listener, SERVER, 1, 0, 5);
	tap_is_str(judge_in(t, &key, SYN, 10), "listener 200", "SYN, judged before the accept");
	tap_is_str(judge_out(t, &key, SYN | ACK, 11), "listener 200", "SYN-ACK");
	tap_is_str(judge_in(t, &key, ACK, 12), "listener 200", "ACK");
	tap_is_str(judge_in(t, &key, PSH | ACK, 13), "listener 200", "data nobody took yet");
	claims_flow(t, &key, WORKER, 2, 14);
	tap_is_str(judge_in(t, &key, SYN, 10), "exact 300", "SYN, judged when the accept is known");
	tap_is_str(judge_out(t, &key, SYN | ACK, 11), "exact 300", "SYN-ACK");
	tap_is_str(judge_in(t, &key, PSH | ACK, 14), "exact 300", "who accepted beats who listens");
	claims_close(t, 2, 20);
	tap_is_str(judge_out(t, &key, ACK, 21), "exact 300", "also closed");
	tap_is_str(judge_out(t, &key, RST, 20 + LINGER_MS), "listener 200", "until its time is over");
	flow_table_free(t);
}

static void test_listener_closed(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key listener = claims_tcp(NULL, 80, NULL, 0),
		      key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);

	claims_listen(t, &listener, SERVER, 1, 0, 5);
	claims_close(t, 1, 20);
	tap_is_str(judge_in(t, &key, SYN, 19), "listener 200", "before the close");
	tap_is_str(judge_in(t, &key, SYN, 20), "none 0", "a SYN nobody listens for any more");
	tap_is_str(judge_out(t, &key, RST | ACK, 20), "none 0", "is answered by the kernel");
	flow_table_free(t);
}

/* One attributor for a row of packets: it remembers handshakes. */
static const char *judge_next(struct attributor *a, const struct ev_key *key, uint8_t dir, uint8_t tcp_flags, uint64_t at_ms)
{
	static char text[40];
	struct ev_packet rec = packet(key, dir, tcp_flags, at_ms);
	struct owner o;

	owner_from_val(&rec.owner, &o);
	attribute_packet(a, &rec, &o);
	snprintf(text, sizeof(text), "%s %u", owner_attr_name(o.attr), o.pid);
	return text;
}

/* What nobody accepted is reset when the listener is closed; a SYN that comes after that is refused. */
static void test_never_accepted(void)
{
	struct flow_table *t = flow_table_new(100);
	struct addrs *none = addrs_new();
	struct attributor *a = attribute_new(t, none);
	struct ev_key any = claims_tcp(NULL, 80, NULL, 0), key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000);
	struct ev_key other = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5001);

	claims_listen(t, &any, SERVER, 1, 0, 10);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 20), "listener 200", "SYN");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, PSH | ACK, 21), "listener 200", "data");
	claims_close(t, 1, 30);
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, RST | ACK, 31), "listener 200", "the reset of one that was never accepted");
	tap_is_str(judge_next(a, &other, EV_DIR_IN, PSH | ACK, 31), "none 0", "a tuple without a handshake");
	tap_is_str(judge_next(a, &other, EV_DIR_OUT, RST, 31), "none 0", "and its reset");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 40), "none 0", "a new SYN of the tuple: nobody listens");
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, RST | ACK, 40), "none 0", "the kernel refuses it by itself");
	attribute_free(a);
	addrs_free(none);
	flow_table_free(t);
}

/* The same, also where another had listened on the port a moment before. */
static void test_never_accepted_by_the_second(void)
{
	struct flow_table *t = flow_table_new(100);
	struct addrs *none = addrs_new();
	struct attributor *a = attribute_new(t, none);
	struct ev_key any = claims_tcp(NULL, 80, NULL, 0), key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000);
	struct ev_key early = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5001);

	claims_listen(t, &any, OTHER, 1, 0, 10);
	tap_is_str(judge_next(a, &early, EV_DIR_IN, SYN, 12), "listener 400", "SYN to the first");
	claims_close(t, 1, 15);
	claims_listen(t, &any, SERVER, 2, 0, 16);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 20), "listener 200", "SYN to the second");
	claims_close(t, 2, 30);
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, RST | ACK, 31), "listener 200", "the second's reset");
	attribute_free(a);
	addrs_free(none);
	flow_table_free(t);
}

/* A connection that was accepted is not the listener's again because nobody knows who has it. */
static void test_given_up(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key any = claims_tcp(NULL, 80, NULL, 0), key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000);
	struct ev_release ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = 30 * MS;
	ev.sock_id = 2;
	ev.pid = WORKER;
	ev.start_ns = WORKER * 1000ULL;
	claims_listen(t, &any, SERVER, 1, 0, 5);
	claims_flow(t, &key, WORKER, 2, 20);
	flow_handover(t, &ev, NULL);
	tap_is_str(judge_in(t, &key, PSH | ACK, 29), "exact 300", "before it is given up");
	tap_is_str(judge_in(t, &key, PSH | ACK, 31), "none 0", "then: somebody's, and not the listener's");
	flow_table_free(t);
}

#define INO_SERVER 1001
#define INO_OTHER 1002

static void hold_as(struct flow_table *t, const struct ev_key *key, uint8_t kind, uint32_t pid, uint64_t ino)
{
	struct ev_owner ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = 5 * MS;
	ev.key = *key;
	ev.kind = kind;
	ev.flags = EV_OWN_REUSE;
	ev.ino = ino;
	ev.owner.pid = pid;
	ev.owner.start_ns = pid * 1000ULL;
	ev.owner.sock_id = ino;
	flow_claim(t, &ev);
}

static void choose(struct attributor *a, const struct ev_key *key, uint64_t ino, uint64_t at_ms)
{
	struct ev_shake ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.key = *key;
	ev.ino = ino;
	attribute_chosen(a, &ev);
}

/* Of several listeners on a port the kernel says which it chose for a handshake. */
static void test_listener_chosen(void)
{
	struct flow_table *t = flow_table_new(100);
	struct addrs *none = addrs_new();
	struct attributor *a = attribute_new(t, none);
	struct ev_key any = claims_tcp(NULL, 80, NULL, 0), key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000);
	struct ev_key other = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5001);

	hold_as(t, &any, EV_OWN_LISTEN, SERVER, INO_SERVER);
	hold_as(t, &any, EV_OWN_LISTEN, OTHER, INO_OTHER);
	choose(a, &key, INO_OTHER, 12);
	choose(a, &other, INO_SERVER, 12);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 11), "listener 400", "the SYN, before the choice");
	tap_is_str(judge_next(a, &other, EV_DIR_IN, SYN, 11), "listener 200", "another tuple, another listener");
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, SYN | ACK, 13), "listener 400", "the SYN-ACK, after it");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 14), "listener 400", "the SYN again");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, PSH | ACK, 15), "listener 400", "data nobody took yet");
	for (uint16_t port = 1; port < 5000; port++) {
		struct ev_key datagram = claims_udp("10.0.0.1", 53, "10.0.0.2", port);

		choose(a, &datagram, INO_SERVER, 15);
	}
	tap_is_str(judge_next(a, &key, EV_DIR_IN, PSH | ACK, 16), "listener 400", "however many datagrams came meanwhile");
	claims_close(t, INO_OTHER, 20);
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, RST | ACK, 21), "listener 400", "its reset when that listener is closed");
	tap_is_str(judge_next(a, &other, EV_DIR_IN, PSH | ACK, 21), "listener 200", "not that of the other");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 22), "none 0", "a closed one gets no SYN");
	choose(a, &key, 7, 24);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 23), "none 0", "one that is not known is not the one that is");
	attribute_free(a);
	addrs_free(none);
	flow_table_free(t);
}

/* Choices are told before the packets of their time are judged: also those of the tuple's next handshakes. */
static void test_listener_chosen_again(void)
{
	struct flow_table *t = flow_table_new(100);
	struct addrs *none = addrs_new();
	struct attributor *a = attribute_new(t, none);
	struct ev_key any = claims_tcp(NULL, 80, NULL, 0), key = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000);

	hold_as(t, &any, EV_OWN_LISTEN, SERVER, INO_SERVER);
	hold_as(t, &any, EV_OWN_LISTEN, OTHER, INO_OTHER);
	choose(a, &key, INO_OTHER, 12);
	choose(a, &key, INO_SERVER, 22);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 11), "listener 400", "the first SYN: the first choice");
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, SYN | ACK, 13), "listener 400", "and its SYN-ACK");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 21), "listener 200", "the second SYN: the second choice");
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, SYN | ACK, 23), "listener 200", "and its SYN-ACK");
	choose(a, &key, INO_OTHER, 32);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 11), "none 0", "before a choice that was forgotten: nobody");
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, SYN | ACK, 13), "none 0", "after it, too");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, SYN, 64000), "none 0", "a SYN too late to be a duplicate: nothing was told");
	attribute_free(a);
	addrs_free(none);
	flow_table_free(t);
}

/* Likewise of several datagram sockets, until one takes what this sender sends. */
static void test_receiver_chosen(void)
{
	struct flow_table *t = flow_table_new(100);
	struct addrs *none = addrs_new();
	struct attributor *a = attribute_new(t, none);
	struct ev_key any = claims_udp(NULL, 53, NULL, 0), open = claims_udp(NULL, 53, "10.0.0.9", 999);
	struct ev_key key = claims_udp("10.0.0.1", 53, "10.0.0.9", 999), other = claims_udp("10.0.0.1", 53, "10.0.0.8", 999);

	hold_as(t, &any, EV_OWN_PORT, SERVER, INO_SERVER);
	hold_as(t, &any, EV_OWN_PORT, OTHER, INO_OTHER);
	for (uint64_t ms = 12; ms < 20; ms += 2)
		choose(a, &key, INO_OTHER, ms);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, 0, 11), "port 400", "the datagram, before the choice");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, 0, 17), "port 400", "another one");
	tap_is_str(judge_next(a, &other, EV_DIR_IN, 0, 17), "none 0", "another's, of whom nothing is told");
	tap_is_str(judge_next(a, &key, EV_DIR_OUT, 0, 17), "none 0", "who sends is not told by who receives");
	choose(a, &key, INO_SERVER, 30);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, 0, 18), "port 400", "the last one of the first choice");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, 0, 29), "port 200", "the first one of the second");
	claims_close(t, INO_SERVER, 31);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, 0, 32), "port 400", "what was chosen is closed: the one that is left");
	claims_flow(t, &open, SERVER, 3, 40);
	tap_is_str(judge_next(a, &key, EV_DIR_IN, 0, 41), "exact 200", "who took one is known to take the next");
	tap_is_str(judge_next(a, &key, EV_DIR_IN, 0, 64000), "exact 200", "also long after the choice");
	attribute_free(a);
	addrs_free(none);
	flow_table_free(t);
}

static void test_listeners_shared(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key listener = claims_tcp(NULL, 80, NULL, 0),
		      key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);

	claims_listen(t, &listener, SERVER, 1, EV_OWN_REUSE, 5);
	claims_listen(t, &listener, OTHER, 2, EV_OWN_REUSE, 6);
	tap_is_str(judge_in(t, &key, SYN, 10), "none 0", "two listeners and no proof");
	claims_flow(t, &key, OTHER, 3, 14);
	tap_is_str(judge_in(t, &key, SYN, 10), "exact 400", "the accept is the proof");
	flow_table_free(t);
}

static void test_server_tuple_reused(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key listener = claims_tcp(NULL, 80, NULL, 0),
		      key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);

	claims_listen(t, &listener, SERVER, 1, 0, 5);
	claims_flow(t, &key, OTHER, 2, 10);
	claims_close(t, 2, 20);
	tap_is_str(judge_in(t, &key, ACK, 25), "exact 400", "the old connection's last packets");
	tap_is_str(judge_in(t, &key, SYN, 30), "listener 200", "a new SYN ends it");
	tap_is_str(judge_out(t, &key, SYN | ACK, 31), "listener 200", "its SYN-ACK is not the old one's");
	claims_flow(t, &key, WORKER, 3, 35);
	tap_is_str(judge_in(t, &key, ACK, 32), "exact 300", "but of him who accepts");
	tap_is_str(judge_in(t, &key, ACK, 22), "exact 400", "an old packet, late: the old one");
	tap_is_str(judge_in(t, &key, SYN, 40), "exact 300", "a duplicate SYN on a live connection");
	tap_is_str(judge_in(t, &key, PSH | ACK, 41), "exact 300", "ends nothing");
	flow_table_free(t);
}

/* Only an incoming SYN without ACK begins something new at this end. */
static void test_what_does_not_restart(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80),
		      udp = claims_udp("10.0.0.1", 5000, "10.0.0.2", 53);

	claims_flow(t, &key, CLIENT, 1, 10);
	claims_flow(t, &udp, CLIENT, 2, 10);
	claims_close(t, 1, 20);
	claims_close(t, 2, 20);
	tap_is_str(judge_in(t, &key, SYN | ACK, 30), "exact 100", "a SYN-ACK");
	tap_is_str(judge_out(t, &key, SYN, 31), "exact 100", "a SYN that leaves: a retransmission");
	tap_is_str(judge_in(t, &key, RST, 32), "exact 100", "a reset");
	tap_is_str(judge_in(t, &udp, SYN, 33), "none 0", "a datagram, which nobody gets");
	tap_is_str(judge_out(t, &udp, 0, 33), "exact 100", "and which ends nothing");
	tap_is_str(judge_in(t, &key, ACK, 34), "exact 100", "the flow is still its owner's");
	flow_table_free(t);
}

static void test_client_tuple_reused(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80);

	claims_flow(t, &key, CLIENT, 1, 10);
	claims_close(t, 1, 20);
	claims_flow(t, &key, OTHER, 2, 30);
	tap_is_str(judge_out(t, &key, ACK, 29), "exact 100", "the first one's last ACK");
	tap_is_str(judge_out(t, &key, SYN, 30), "exact 400", "the second one's SYN");
	flow_table_free(t);
}

/* Without the flow it cannot be told whether somebody accepted. */
static void test_forgotten_flow(void)
{
	struct flow_table *t = flow_table_new(1);
	struct ev_key listener = claims_tcp(NULL, 80, NULL, 0),
		      key = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5000);
	struct ev_key next = claims_tcp("10.0.0.2", 80, "10.0.0.1", 5001);

	claims_listen(t, &listener, SERVER, 1, 0, 5);
	claims_flow(t, &key, WORKER, 2, 10);
	claims_flow(t, &next, OTHER, 3, 11);
	tap_is_str(judge_in(t, &key, PSH | ACK, 15), "none 0",
		"data of a flow that was forgotten is not the listener's");
	tap_is_str(judge_in(t, &next, PSH | ACK, 15), "exact 400", "what is known is known");
	next.rport = 5002;
	tap_is_str(judge_in(t, &next, SYN, 16), "listener 200", "a SYN comes before any accept");
	tap_is_str(judge_out(t, &next, SYN | ACK, 17), "listener 200", "a SYN-ACK too");
	flow_table_free(t);
}

static void test_udp_connected(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_udp("10.0.0.1", 5000, "10.0.0.2", 53),
		      any = claims_udp(NULL, 5000, NULL, 0);

	claims_flow(t, &key, CLIENT, 1, 10);
	tap_is_str(judge_out(t, &key, 0, 11), "exact 100", "out");
	tap_is_str(judge_in(t, &key, 0, 12), "exact 100", "in");
	claims_port(t, &any, OTHER, 2, EV_OWN_REUSE, 15);
	tap_is_str(judge_in(t, &key, 0, 16), "exact 100", "a live flow beats a live port");
	claims_close(t, 1, 20);
	tap_is_str(judge_in(t, &key, 0, 21), "port 400", "a live port beats a closed flow");
	claims_close(t, 2, 30);
	tap_is_str(judge_in(t, &key, 0, 31), "none 0", "both closed: nobody gets what comes");
	tap_is_str(judge_out(t, &key, 0, 31), "exact 100", "what still leaves is the flow's");
	tap_is_str(judge_out(t, &key, 0, 20 + LINGER_MS), "port 400", "the flow is over, the port lingers");
	tap_is_str(judge_out(t, &key, 0, 30 + LINGER_MS), "none 0", "all is over");
	flow_table_free(t);
}

/* A server on a wildcard address: what it is known to talk to, and its port. */
static void test_udp_server(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key port = claims_udp(NULL, 53, NULL, 0), flow = claims_udp(NULL, 53, "10.0.0.9", 999);
	struct ev_key key = claims_udp("10.0.0.1", 53, "10.0.0.9", 999),
		      first = claims_udp("10.0.0.1", 53, "10.0.0.8", 1);

	claims_port(t, &port, SERVER, 1, 0, 10);
	tap_is_str(judge_in(t, &key, 0, 11), "port 200", "the first request: the port");
	claims_flow(t, &flow, SERVER, 1, 12);
	tap_is_str(judge_out(t, &key, 0, 13), "exact 200", "its answer: a flow whose local address is open");
	tap_is_str(judge_in(t, &first, 0, 13), "port 200", "another's request");
	claims_close(t, 1, 20);
	tap_is_str(judge_out(t, &key, 0, 21), "exact 200", "closed: the flow lingers on the way out");
	tap_is_str(judge_out(t, &first, 0, 21), "port 200", "and the port");
	tap_is_str(judge_in(t, &key, 0, 21), "none 0", "and gets nothing");
	claims_port(t, &port, OTHER, 2, 0, 30);
	tap_is_str(judge_in(t, &key, 0, 31), "port 400", "the port's next holder gets what comes now");
	tap_is_str(judge_in(t, &key, 0, 29), "none 0", "not what came before");
	flow_table_free(t);
}

static void test_udp_open_address(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key open = claims_udp(NULL, 53, "10.0.0.9", 999),
		      key = claims_udp("10.0.0.1", 53, "10.0.0.9", 999);

	claims_flow(t, &key, CLIENT, 1, 10);
	claims_flow(t, &open, OTHER, 2, 10);
	tap_is_str(judge_in(t, &key, 0, 11), "exact 100", "the tuple itself comes first");
	claims_close(t, 1, 20);
	tap_is_str(judge_in(t, &key, 0, 21), "exact 400", "a live open one before the closed tuple");
	claims_close(t, 2, 30);
	tap_is_str(judge_out(t, &key, 0, 31), "exact 100", "both closed: the tuple");
	flow_table_free(t);
}

/* A server on any address talks with a client, who then asks another one that is bound to the address. */
static void test_udp_two_addresses(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key any = claims_udp(NULL, 53, NULL, 0), open = claims_udp(NULL, 53, "10.0.0.9", 999),
		      one = claims_udp("10.0.0.1", 53, NULL, 0), key = claims_udp("10.0.0.1", 53, "10.0.0.9", 999),
		      two = claims_udp("10.0.0.2", 53, "10.0.0.9", 999);

	claims_port(t, &any, SERVER, 1, EV_OWN_REUSE, 10);
	claims_flow(t, &open, SERVER, 1, 11);
	tap_is_str(judge_in(t, &key, 0, 12), "exact 200", "nobody else is bound to that address");
	claims_port(t, &one, OTHER, 2, EV_OWN_REUSE, 20);
	tap_is_str(judge_in(t, &key, 0, 21), "port 400", "somebody is");
	tap_is_str(judge_in(t, &two, 0, 21), "exact 200", "another address");
	tap_is_str(judge_out(t, &key, 0, 21), "exact 200", "what is sent from that address");
	claims_close(t, 2, 30);
	tap_is_str(judge_in(t, &key, 0, 31), "exact 200", "nobody is bound to it any more");
	flow_table_free(t);
}

static void test_udp_late(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_udp("10.0.0.1", 5000, "10.0.0.2", 53),
		      any = claims_udp(NULL, 5000, NULL, 0);

	claims_flow(t, &key, CLIENT, 1, 20);
	tap_is_str(judge_in(t, &key, 0, 19), "exact 100", "who took it a little later");
	claims_port(t, &any, OTHER, 2, EV_OWN_REUSE, 10);
	tap_is_str(judge_in(t, &key, 0, 19), "port 400", "but a live port holds it at that time");
	key.lport = 5001;
	claims_flow(t, &key, CLIENT, 30 * MS, 35);
	tap_is_str(judge_in(t, &key, 0, 31), "exact 100", "a socket that was there");
	tap_is_str(judge_in(t, &key, 0, 29), "none 0", "and before it was made");
	flow_table_free(t);
}

static void test_udp_shared(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key port = claims_udp(NULL, 53, NULL, 0), key = claims_udp("10.0.0.1", 53, "10.0.0.9", 999);

	claims_port(t, &port, SERVER, 1, EV_OWN_REUSE, 10);
	claims_port(t, &port, OTHER, 2, EV_OWN_REUSE, 10);
	tap_is_str(judge_in(t, &key, 0, 11), "none 0", "two sockets of two processes: nobody knows which");
	claims_flow(t, &key, OTHER, 2, 15);
	tap_is_str(judge_in(t, &key, 0, 16), "exact 400", "who answered it");
	flow_table_free(t);
}

static void test_icmp(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_key(IPPROTO_ICMP, "10.0.0.1", 77, "10.0.0.2", 0), other = key, open = key;
	struct ev_key six = claims_key(IPPROTO_ICMPV6, "fd00::1", 77, "fd00::2", 0);

	memset(open.laddr, 0, sizeof(open.laddr));
	claims_flow(t, &open, CLIENT, 1, 10);
	tap_is_str(judge_out(t, &key, 0, 11), "icmp 100", "a ping of this identifier");
	tap_is_str(judge_in(t, &key, 0, 12), "icmp 100", "its reply");
	other.lport = 78;
	tap_is_str(judge_in(t, &other, 0, 12), "none 0", "another identifier");
	other = key;
	claims_addr(other.raddr, "10.0.0.3");
	tap_is_str(judge_in(t, &other, 0, 12), "none 0", "another host");
	tap_is_str(judge_in(t, &six, 0, 12), "none 0", "another family");
	claims_flow(t, &six, OTHER, 2, 10);
	tap_is_str(judge_out(t, &six, 0, 12), "icmp 400", "which has its own");
	claims_close(t, 1, 20);
	tap_is_str(judge_out(t, &key, 0, 21), "icmp 100", "the last request");
	tap_is_str(judge_in(t, &key, 0, 21), "none 0", "a late reply comes to nobody");
	flow_table_free(t);
}

static const char *judge_error(struct flow_table *t, const struct ev_key *quoted, uint8_t dir, uint64_t at_ms)
{
	struct ev_packet rec = packet(quoted, dir, 0, at_ms);

	rec.flags |= EV_PKT_ERROR;
	return judge(t, &rec);
}

static void test_error_udp(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_udp("10.0.0.1", 5000, "10.0.0.2", 53), port = claims_udp(NULL, 5001, NULL, 0);
	struct ev_key bound = claims_udp("10.0.0.1", 5001, "10.0.0.2", 53), open = claims_udp(NULL, 5002, "10.0.0.2", 53);
	struct ev_key sent = claims_udp("10.0.0.1", 5002, "10.0.0.2", 53);

	claims_flow(t, &key, CLIENT, 1, 10);
	claims_port(t, &port, OTHER, 2, 0, 10);
	claims_flow(t, &open, SERVER, 3, 10);
	tap_is_str(judge_error(t, &key, EV_DIR_IN, 11), "icmp 100", "an error about a datagram of ours");
	tap_is_str(judge_error(t, &sent, EV_DIR_IN, 11), "icmp 200", "of an unconnected socket");
	tap_is_str(judge_error(t, &bound, EV_DIR_IN, 11), "icmp 400", "or of the port's holder");
	tap_is_str(judge_error(t, &key, EV_DIR_OUT, 11), "icmp 100", "one that answers what came to the tuple's owner");
	tap_is_str(judge_error(t, &bound, EV_DIR_OUT, 11), "none 0", "what came to a port nobody took it from");
	claims_close(t, 1, 20);
	tap_is_str(judge_error(t, &key, EV_DIR_OUT, 21), "none 0", "what came to the tuple when its owner was gone");
	tap_is_str(judge_error(t, &key, EV_DIR_IN, 21), "icmp 100", "the socket is closed when the error comes");
	tap_is_str(judge_error(t, &key, EV_DIR_IN, 20 + LINGER_MS), "none 0", "for long");
	flow_table_free(t);
}

static void test_error_tcp(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key key = claims_tcp("10.0.0.1", 5000, "10.0.0.2", 80), listener = claims_tcp(NULL, 80, NULL, 0);
	struct ev_key half = claims_tcp("10.0.0.1", 80, "10.0.0.2", 5000);
	struct ev_key ping = claims_key(IPPROTO_ICMP, "10.0.0.1", 77, "10.0.0.2", 0);

	claims_flow(t, &key, CLIENT, 1, 10);
	claims_listen(t, &listener, SERVER, 2, 0, 10);
	claims_flow(t, &ping, OTHER, 3, 10);
	tap_is_str(judge_error(t, &key, EV_DIR_IN, 11), "icmp 100", "an error about a segment of ours");
	tap_is_str(judge_error(t, &half, EV_DIR_IN, 11), "icmp 200", "about a listener's SYN-ACK");
	tap_is_str(judge_error(t, &half, EV_DIR_OUT, 11), "none 0", "one that leaves is no listener's");
	tap_is_str(judge_error(t, &ping, EV_DIR_IN, 11), "icmp 400", "about a ping of ours");
	claims_close(t, 1, 20);
	tap_is_str(judge_error(t, &key, EV_DIR_IN, 30), "icmp 100", "it begins no new connection:");
	tap_is_str(judge_in(t, &key, ACK, 31), "exact 100", "the old one still answers");
	flow_table_free(t);
}

static void test_fragments(void)
{
	struct flow_table *t = flow_table_new(100);
	struct addrs *none = addrs_new();
	struct attributor *a = attribute_new(t, none);
	struct ev_key key = claims_udp("10.0.0.1", 5000, "10.0.0.2", 53);
	struct ev_packet first = packet(&key, EV_DIR_OUT, 0, 11), later = first;
	struct owner o = {0};

	first.flags |= EV_PKT_FIRST;
	first.frag_id = later.frag_id = 7;
	later.flags = EV_PKT_FRAG;
	later.key.lport = later.key.rport = 0;
	claims_flow(t, &key, CLIENT, 1, 10);
	attribute_packet(a, &later, &o);
	tap_ok(o.attr == EV_ATTR_NONE && !o.pid, "a later fragment that comes first is nobody's");
	attribute_packet(a, &first, &o);
	tap_ok(o.attr == EV_ATTR_EXACT && o.pid == CLIENT, "the first fragment has ports");
	memset(&o, 0, sizeof(o));
	attribute_packet(a, &later, &o);
	tap_ok(o.attr == EV_ATTR_FRAG && o.pid == CLIENT, "and lends its owner to the later ones");
	o = (struct owner){.pid = OTHER, .attr = EV_ATTR_EXACT};
	attribute_packet(a, &first, &o);
	memset(&o, 0, sizeof(o));
	attribute_packet(a, &later, &o);
	tap_ok(o.attr == EV_ATTR_FRAG && o.pid == OTHER, "also the kernel's answer");
	attribute_free(a);
	addrs_free(none);
	flow_table_free(t);
}

static void test_both_ends_here(void)
{
	struct flow_table *t = flow_table_new(100);
	struct ev_key client = claims_tcp("127.0.0.1", 5000, "127.0.0.1", 80),
		      server = claims_tcp("127.0.0.1", 80, "127.0.0.1", 5000);

	claims_flow(t, &client, CLIENT, 1, 10);
	claims_flow(t, &server, SERVER, 2, 10);
	tap_is_str(judge_out(t, &client, PSH | ACK, 11), "exact 100",
		"on loopback the copy that leaves names the sender");
	tap_is_str(judge_in(t, &server, PSH | ACK, 11), "exact 200", "the copy that arrives the receiver");
	flow_table_free(t);
}

int main(void)
{
	test_kernel_stands();
	test_client();
	test_server();
	test_listener_closed();
	test_never_accepted();
	test_never_accepted_by_the_second();
	test_given_up();
	test_listener_chosen();
	test_listener_chosen_again();
	test_receiver_chosen();
	test_listeners_shared();
	test_server_tuple_reused();
	test_what_does_not_restart();
	test_client_tuple_reused();
	test_forgotten_flow();
	test_udp_connected();
	test_udp_server();
	test_udp_open_address();
	test_udp_two_addresses();
	test_udp_late();
	test_udp_shared();
	test_icmp();
	test_error_udp();
	test_error_tcp();
	test_fragments();
	test_both_ends_here();
	return tap_done();
}
