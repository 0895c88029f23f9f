/* SPDX-License-Identifier: BSD-2-Clause */
/* Our classifiers on an interface, by tc.
 *
 * A clsact qdisc is made only where there is none, and removed at the end if a pidtap made it and nobody else hangs
 * filters on it by then. An `ingress` qdisc in the way is worked with: ingress is captured there, egress reported as
 * unavailable; it is never replaced. The filters are attached without direct-action and return 0 ("no match"), so every
 * other filter on the interface still runs. They take the lowest existing priority minus one, because an earlier
 * direct-action filter would hide packets; at priority 1 they share it. A priority holds filters of one kind and protocol
 * only: where another kind has priority 1, ours come right behind it.
 *
 * A filter's name says whose it is: "pidtap/PIDNS/PID/STARTTIME/made" or ".../kept" (was the qdisc made by a pidtap?). What a
 * killed run left is known by that and removed at the next start.
 */
#ifndef PIDTAP_SOURCE_CLSACT_H
#define PIDTAP_SOURCE_CLSACT_H

#include <stdbool.h>
#include <stdint.h>

struct clsact; /* the tc socket of one network namespace */

struct clsact_attachment {
	uint32_t ifindex;
	bool made_qdisc;
	bool egress; /* false: an ingress qdisc is in the way */
	bool behind; /* a filter of another kind holds priority 1: packets it takes an action on are not seen */
	uint16_t prio_in, prio_out;
	uint32_t handle_in, handle_out;
};

int clsact_open(struct clsact **out);
void clsact_close(struct clsact *c);

/* Hangs both programs on the interface. Prints nothing; negative errno. -ENODEV: the interface is gone. -EOPNOTSUPP or
 * -ENOENT: the kernel lacks the qdisc or the classifier. */
int clsact_attach(struct clsact *c, uint32_t ifindex, int ingress_fd, int egress_fd, struct clsact_attachment *out);

/* Are both filters still there? Those that are not are not a's any more. */
bool clsact_check(struct clsact *c, struct clsact_attachment *a);

/* The netlink port by which it asks: who else removed something has another. */
uint32_t clsact_port(const struct clsact *c);

/* Takes them off again, with the qdisc where it is ours to remove. An interface that is gone is no error. */
void clsact_detach(struct clsact *c, const struct clsact_attachment *a);

/* Removes what dead pidtaps left on the interface. Returns how many filters, or negative errno. */
int clsact_clean_stale(struct clsact *c, uint32_t ifindex);

#endif
