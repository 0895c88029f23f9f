/* SPDX-License-Identifier: BSD-2-Clause */
/* The interfaces of a network namespace, the one this thread is in when they are opened: which there are, which come and go, and
 * from which something of tc's was removed. */
#ifndef PIDTAP_SOURCE_LINKS_H
#define PIDTAP_SOURCE_LINKS_H

#include <stdbool.h>
#include <stdint.h>

struct links; /* opaque */

struct link {
	uint32_t ifindex;
	char name[16]; /* IFNAMSIZ */
	bool l3;	/* packets have no link-layer header (tun, wireguard, ppp, ip tunnels) */
	bool known;	/* its kind of link is one we can capture: Ethernet, loopback or L3 */
	bool gone;	/* it was removed, or moved to another namespace */
};

/* Called for every interface that is there, and then for every change. Negative errno ends the walk. */
typedef int (*links_cb)(void *ctx, const struct link *link);

/* A filter was removed, or a qdisc. */
struct links_removal {
	uint32_t ifindex;
	uint32_t by; /* the netlink port of who did it */
	bool clsact; /* the clsact (or ingress) qdisc, with all its filters */
};

typedef int (*links_removal_cb)(void *ctx, const struct links_removal *removal);

/* Opens both sockets and subscribes; from here no interface is missed. 0 or negative errno. */
int links_open(struct links **out);
void links_close(struct links *l);

/* Readable when an interface changed, or something was removed. */
int links_fd(const struct links *l);

/* All interfaces that are there now. 0, negative errno, or what cb returned. */
int links_list(struct links *l, links_cb cb, void *ctx);

/* What changed since the last call. The same results; -ENOBUFS: the kernel dropped messages, who wants to know what went
 * must list all again. */
int links_changes(struct links *l, links_cb cb, links_removal_cb removal_cb, void *ctx);

#endif
