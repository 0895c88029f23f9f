/* SPDX-License-Identifier: BSD-2-Clause */
/* Who, in another network namespace of this host, holds the socket of a packet that only passes through one.
 *
 * The same tuple may live in several namespaces, and a socket on a wildcard address says nothing about whose the packet's
 * address is: a container that listens on 0.0.0.0:443 has nothing to do with another's connection to a server out there.
 * So a socket counts where it holds the address itself, or where its namespace is known to have it (model/addrs.h); where
 * that namespace is not known to lack it either, it stays open, and nobody is to be named. Where another namespace has the same
 * address, a socket counts that talks to the packet's peer; of one that only holds the port it stays open which of the two
 * the packet is for.
 */
#ifndef PIDTAP_MODEL_ELSEWHERE_H
#define PIDTAP_MODEL_ELSEWHERE_H

#include "model/addrs.h"
#include "model/flow.h"

enum elsewhere {
	ELSEWHERE_NOBODY,
	ELSEWHERE_ONE, /* one process in all other namespaces */
	ELSEWHERE_OPEN /* several, or it cannot be told */
};

/* Who owned the flow of this key at `ts_ns` in a namespace other than key->netns? As flow_find; claims that leave the local
 * address open count too. *out is filled but for attr where the answer is ELSEWHERE_ONE, else undefined. */
enum elsewhere elsewhere_flow(const struct flow_table *t, const struct addrs *a, const struct ev_key *key,
	uint64_t ts_ns, struct owner *out);

/* Who held its local port (EV_OWN_PORT or EV_OWN_LISTEN) there? As flow_find_port, of listeners only open ones. */
enum elsewhere elsewhere_port(const struct flow_table *t, const struct addrs *a, const struct ev_key *key,
	uint8_t kind, uint64_t ts_ns, struct owner *out);

/* flow_restart in all other namespaces: the SYN of a new connection passed by. */
void elsewhere_restart(struct flow_table *t, const struct ev_key *key, uint64_t ts_ns);

#endif
