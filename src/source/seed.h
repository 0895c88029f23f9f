/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that existed before the hooks were attached, and whose they are: the kernel's socket tables (sockdiag.h) joined with
 * the descriptors of all processes (procfd.h).
 *
 * A seed is a guess about one moment, the best there is until somebody acts. The hooks are attached first, so what they say is
 * never older: in m_flow_owner a seed is put only where there is nothing (BPF_NOEXIST), and user space is told of it as
 * of a time before the hooks. After that the tables are listed again: of a socket that is gone since, no hook may have known
 * when it was closed.
 */
#ifndef PIDTAP_SOURCE_SEED_H
#define PIDTAP_SOURCE_SEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"
#include "probes/events.h"

struct seed_opts {
	const struct sysroot *root;
	int flow_owner_fd; /* m_flow_owner */
	size_t map_room;   /* how many entries seeds may take there; the rest user space alone knows */
	uint64_t since_ns; /* CLOCK_MONOTONIC: before the hooks were attached */
	/* A claim, with attr EV_ATTR_SEED, sk and sock_id 0. pid 0: nobody is known to own this socket, so nobody is to be named
	 * for it until it is claimed, not even who listens on its port. Of a socket held by several each of the others
	 * comes as EV_OWN_HOLD. */
	void (*tell)(void *ctx, const struct ev_owner *ev);
	void *ctx;
};

/* A network namespace: its inode number, and a descriptor for netns_in() (-1: our own). */
struct seed_netns {
	uint32_t netns;
	int fd;
	bool captured; /* else user space alone needs to know of its sockets */
};

struct seed_counts {
	size_t sockets;	  /* with an owner, told */
	size_t nobodys;	  /* without, told */
	size_t gone;	  /* no longer there at the second look */
	size_t processes; /* that hold any */
	uint64_t mapped;  /* entries made in m_flow_owner; */
	uint64_t unmapped; /* of these, removed again */
};

/* Seeds these namespaces, with one walk over all processes. 0; or negative errno, -ENOMEM, or what netns_in or opening /proc say:
 * then some sockets, or all, were not told of. *out is filled in any case. */
int seed_run(const struct seed_opts *opts, const struct seed_netns *ns, size_t cnt, struct seed_counts *out);

#endif
