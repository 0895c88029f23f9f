/* SPDX-License-Identifier: BSD-2-Clause */
/* A descriptor that a sink writes to. A reader that is slow, or stopped reading, is waited for as long as patience says. */
#ifndef PIDTAP_OUT_OUTFD_H
#define PIDTAP_OUT_OUTFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Asked while not all is taken, ten times a second at least: is a reader that has read nothing since `since_ns` (CLOCK_MONOTONIC) not to be
 * waited for any more? */
struct patience {
	bool (*is_over)(void *ctx, uint64_t since_ns); /* NULL: never */
	void *ctx;
};

struct outfd {
	int fd;	    /* owned */
	bool waits; /* no regular file: what it takes depends on a reader */
	int error;  /* of the write that failed: nothing is written behind it */
	struct patience patience;
};

/* A copy of standard output, or negative errno. */
int outfd_stdout(void);

/* Takes `fd`. `patience` may be NULL: for ever. */
void outfd_init(struct outfd *o, int fd, const struct patience *patience);
void outfd_close(struct outfd *o);

/* Writes all of it, in one write(2) where that takes all. 0, or negative errno: -ECANCELED where patience was over; the same in all
 * later calls. *done bytes were taken in either case. */
int outfd_write(struct outfd *o, const void *data, size_t len, size_t *done);

#endif
