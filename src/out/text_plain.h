/* SPDX-License-Identifier: BSD-2-Clause */
/* Plaintext for people. A line says who and over which connection, the bytes follow, each line of them behind a tab, so that no content
 * can pass for a line of ours:
 *
 *   HH:MM:SS.uuuuuu (proc COMM:PID, uid UID, fd FD) SRC:PORT-DST:PORT TLS write|read N bytes
 *   <tab>GET / HTTP/1.1
 *
 * Contract (DESIGN.md section 7). The sender's end stands first; 0.0.0.0:0-0.0.0.0:0 where the connection is not known. Printable ASCII,
 * tab and line feed (CR LF: with a carriage return before it) as they are, the rest and the backslash as \xHH.
 */
#ifndef PIDTAP_OUT_TEXT_PLAIN_H
#define PIDTAP_OUT_TEXT_PLAIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "model/plain.h"

/* Appends all but the time. `hex`: the bytes in hex and ASCII, as tcpdump -X. */
void text_plain(struct buf *b, const struct plain *p, bool hex);

#endif
