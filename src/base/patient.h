/* SPDX-License-Identifier: BSD-2-Clause */
/* write(2) where whoever reads may have stopped reading: a pipe, a terminal, a socket. A write that blocks would be the end of
 * everything else; signals come by a signalfd and do not interrupt it. */
#ifndef PIDTAP_BASE_PATIENT_H
#define PIDTAP_BASE_PATIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Comes back within a tenth of a second or so: bytes written, 0 where none could be, or negative errno. SIGALRM and the
 * interval timer of this process are its own from the first call on. */
ssize_t patient_write(int fd, const void *data, size_t len);

/* How many bytes wait to be read from a pipe, or have not left a socket or terminal yet; 0 where that is not known. */
size_t patient_unread(int fd);

#endif
