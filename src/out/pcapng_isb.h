/* SPDX-License-Identifier: BSD-2-Clause */
/* The interface statistics block at the end of a pcapng file: what became of an interface's packets. */
#ifndef PIDTAP_OUT_PCAPNG_ISB_H
#define PIDTAP_OUT_PCAPNG_ISB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/iface.h"
#include "model/stats.h"

struct pcapng_isb {
	const struct iface *iface;
	uint64_t start_ns, end_ns; /* since 1970 */
	size_t devices;		   /* interfaces of the file but that of plaintext */
	uint64_t plain_frames;	   /* made of plaintext */
	const struct stats *stats;
};

/* Appends the block; `text` is scratch. An error shows in either. */
void pcapng_isb(struct buf *b, struct buf *text, const struct pcapng_isb *isb);

#endif
