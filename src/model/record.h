/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place where bytes from the ring become records: whatever the kernel side (or a fuzzer, or a recorded file)
 * sends is checked here, and nothing behind this checks it again. */
#ifndef PIDTAP_MODEL_RECORD_H
#define PIDTAP_MODEL_RECORD_H

#include <stddef.h>

#include "probes/events.h"

/* 0: `data` is 4-byte aligned and holds one whole record of a known type: fixed part, and for EV_PACKET its caplen
 * frame bytes; caplen <= len, dir, kind and attr are in range. Else -EBADMSG. */
int record_check(const void *data, size_t len);

/* Frame bytes behind a checked packet record. */
static inline const __u8 *record_frame(const struct ev_packet *rec)
{
	return (const __u8 *)(rec + 1);
}

#endif
