/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sink writes, in units that are whole or not there at all: lines of text, blocks of pcapng. They collect in memory and go out
 * in large writes; when one fails, what stands of a half-written unit is cut off again, if it is a regular file. */
#ifndef PIDTAP_OUT_OUTFILE_H
#define PIDTAP_OUT_OUTFILE_H

#include <stdint.h>

#include "base/buf.h"
#include "out/outfd.h"
#include "out/sink.h"

struct outfile {
	struct sink *sink; /* whose packets, bytes and torn tell what reached the file */
	struct outfd out;
	struct buf buf;	  /* not written yet; append here, then commit */
	struct buf units; /* a struct unit for each in it */
	size_t committed; /* bytes of `buf` */
};

/* Takes `fd`, also on failure. `patience` may be NULL. 0, or -ENOMEM. */
int outfile_init(struct outfile *f, struct sink *sink, int fd, const struct patience *patience);

/* Closes the file; what is still in memory is dropped. */
void outfile_fini(struct outfile *f);

/* What was appended since the last commit is a unit: with it, the packets are sink->taken. Writes, once enough has collected for that
 * to be worth its cost. 0, or negative errno: without memory, the unit is taken back. */
int outfile_commit(struct outfile *f);

/* Takes back what was appended since the last commit, and writes what was before. -ENOMEM: that is why. */
int outfile_take_back(struct outfile *f);

/* Appends and commits. */
int outfile_put(struct outfile *f, const struct buf *unit);

/* Writes what has collected. 0, or negative errno; the memory is empty in both cases. */
int outfile_flush(struct outfile *f);

#endif
