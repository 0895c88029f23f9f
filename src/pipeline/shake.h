/* SPDX-License-Identifier: BSD-2-Clause */
/* Handshakes with a listener: which one of several on a port the kernel chose, for datagrams likewise; and whose connections those
 * are that nobody has accepted when it is closed. Bounded: the oldest are forgotten. Single-threaded; packets come in time order, choices in
 * theirs and before the packets of their time. */
#ifndef PIDTAP_PIPELINE_SHAKE_H
#define PIDTAP_PIPELINE_SHAKE_H

#include <stdbool.h>

#include "model/owner.h"
#include "probes/events.h"

struct shake_table;

/* NULL: out of memory. */
struct shake_table *shake_table_new(void);
void shake_table_free(struct shake_table *t);

/* An incoming SYN: `owner` listens; attr EV_ATTR_NONE: it is not known who. What was known of the tuple is forgotten, but for what was chosen. */
void shake_begin(struct shake_table *t, const struct ev_packet *syn, const struct owner *owner);

/* Who listened when the handshake with the packet's tuple began? false: there was none that is known. */
bool shake_find(const struct shake_table *t, const struct ev_packet *rec, struct owner *out);

/* The kernel chose a listener for a handshake, or a socket for a datagram. */
void shake_chosen(struct shake_table *t, const struct ev_shake *rec);

/* The inode number of the listener that was chosen for the handshake the packet belongs to, or the socket that was for a datagram;
 * 0: not known. */
uint64_t shake_chose(const struct shake_table *t, const struct ev_packet *rec);

#endif
