/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet's headers say, as members of its JSON object. */
#ifndef PIDTAP_OUT_JSON_PACKET_H
#define PIDTAP_OUT_JSON_PACKET_H

#include "base/buf.h"
#include "model/packet.h"

/* "ethertype" and what is behind it. */
void json_headers(struct buf *b, const struct packet *p);

#endif
