/* SPDX-License-Identifier: BSD-2-Clause */
/* A host that forwards: pidtap runs in a, the processes in b and c.
 *
 *   b 10.98.0.2 -- 10.98.0.1 a 10.95.0.1 -- 10.95.0.2 c
 */
#ifndef PIDTAP_TESTS_MATRIX_LIB_ROUTER_H
#define PIDTAP_TESTS_MATRIX_LIB_ROUTER_H

#include "tests/matrix/lib_net.h"

extern const struct net_place router_b, router_c;

void router_setup(void); /* for .setup */

/* A process of the router itself that has the scene's port, TCP and UDP, on all addresses: none of the packets is its. To the
 * end of the pass. */
void router_bystander(struct scene *s);
void router_bystander_end(struct scene *s);

#endif
