/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP: pings, by ping sockets and by raw ones. As in matrix.h: what returns did what it is for. */
#ifndef PIDTAP_TESTS_MATRIX_LIB_ICMP_H
#define PIDTAP_TESTS_MATRIX_LIB_ICMP_H

#include "tests/matrix/matrix.h"

/* SOCK_DGRAM: the kernel chooses the identifier, and takes what goes to it. SOCK_RAW: `id` is the process's own. */
int ping_new(const struct scene *s, int type, uint16_t id);

/* Sends an echo request to server_addr and takes its reply. */
void ping_once(const struct scene *s, int fd, uint16_t id, uint16_t seq);

/* As a router: tells `src` that a packet of TCP or UDP to `dst` came to a port that nobody has. */
void icmp_send_error(const struct sockaddr_storage *src, const struct sockaddr_storage *dst, uint8_t proto);

/* In namespace b: routes that forbid it, and errors as many as are due. In a: how to get there. 10.97.0.9 and fd97::9 are
 * such an address. */
void icmp_forbid_routes(void);
const char *icmp_forbidden_addr(const struct scene *s);

#endif

