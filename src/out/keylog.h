/* SPDX-License-Identifier: BSD-2-Clause */
/* The key log (NSS format, draft-ietf-tls-keylogfile): Wireshark's "(Pre)-Master-Secret log filename". */
#ifndef PIDTAP_OUT_KEYLOG_H
#define PIDTAP_OUT_KEYLOG_H

#include "out/outfd.h"
#include "out/sink.h"

/* Appends to `path`, made if it is not there, with mode 0600 from then on; O_NOFOLLOW in a directory others may write to. A descriptor, or negative
 * errno. */
int keylog_create(const char *path);

/* A sink that takes secrets only: each as one line, by one write(2) where that takes it. Takes `fd`. `patience` may be NULL. 0: *out. */
int keylog_open(int fd, const struct patience *patience, struct sink **out);

#endif
