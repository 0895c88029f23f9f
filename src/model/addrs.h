/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of the network namespaces of this host: a packet that goes from or to one that is not of the namespace it was
 * captured in is only passing through, maybe to or from another of them. Addresses are 16 bytes in network order, IPv4 as
 * v4-mapped. */
#ifndef PIDTAP_MODEL_ADDRS_H
#define PIDTAP_MODEL_ADDRS_H

#include <stdbool.h>
#include <stdint.h>

struct addrs;

/* NULL: out of memory. */
struct addrs *addrs_new(void);
void addrs_free(struct addrs *a);

/* The same address may be on several interfaces: it is there until it was removed from all. 0 or -ENOMEM. */
int addrs_add(struct addrs *a, uint32_t netns, uint32_t ifindex, const uint8_t addr[16]);
void addrs_del(struct addrs *a, uint32_t netns, uint32_t ifindex, const uint8_t addr[16]);

/* All of a namespace that is gone, or is listed anew. */
void addrs_del_netns(struct addrs *a, uint32_t netns);

/* Is it one of this namespace's own? Loopback (127.0.0.0/8, ::1), multicast, broadcast and unspecified addresses always are,
 * and so is everything in a namespace of which no address is known. */
bool addrs_is_local(const struct addrs *a, uint32_t netns, const uint8_t addr[16]);

/* Was it added for this namespace? The question that what is not known does not answer with yes. */
bool addrs_has(const struct addrs *a, uint32_t netns, const uint8_t addr[16]);

/* Was it added for a namespace other than this one? */
bool addrs_has_other(const struct addrs *a, uint32_t netns, const uint8_t addr[16]);

/* There are namespaces on this host of which nothing will be known: there was no room. */
void addrs_set_partial(struct addrs *a);
bool addrs_is_partial(const struct addrs *a);

#endif
