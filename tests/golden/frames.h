/* SPDX-License-Identifier: BSD-2-Clause */
/* Ethernet frames of every protocol the dissector knows, and of some it must survive. */
#ifndef PIDTAP_TESTS_FRAMES_H
#define PIDTAP_TESTS_FRAMES_H

#include <stddef.h>
#include <stdint.h>

typedef void frame_fn(const char *name, const uint8_t *data, size_t len, void *ctx);

/* Calls `fn` with each, in a fixed order: TCP flows have their segments in the order of the wire. */
void frames_each(frame_fn *fn, void *ctx);

#endif
