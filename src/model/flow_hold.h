/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that several processes hold: who is asked when the owner gives one up, and the claims of who has it then. */
#ifndef PIDTAP_MODEL_FLOW_HOLD_H
#define PIDTAP_MODEL_FLOW_HOLD_H

#include <stddef.h>

#include "model/flow.h"

/* The processes that claimed a socket, the last to act first, each once: as many as fit into out[max]. The socket is that of
 * the release; of one without sock_id, what its process claimed with that key. Returns how many; 0: the socket, or the
 * process that gave it up as its owner at that time, is not known, and nothing has to be done. */
size_t flow_claimants(const struct flow_table *t, const struct ev_release *ev, struct owner *out, size_t max);

/* From the release on `heir` owns what its process owned through the socket; NULL: nobody does until somebody claims it. 0 or
 * -ENOMEM. */
int flow_handover(struct flow_table *t, const struct ev_release *ev, const struct owner *heir);

/* The open sockets that a process owned when it ended: each as a release of that moment, its key valid in any case. Not those that
 * its end closed, as far as that was told by now. The caller frees *out, NULL where there are none. 0 or -ENOMEM. */
int flow_left_by(const struct flow_table *t, const struct ev_proc *ended, struct ev_release **out, size_t *cnt);

/* The first other process that acted on the socket after the release. false: none yet. */
bool flow_next_actor(const struct flow_table *t, const struct ev_release *ev, struct owner *out);

/* How a socket came to be known. */
struct flow_origin {
	struct owner who; /* the first that is known to have claimed it */
	uint64_t since_ns;
	uint64_t ino; /* of its file */
};

/* The origin of the socket through which `owner` owns what has this key. false: not known, or it has no file. */
bool flow_origin(const struct flow_table *t, const struct owner *owner, const struct ev_key *key, struct flow_origin *out);

#endif
