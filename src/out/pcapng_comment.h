/* SPDX-License-Identifier: BSD-2-Clause */
/* The comment of a packet in a pcapng file (DESIGN.md section 7): key=value, separated by blanks, values as fmt_value has them. */
#ifndef PIDTAP_OUT_PCAPNG_COMMENT_H
#define PIDTAP_OUT_PCAPNG_COMMENT_H

#include "base/buf.h"
#include "model/packet.h"
#include "model/plain.h"

/* pid=1234 tid=1240 uid=1000 comm=curl attr=exact, then tcomm= and holders= where there is more to say. */
void pcapng_comment(struct buf *b, const struct packet *p);

/* What a segment made of plaintext says besides. */
struct pcapng_plain_note {
	const struct plain *plain; /* NULL: made of none, when the connection ended */
	bool has_data;
	uint64_t missing;
};

/* fd=5 tls=write flags=inferred missing=100: the descriptor if it is known; which way its data went, if it has some; the flags of the
 * chunk it was made of; how many bytes before it are not here. */
void pcapng_comment_plain(struct buf *b, const struct pcapng_plain_note *note);

#endif
