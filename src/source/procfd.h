/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processes hold a socket, by /proc/PID/fd. Slow beside records, so for few questions, or for all at once. */
#ifndef PIDTAP_SOURCE_PROCFD_H
#define PIDTAP_SOURCE_PROCFD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sysroot.h"
#include "probes/events.h"

/* Has the process a descriptor of the socket with this inode number? false also where it is gone or cannot be looked at. */
bool procfd_has(const struct sysroot *root, uint32_t pid, uint64_t ino);

/* By another descriptor than `but`? One that is being closed is there until the close is done; -1: all count. */
bool procfd_has_other(const struct sysroot *root, uint32_t pid, uint64_t ino, int but);

/* The number of a descriptor of that socket the process has; `hint` is tried first, unless negative. -1: it has none. */
int procfd_number(const struct sysroot *root, uint32_t pid, uint64_t ino, int hint);

/* The first of the process's children that has. 0: none, or the kernel does not list children (CONFIG_PROC_CHILDREN). */
uint32_t procfd_find_child(const struct sysroot *root, uint32_t pid, uint64_t ino);

/* The first of all processes but one that has: reads every descriptor of the machine. 0: none. */
uint32_t procfd_find(const struct sysroot *root, uint64_t ino, uint32_t but_pid);

/* Calls cb for each descriptor of each process that is a socket, a process's one after the other, until it returns something
 * else than 0. What goes meanwhile is left out. What cb returned last, or negative errno where /proc cannot be read. */
int procfd_each(const struct sysroot *root, int (*cb)(void *ctx, uint32_t pid, int fd, uint64_t ino), void *ctx);

/* Is this process (pid and start time) still there and no zombie? One that ends is, until the last of its descriptors is closed. */
bool procfd_is_there(const struct sysroot *root, uint32_t pid, uint64_t start_ns);

/* Who a process is, as far as /proc says: pid, tid, uid, comm, start_ns in whole ticks (USER_HZ, proc(5)), and act_ns now. 0, or negative
 * errno. */
int procfd_owner(const struct sysroot *root, uint32_t pid, struct ev_owner_val *out);

#endif
