/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the connection table share: times in seconds, connections and processes by number. */
#ifndef PIDTAP_TESTS_CONNS_H
#define PIDTAP_TESTS_CONNS_H

#include "model/conn.h"
#include "tap.h"

#include <netinet/in.h>
#include <stdlib.h>

#define SEC 1000000000ULL

/* A connection's tuple by number. */
static inline struct ev_key conns_key(uint16_t tuple)
{
	struct ev_key key;

	memset(&key, 0, sizeof(key));
	key.laddr[10] = key.laddr[11] = key.raddr[10] = key.raddr[11] = 0xff;
	key.laddr[12] = key.raddr[12] = 10;
	key.raddr[15] = 9;
	key.netns = 1;
	key.lport = tuple;
	key.rport = 443;
	key.proto = IPPROTO_TCP;
	return key;
}

static inline struct conn conns_conn(uint16_t tuple, uint64_t sock_id, uint64_t ino)
{
	return (struct conn){.key = conns_key(tuple), .sock_id = sock_id, .ino = ino};
}

/* A process: its number, and which of those that had it. */
static inline struct conn_who conns_who(uint32_t pid, unsigned int life)
{
	return (struct conn_who){.pid = pid, .start_ns = (1 + life) * SEC};
}

#endif
