/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened to the packets, stage by stage. Every loss has a number here; none is silent. */
#ifndef PIDTAP_MODEL_STATS_H
#define PIDTAP_MODEL_STATS_H

#include <stdint.h>

#include "probes/events.h"

struct stats {
	uint64_t kernel[EV_STAT_CNT]; /* sums over all CPUs of m_stats, refreshed before they are shown */
	uint64_t captured;	      /* packets handed to the sinks */
	uint64_t by_attr[EV_ATTR_CNT];/* of these */
	uint64_t unwritten;	      /* of these, and of packets made from plaintext: not in the output that failed first */
	uint64_t filtered;	      /* dropped in user space by a process filter */
	uint64_t filtered_unknown;    /* dropped because a process filter is set and nobody owns them */
	uint64_t unfollowed;	      /* processes a filter was to let pass and had no room for */
	uint64_t bad_records;	      /* refused by record_check */
	uint64_t lost_ring;	      /* packet records the ring had no room for (PERF_RECORD_LOST) */
	uint64_t lost_owners;	      /* owner records likewise, and claims there was no memory for */
	uint64_t claims_failed;	      /* of these, the latter */
	uint64_t early;		      /* packets judged before their order window was over: the ring was filling up */
	uint64_t unordered;	      /* records older than one already released */
	uint64_t plain_bytes;	      /* of plaintext handed to the sinks */
	uint64_t plain_lost;	      /* plaintext records the ring had no room for */
	uint64_t plain_cut;	      /* calls of which not all could be told */
	uint64_t conn_evicted;	      /* connections whose descriptors user space forgot for lack of room */
	uint64_t secrets;	      /* TLS secrets handed to the sinks */
	uint64_t secrets_failed;      /* that could not be understood or kept; */
	uint64_t secrets_unnamed;     /* of these, whose label could not be read: its page had not been touched yet */
	uint64_t secrets_whose;	      /* seen in libcrypto, and of which connection is not known: not told */
	uint64_t libraries;	      /* TLS libraries that are probed; */
	uint64_t libraries_mute;      /* of these, whose secrets are not to be had; */
	uint64_t libraries_failed;    /* not of these: that could not be probed */
	uint64_t flow_evicted;	      /* owners that user space forgot for lack of room */
	uint64_t owner_cleared;	      /* of the owners in the kernel map, deleted by user space: their sockets were gone */
	uint64_t owner_seeded;	      /* seeds that user space put into the kernel map; */
	uint64_t owner_unseeded;      /* of these, taken out again: their sockets were gone at the second look */
	uint64_t owner_evicted;	      /* owners the kernel map forgot: inserts and seeds - deletes - live */
};

#endif
