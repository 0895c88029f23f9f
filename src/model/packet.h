/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet as the outputs see it: checked, timed, with its owner.
 *
 * Nothing is copied on the way: the frame is `head` followed by `body`, and body points into the ring (or the arena a
 * waiting record was copied to). head is what the kernel had taken off or never had: the VLAN tag that was moved into
 * skb metadata (with the two MAC addresses before it), or the synthetic Ethernet header of an L3 device.
 */
#ifndef PIDTAP_MODEL_PACKET_H
#define PIDTAP_MODEL_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "model/iface.h"
#include "model/owner.h"

#define PACKET_HEAD_MAX 16 /* 2 MAC addresses + tag; or 14 of a synthetic header */

struct packet {
	uint64_t ts_ns; /* since 1970-01-01 UTC */
	const struct iface *iface;
	struct owner owner;
	const uint32_t *holders; /* process numbers, ascending; borrowed like body */
	size_t holder_cnt;	 /* above 1 only where several processes are known to hold its socket, the owner among them or not */
	uint8_t dir;	 /* EV_DIR_IN, EV_DIR_OUT */
	uint32_t len;	 /* bytes on the wire, head included */
	uint32_t caplen; /* head_len + body_len */
	uint8_t head[PACKET_HEAD_MAX];
	uint32_t head_len;
	const uint8_t *body; /* borrowed for the duration of the sink's call */
	uint32_t body_len;
	/* For readers of the content: where the network layer begins. */
	uint16_t ethertype; /* behind all VLAN tags; 0 where the frame is too short to say */
	const uint8_t *l3;  /* NULL where nothing of it was captured */
	uint32_t l3_len;    /* captured bytes of it */
	uint32_t l3_wire_len; /* its bytes on the wire */
};

/* Builds a packet from a record whose length has been checked (record_check) and the frame bytes behind it. `max_len`
 * is the snap length of the outputs: head + body are cut to it. Sets all but ts_ns; owner from the record. */
void packet_from_record(const struct ev_packet *rec, const struct iface *iface, uint32_t max_len, struct packet *out);

#endif
