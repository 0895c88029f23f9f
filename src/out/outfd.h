/* SPDX-License-Identifier: BSD-2-Clause */
/* A descriptor that a sink writes to, whose reader may be slow or have stopped reading: a pipe, a terminal. It is waited for, but
 * never inside write(2), where no signal would end it. */
#ifndef PIDTAP_OUT_OUTFD_H
#define PIDTAP_OUT_OUTFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How long a reader may go without reading, in ms; negative: for ever. Asked again and again while it is waited for. */
struct patience {
	int (*ms)(void *ctx); /* NULL: for ever */
	void *ctx;
};

struct outfd {
	int fd;
	bool waits; /* no regular file: what it takes depends on a reader */
	int error;  /* of the write that failed: nothing is written behind it */
	struct patience patience;
};

/* Borrows `fd`. `patience` may be NULL. */
void outfd_init(struct outfd *o, int fd, const struct patience *patience);

/* Writes all of it: in one write(2) where it is a file, or no more than PIPE_BUF. 0, or negative errno: -ECANCELED where patience
 * ended; the same in all later calls. *done bytes were taken in either case. */
int outfd_write(struct outfd *o, const void *data, size_t len, size_t *done);

/* A stream that writes so; errno tells. fclose leaves `fd` open. NULL: out of memory. */
FILE *outfd_stream(int fd, const struct patience *patience);

#endif
