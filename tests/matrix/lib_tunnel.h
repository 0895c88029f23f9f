/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels the kernel makes between a and b: device tunF goes over IPvF of network 98, and is network 90 + F. What it sends over
 * network 98 carries the socket of what is in it, and is nobody's.
 */
#ifndef PIDTAP_TESTS_MATRIX_LIB_TUNNEL_H
#define PIDTAP_TESTS_MATRIX_LIB_TUNNEL_H

#include "tests/matrix/lib_net.h"

/* Makes it in a and b: `ip link add tunOVER type TYPE local ... remote ... OPTIONS`. */
void tunnel_setup(int over, const char *type, const char *options);

/* The addresses of one end, where the device is there. */
void tunnel_addr(int over, int host);

/* Exchanges over tun4 and tun6, each way. */
void tunnel_run(struct scene *s);

/* For lacks. pidtap does not look behind these headers yet: README. */
#define TUNNEL_KEEPS_OUTER "inner packets without their outer headers at the ingress of ipip, sit and gre devices (seen on 6.1, not on 5.10)"

#endif
