/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket tables of /proc/net: tcp, tcp6, udp, udp6, icmp, icmp6 (proc(5)). Slower than sock_diag, and they do not say
 * whether an IPv6 socket takes IPv4. */
#ifndef PIDTAP_SOURCE_PROCNET_H
#define PIDTAP_SOURCE_PROCNET_H

#include "base/sysroot.h"
#include "source/socks.h"

/* Adds the sockets of the table `path` of the calling thread's network namespace, whose inode number is `netns`. A listening or
 * unconnected IPv6 socket gets EV_OWN_V6ONLY: taken for one that takes IPv4, it would be named for what it never gets. Lines
 * that are not understood are left out. 0; -ENOENT, also without IPv6; -ENOMEM or another negative errno. */
int procnet_read(const struct sysroot *root, const char *path, uint8_t proto, uint32_t netns, struct socks *out);

#endif
