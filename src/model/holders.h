/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that got a descriptor of a socket without having acted on it: by SCM_RIGHTS, dup, or before the start. Bounded:
 * the socket that was told of first is forgotten first. */
#ifndef PIDTAP_MODEL_HOLDERS_H
#define PIDTAP_MODEL_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

#include "model/owner.h"

struct holders;

/* `max`: sockets. NULL: out of memory. */
struct holders *holders_new(size_t max);
void holders_free(struct holders *h);

/* A process holds the socket whose file has this inode number. 0 or -ENOMEM. */
int holders_add(struct holders *h, uint64_t ino, const struct owner *who);

/* Who was told of, the last one first; as many as fit. Returns how many. */
size_t holders_get(const struct holders *h, uint64_t ino, struct owner *out, size_t max);

#endif
