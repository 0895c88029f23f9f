/* SPDX-License-Identifier: BSD-2-Clause */
/* A pcapng file that is whole blocks at every moment: blocks collect in memory and go out in large writes;
 * when a write fails, what stands of a half-written block is cut off again, if the file is a regular one. */
#ifndef PIDTAP_OUT_PCAPNG_FILE_H
#define PIDTAP_OUT_PCAPNG_FILE_H

#include <stdint.h>

#include "base/buf.h"
#include "out/outfd.h"

struct pcapng_file {
	struct outfd out; /* owned */
	struct buf buf;	  /* whole blocks not written yet; append here */
	uint64_t bytes;	  /* of whole blocks that reached the file */
	uint64_t packets; /* packet blocks among them */
};

/* Takes `fd`, also on failure. 0, or -ENOMEM. */
int pcapng_file_init(struct pcapng_file *f, int fd, const struct patience *patience);

/* Closes the file; what is still in memory is dropped. */
void pcapng_file_fini(struct pcapng_file *f);

/* Writes what has collected. 0, or negative errno; the memory is empty in both cases. */
int pcapng_file_flush(struct pcapng_file *f);

/* The same, once enough has collected for a write to be worth its cost. */
int pcapng_file_flush_if_full(struct pcapng_file *f);

#endif
