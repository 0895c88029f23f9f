/* SPDX-License-Identifier: BSD-2-Clause */
/* Plaintext as the outputs see it: chunks of what a process wrote to or read from a TLS library, and over which connection. */
#ifndef PIDTAP_MODEL_PLAIN_H
#define PIDTAP_MODEL_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/owner.h"
#include "probes/events.h"

struct plain {
	uint64_t ts_ns; /* since 1970-01-01 UTC */
	struct owner owner;
	struct ev_key key;  /* this end is the local one; all zero (0.0.0.0:0-0.0.0.0:0) where the connection is not known */
	uint64_t ssl;	    /* with owner's pid: which TLS connection */
	int32_t fd;	    /* -1: not known */
	uint32_t flags;	    /* EV_TLS_*; with EV_TLS_CUT the rest, from offset on, is missing */
	uint64_t total;	    /* bytes of the call */
	uint64_t offset;    /* of this chunk in them */
	const uint8_t *data; /* borrowed for the sink's call */
	uint32_t len;
};

/* A connection ended: nothing more will be said over it. */
struct plain_end {
	uint64_t ts_ns;	  /* when; since 1970-01-01 UTC */
	struct ev_key key; /* as a chunk's */
	uint64_t sock_id; /* as in a chunk's owner; 0: not known */
};

#define PLAIN_FLAG_MAX 12

/* Takes the lowest of the flags that say something about a chunk (not its direction, nor which fields are valid) out of *flags, with
 * all below it. `name` gets the word for it in the outputs, "early", or its number, "0x80", where there is none. False: none is left. */
bool plain_next_flag(uint32_t *flags, char name[PLAIN_FLAG_MAX]);

#endif
