/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of the interfaces of a network namespace: which there are, and whether that changed. */
#ifndef PIDTAP_SOURCE_ADDRESSES_H
#define PIDTAP_SOURCE_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

struct addresses; /* opaque */

/* One of an interface's own, or the broadcast address of its net. 16 bytes in network order, IPv4 as v4-mapped. Negative errno
 * ends the walk. */
typedef int (*addresses_cb)(void *ctx, uint32_t ifindex, const uint8_t addr[16]);

/* Opens both sockets, in the namespace this thread is in, and subscribes; from here no change is missed. 0 or negative errno. */
int addresses_open(struct addresses **out);
void addresses_close(struct addresses *a);

/* Readable when an address came or went. */
int addresses_fd(const struct addresses *a);

/* All that are there now. 0, negative errno, or what cb returned. */
int addresses_list(struct addresses *a, addresses_cb cb, void *ctx);

/* Did any come or go since the last call? Which is for addresses_list to say: two may share a broadcast address. */
bool addresses_changed(struct addresses *a);

#endif
