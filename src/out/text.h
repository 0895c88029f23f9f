/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for people, a line a packet: tcpdump's grammar with the process before it.
 *
 *   HH:MM:SS.uuuuuu (IFACE, proc COMM:PID, uid UID, in|out) IP 10.0.0.1.5555 > 10.0.0.2.443: Flags [S], seq 1, length 0
 *
 * Contract (DESIGN.md section 7): `proc ?` where nobody is known (and then no uid part); bytes outside printable
 * ASCII, and the backslash, are \xHH in COMM and IFACE. COMM may hold blanks, commas and parentheses: it ends at the
 * last ":PID, uid" before ") ", which fifteen bytes cannot forge. Verbose: `, attr=exact` before the parenthesis
 * closes, then tid= and tcomm= where they differ from PID and COMM, and holders=PID,PID where several processes are
 * known to hold the socket. Local time. TCP sequence numbers relative to the first seen, as tcpdump shows them. The
 * rest is out/dissect.h's.
 */
#ifndef PIDTAP_OUT_TEXT_H
#define PIDTAP_OUT_TEXT_H

#include <stdbool.h>

#include "out/outfd.h"
#include "out/sink.h"

struct text_opts {
	bool verbose; /* -v: also attr=, tid=, thread name where it differs, holders=, TTL and IP length */
	bool quiet;   /* -q: less of the protocol, as tcpdump -q */
	bool no_packets; /* plaintext only */
	bool plain;   /* plaintext (out/text_plain.h) */
	bool hex;     /* -X: plaintext in hex and ASCII */
	const struct patience *patience; /* with a reader that does not read; borrowed during text_open; NULL: it is waited for */
};

/* Takes `fd`, also when this fails. NULL: out of memory. */
struct sink *text_open(int fd, const struct text_opts *opts);

#endif
