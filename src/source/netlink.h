/* SPDX-License-Identifier: BSD-2-Clause */
/* One netlink socket: ask, and go through the answers. */
#ifndef PIDTAP_SOURCE_NETLINK_H
#define PIDTAP_SOURCE_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

struct netlink {
	struct mnl_socket *sock;
	uint32_t seq;
	uint32_t portid;
	bool whole; /* a dump during which its table changed fails with -EINTR: who asks asks again */
};

#define NETLINK_BUF_SIZE 8192 /* for requests; answers use MNL_SOCKET_DUMP_SIZE */

/* For rtnetlink. `groups`: RTMGRP_* bits to listen to, 0 for requests only. 0 or negative errno. */
int netlink_open(struct netlink *nl, uint32_t groups);

/* The same for sock_diag(7). */
int netlink_open_diag(struct netlink *nl);
void netlink_close(struct netlink *nl);

/* Starts a request of `type` in `buf` (NETLINK_BUF_SIZE bytes); the caller adds its header and attributes. */
struct nlmsghdr *netlink_request(struct netlink *nl, void *buf, uint16_t type, uint16_t flags);

/* Sends it and hands every answer to `cb` (may be NULL: only the acknowledgement counts). 0, or the negative errno of the
 * kernel's answer. What comes or goes while a table is dumped may be in it or not: who subscribed is told of it. */
int netlink_talk(struct netlink *nl, struct nlmsghdr *req, mnl_cb_t cb, void *arg);

#endif
