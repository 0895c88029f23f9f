/* SPDX-License-Identifier: BSD-2-Clause */
/* Doing something in another network namespace: a socket belongs to the one it was opened in, wherever it is used later. */
#ifndef PIDTAP_SOURCE_NETNS_H
#define PIDTAP_SOURCE_NETNS_H

/* Calls fn with this thread in the namespace of the descriptor (of /run/netns/NAME or /proc/PID/ns/net), and comes back. -1: it
 * stays where it is. What fn returned, or negative errno: -EPERM lacks CAP_SYS_ADMIN, -EINVAL is no network namespace. */
int netns_in(int ns_fd, int (*fn)(void *ctx), void *ctx);

#endif
