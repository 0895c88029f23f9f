/* SPDX-License-Identifier: BSD-2-Clause */
/* Who owned which flow, port and listening socket, and when.
 *
 * The kernel's own map knows the present; this table is fed by the owner and close records and can be asked
 * about any moment of the last seconds: packets are judged a window after they were captured, so an owner
 * learnt late (a server that accepts after the handshake) is known by then. It is the larger of the two, and
 * bounded: the oldest flow is forgotten first, and counted. Ports have a bound of their own, so that a busy
 * server's flows do not push out its listener.
 *
 * A claim says: from since_ns on, this process owns this key, through this socket. Closing a socket ends its
 * claims, and they answer for EV_LINGER_NS more. Records may come a little out of order: times decide.
 * Single-threaded; times are CLOCK_MONOTONIC of the records.
 */
#ifndef PIDTAP_MODEL_FLOW_H
#define PIDTAP_MODEL_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/owner.h"
#include "probes/events.h"

struct flow_table;

/* `max_keys`: how many flows, and how many ports, it holds before it forgets. NULL: out of memory. */
struct flow_table *flow_table_new(size_t max_keys);
void flow_table_free(struct flow_table *t);

/* A process acted on a socket; or, without sock_id, a seed: it had one before the start (attr EV_ATTR_SEED), pid 0: nobody
 * knows who. By its inode number a seed is known as the socket that a hook tells of later, and left out where one did before.
 * 0, or -ENOMEM: forgotten at once. */
int flow_claim(struct flow_table *t, const struct ev_owner *ev);

/* A socket was closed; without sock_id: the one that holds the flow of its key. */
void flow_close(struct flow_table *t, const struct ev_close *ev);

/* A new connection begins with this key (an incoming SYN): of the claims before `ts_ns`, those of closed
 * sockets end, and of seeds those without an inode number: they waited to be accepted, or were in TIME_WAIT. One of an open socket
 * stays: that SYN is a duplicate, or forged. */
void flow_restart(struct flow_table *t, const struct ev_key *key, uint64_t ts_ns);

/* What is asked of a key. */
enum flow_match {
	FLOW_NONE,   /* nobody, or several and no proof */
	FLOW_LIVE,   /* an owner whose socket was open at that time */
	FLOW_CLOSED, /* its last owner, closed less than EV_LINGER_NS before */
	FLOW_LATE    /* the first who claimed it after that time. Where flows were forgotten: the first known */
};

/* Who owned the flow with exactly this key at `ts_ns`? *out is filled where the answer is not FLOW_NONE; attr is then the
 * claim's: EV_ATTR_SEED, or what a hook told. pid 0: it is known that nobody is known. */
enum flow_match flow_find(
	const struct flow_table *t, const struct ev_key *key, uint64_t ts_ns, struct owner *out);

/* Had the flow an owner at `ts_ns`, of whom it is only known that it is not the last one any more? */
bool flow_given_up(const struct flow_table *t, const struct ev_key *key, uint64_t ts_ns);

/* Who holds the local port of this key (kind EV_OWN_PORT or EV_OWN_LISTEN) at `ts_ns`? Looked up as {local
 * address, port}, then {any address, port} of the key's family, IPv6 sockets that take IPv4 included; the
 * open ones at either before the closed. Several processes on one port and no proof: FLOW_NONE; so, too, for
 * a port of which a holder was forgotten. Never FLOW_LATE. */
enum flow_match flow_find_port(const struct flow_table *t, const struct ev_key *key, uint8_t kind,
	uint64_t ts_ns, struct owner *out);

/* The same for the socket whose file has this inode number: one of several on its port that is known to be meant. */
enum flow_match flow_find_chosen(const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t ino, uint64_t ts_ns,
	struct owner *out);

/* The same for a listener of this process: also where others had listened there, and closed. */
enum flow_match flow_find_listener_of(const struct flow_table *t, const struct ev_key *key, const struct owner *who,
	uint64_t ts_ns, struct owner *out);

/* Is a socket bound to the key's local port and address, that address itself, at `ts_ns`? One on any address gets nothing that
 * comes there then. */
bool flow_is_bound_at(const struct flow_table *t, const struct ev_key *key, uint64_t ts_ns);

/* Frees what can no longer answer for packets at or after `ts_ns`. Call it about once a second. */
void flow_expire(struct flow_table *t, uint64_t ts_ns);

/* Keys held, and keys forgotten for want of room. */
size_t flow_count(const struct flow_table *t);
uint64_t flow_evicted(const struct flow_table *t);

#endif
