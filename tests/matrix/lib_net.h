/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks of more than the veth pair that joins a and b, and exchanges between two places in them.
 *
 * Network N is 10.N.0.0/24 and fdN::/64; host H in it is 10.N.0.H and fdN::H. Network 98 is that of a (1) and b (2).
 */
#ifndef PIDTAP_TESTS_MATRIX_LIB_NET_H
#define PIDTAP_TESTS_MATRIX_LIB_NET_H

#include "tests/matrix/matrix.h"

/* For setup. */
void net_veth(const char *ns1, const char *dev1, const char *ns2, const char *dev2);
void net_addr(const char *ns, const char *dev, int net, int host); /* and the device is up */
void net_gateway(const char *ns, int net, int host);		   /* the default route */
void net_forward(const char *ns);				   /* it is a router */
void net_wait_up(const char *ns, const char *dev);		   /* until it carries packets */

/* For lacks: can `ip COMMAND` be done? It is tried in a namespace of its own, whose lo is up. */
bool net_can(const char *command);

/* For lacks, where nothing else tells: is the kernel this version or later? */
bool net_is_linux(unsigned int major, unsigned int minor);

/* A place in a network. */
struct net_place {
	const char *ns;
	int net, host;
};

/* The scene's client and server are there from now on. */
void net_between(struct scene *s, const struct net_place *client, const struct net_place *server);

/* Exchanges of the scene's client and server, to their end; the port is the scene's. */
void net_tcp(struct scene *s, size_t bytes); /* each way */
void net_udp(struct scene *s);		     /* three datagrams each way, the client's socket neither bound nor connected */
void net_udp_connected(struct scene *s);     /* likewise, both bound to their addresses, the client connected */

#endif
