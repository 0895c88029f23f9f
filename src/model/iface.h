/* SPDX-License-Identifier: BSD-2-Clause */
/* The captured interfaces. An interface is (netns, ifindex); it keeps its number in the outputs after it is gone. */
#ifndef PIDTAP_MODEL_IFACE_H
#define PIDTAP_MODEL_IFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A network namespace's name is that of a file: 255 bytes. */
#define IFACE_NAME_MAX (256 + IF_NAMESIZE)

struct iface {
	uint32_t id; /* 0, 1, ... in the order they appeared: the interface id of a pcapng file */
	uint32_t netns;
	uint32_t ifindex;
	char name[IFACE_NAME_MAX]; /* of another network namespace "NETNS/NAME" */
	bool l3;	   /* no link-layer header (tun, wireguard): outputs put a synthetic Ethernet header before it */
	bool plain;	   /* no device: what TLS connections carry, in clear */
	bool gone;	   /* it vanished while captured */
	uint64_t received; /* packets of it handed to the sinks */
};

struct iface_table; /* opaque; owns its interfaces, which stay at their address until it is freed */

struct iface_table *iface_table_new(void);
void iface_table_free(struct iface_table *t);

/* Adds it, or returns the one that is there (a vanished one with the same netns, ifindex, name and link layer comes back to
 * life). NULL: out of memory. Borrowed until iface_table_free. */
struct iface *iface_add(struct iface_table *t, uint32_t netns, uint32_t ifindex, const char *name, bool l3);

/* NULL where it is not known. O(1). */
struct iface *iface_find(const struct iface_table *t, uint32_t netns, uint32_t ifindex);

size_t iface_count(const struct iface_table *t);
struct iface *iface_at(const struct iface_table *t, uint32_t id);

#endif
