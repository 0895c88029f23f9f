/* SPDX-License-Identifier: BSD-2-Clause */
/* All TCP, UDP and ping sockets of a network namespace, by NETLINK_SOCK_DIAG (sock_diag(7)); what the kernel cannot be asked
 * for that way (inet_diag or udp_diag is not there, and ping sockets never are) by /proc/net. The kernel loads its diag modules
 * when it is asked.
 *
 * Raw sockets are not listed: their packets are not looked up by an address; when one sends, it is found by itself.
 */
#ifndef PIDTAP_SOURCE_SOCKDIAG_H
#define PIDTAP_SOURCE_SOCKDIAG_H

#include <linux/netlink.h>

#include "base/sysroot.h"
#include "source/socks.h"

/* Adds the sockets of the calling thread's network namespace, whose inode number is `netns`. A machine under a prefix is not this
 * one: of that only /proc/net is read. A table that cannot be read at all is left out. 0 or -ENOMEM. */
int sockdiag_list(const struct sysroot *root, uint32_t netns, struct socks *out);

/* For tests: one answer of the kernel. false: not understood, or no socket that has packets. */
bool sockdiag_read(const struct nlmsghdr *msg, uint8_t proto, uint32_t netns, struct sock_seen *out);

#endif
