/* SPDX-License-Identifier: BSD-2-Clause */
/* Owner and close records for the tests of the flow table and of the rule built on it. Times are milliseconds
 * here; a process is its pid. */
#ifndef PIDTAP_TESTS_CLAIMS_H
#define PIDTAP_TESTS_CLAIMS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "model/flow.h"

#define MS 1000000ULL
#define LINGER_MS (EV_LINGER_NS / MS)
#define NETNS 4026531840u

/* "10.0.0.1" becomes ::ffff:10.0.0.1; NULL is any. */
static inline void claims_addr(uint8_t addr[16], const char *text)
{
	memset(addr, 0, 16);
	if (!text || inet_pton(AF_INET6, text, addr) == 1)
		return;
	addr[10] = addr[11] = 0xff;
	if (inet_pton(AF_INET, text, addr + 12) != 1)
		abort();
}

static inline struct ev_key claims_key(
	uint8_t proto, const char *laddr, uint16_t lport, const char *raddr, uint16_t rport)
{
	struct ev_key key;

	memset(&key, 0, sizeof(key));
	claims_addr(key.laddr, laddr);
	claims_addr(key.raddr, raddr);
	key.netns = NETNS;
	key.lport = lport;
	key.rport = rport;
	key.proto = proto;
	return key;
}

static inline struct ev_key claims_tcp(const char *laddr, uint16_t lport, const char *raddr, uint16_t rport)
{
	return claims_key(IPPROTO_TCP, laddr, lport, raddr, rport);
}

static inline struct ev_key claims_udp(const char *laddr, uint16_t lport, const char *raddr, uint16_t rport)
{
	return claims_key(IPPROTO_UDP, laddr, lport, raddr, rport);
}

/* Who, through which socket, of which kind and flags. */
struct actor {
	uint32_t pid;
	uint64_t sock_id;
	uint8_t kind;
	uint8_t flags;
};

static inline int claims_claim(struct flow_table *t, const struct ev_key *key, struct actor a, uint64_t at_ms)
{
	struct ev_owner ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.key = *key;
	ev.kind = a.kind;
	ev.flags = a.flags;
	ev.owner.pid = ev.owner.tid = a.pid;
	ev.owner.start_ns = a.pid * 1000ULL;
	ev.owner.sock_id = a.sock_id;
	ev.owner.attr = EV_ATTR_EXACT;
	return flow_claim(t, &ev);
}

static inline int claims_flow(
	struct flow_table *t, const struct ev_key *key, uint32_t pid, uint64_t sock_id, uint64_t at_ms)
{
	return claims_claim(t, key, (struct actor){pid, sock_id, EV_OWN_FLOW, 0}, at_ms);
}

static inline int claims_port(struct flow_table *t, const struct ev_key *key, uint32_t pid, uint64_t sock_id,
	uint8_t flags, uint64_t at_ms)
{
	return claims_claim(t, key, (struct actor){pid, sock_id, EV_OWN_PORT, flags}, at_ms);
}

static inline int claims_listen(struct flow_table *t, const struct ev_key *key, uint32_t pid,
	uint64_t sock_id, uint8_t flags, uint64_t at_ms)
{
	return claims_claim(t, key, (struct actor){pid, sock_id, EV_OWN_LISTEN, flags}, at_ms);
}

/* What was there at the start; pid 0: nobody's. */
static inline int claims_seed(
	struct flow_table *t, const struct ev_key *key, uint32_t pid, uint8_t kind, uint8_t flags, uint64_t ino)
{
	struct ev_owner ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = MS;
	ev.key = *key;
	ev.kind = kind;
	ev.flags = flags | EV_OWN_REUSE;
	ev.ino = ino;
	ev.owner.pid = ev.owner.tid = pid;
	ev.owner.start_ns = pid * 1000ULL;
	ev.owner.attr = EV_ATTR_SEED;
	return flow_claim(t, &ev);
}

static inline void claims_close(struct flow_table *t, uint64_t sock_id, uint64_t at_ms)
{
	struct ev_close ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.sock_id = sock_id;
	flow_close(t, &ev);
}

/* The close of a socket the kernel side knows no generation of. */
static inline void claims_close_key(struct flow_table *t, const struct ev_key *key, uint64_t at_ms)
{
	struct ev_close ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = at_ms * MS;
	ev.key = *key;
	flow_close(t, &ev);
}

#endif
