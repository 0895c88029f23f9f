/* SPDX-License-Identifier: BSD-2-Clause */
/* The TCP streams that pcapng_plain.c makes of plaintext: which there are, and where each of them is.
 *
 * A stream is looked for in two ways: by who speaks (a TLS connection object of a process) and, when its connection ends, by that
 * connection. Objects are used again, and their addresses at once for others; so a connection that has an object no longer still has
 * its stream until it ends. Bounded: the stream that was silent longest is forgotten first. Single-threaded.
 */
#ifndef PIDTAP_OUT_PCAPNG_STREAMS_H
#define PIDTAP_OUT_PCAPNG_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/plain.h"
#include "out/synth.h"

/* uthash exits the process when it runs out of memory, unless told otherwise; then it leaves hh.tbl NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A TLS connection object of a process. */
struct stream_key {
	uint64_t start_ns;
	uint64_t ssl;
	uint64_t pid; /* as wide as the others: no padding in the key */
};

/* What one side said. */
struct half {
	uint32_t seq; /* of its next byte */
	uint32_t acked; /* of these, the other side acknowledged */
	/* the call its last chunk was of */
	uint64_t ts_ns, total;
	uint64_t done; /* bytes of it that were told, or are known to be missing */
	bool gap;      /* something is missing before its next byte */
};

struct stream {
	struct ev_key tuple; /* all zero: not known */
	uint64_t sock_id;
	struct owner owner; /* who spoke last */
	uint64_t first_ns, last_ns; /* times of its segments so far */
	struct synth_end ends[2];
	bool v6;
	uint32_t number;
	struct half halves[2];

	/* the table's */
	struct stream_key key;
	struct stream *prev, *next;	      /* of all, silent longest first */
	struct stream *tuple_prev, *tuple_next; /* whose tuples hash alike */
	UT_hash_handle hh;		      /* by key; of an object's last stream only */
};

struct streams;

/* NULL: out of memory. */
struct streams *streams_new(size_t max);
void streams_free(struct streams *t);

/* The object's stream, NULL: it has none. */
struct stream *streams_find(const struct streams *t, const struct stream_key *key);

/* A new stream of this object, all else zero but for the connection it is of; where the object has one already, that one waits for the
 * end of its connection, or goes if that is not known. NULL: out of memory. */
struct stream *streams_add(struct streams *t, const struct stream_key *key, const struct ev_key *tuple, uint64_t sock_id);

/* It speaks: so it is the last to be forgotten. */
void streams_touch(struct streams *t, struct stream *s);

/* Takes one out of the table that is of the connection that ended: the caller frees it. NULL: there is none, or no more. */
struct stream *streams_take(struct streams *t, const struct plain_end *end);

bool streams_is_known(const struct ev_key *tuple);
size_t streams_count(const struct streams *t);

#endif
