/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of sockets as the kernel's tables show them at one moment. */
#ifndef PIDTAP_SOURCE_SOCKS_H
#define PIDTAP_SOURCE_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"

/* One socket. */
struct sock_seen {
	struct ev_key key; /* as a hook would claim it: of one that is not connected raddr and rport are 0 */
	uint64_t ino;	   /* `socket:[INO]` in /proc/PID/fd; 0: nobody holds it (not accepted yet, orphaned, TIME_WAIT) */
	uint8_t state;	   /* TCP_* of netinet/tcp.h. Datagrams: TCP_ESTABLISHED while connected, else TCP_CLOSE */
	uint8_t flags;	   /* EV_OWN_V6, EV_OWN_V6ONLY */
	bool elsewhere;	   /* in a namespace that is not captured */
};

struct socks {
	struct sock_seen *list; /* owned */
	size_t cnt;
	size_t room;
};
#define SOCKS_INIT {NULL, 0, 0}

/* A copy is appended. 0 or -ENOMEM. */
int socks_add(struct socks *s, const struct sock_seen *one);
void socks_free(struct socks *s);

/* Sorts by inode number and key, and leaves only one of those that are equal in both: while a table is listed, it may
 * change so that a socket is seen twice. */
void socks_sort(struct socks *s);

/* Of a sorted list: is there one with this inode number and key? */
bool socks_has(const struct socks *s, const struct sock_seen *one);

/* Of a sorted list: the first with this inode number; s->cnt: none. */
size_t socks_find_ino(const struct socks *s, uint64_t ino);

/* What its owner claims: EV_OWN_FLOW, EV_OWN_PORT or EV_OWN_LISTEN. */
uint8_t sock_seen_kind(const struct sock_seen *one);

#endif
