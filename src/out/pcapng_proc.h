/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of a pcapng file. Each gets a Darwin process information block before its first packet, and
 * its packets the number of that block: what Wireshark 4.6 and later show as frame.darwin.process_info. */
#ifndef PIDTAP_OUT_PCAPNG_PROC_H
#define PIDTAP_OUT_PCAPNG_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/owner.h"

struct pcapng_procs; /* opaque; bounded: the oldest is forgotten and gets a new block when it comes again */

/* NULL: out of memory. */
struct pcapng_procs *pcapng_procs_new(void);
void pcapng_procs_free(struct pcapng_procs *t);

/* Sets *index to the block of this owner's process; appends the block to `blocks` where there is none yet, or
 * where the process has another name since (exec). False: out of memory, the packet goes without. */
bool pcapng_procs_index(struct pcapng_procs *t, const struct owner *o, struct buf *blocks, uint32_t *index);

#endif
