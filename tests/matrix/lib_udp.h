/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagram sockets that tell the truth about themselves, where those of matrix.h are not enough: sk_send(), sk_recv(), ask()
 * and answer() serve connected ones. As there: what returns did what it is for. */
#ifndef PIDTAP_TESTS_MATRIX_LIB_UDP_H
#define PIDTAP_TESTS_MATRIX_LIB_UDP_H

#include "tests/matrix/matrix.h"

int udp_new(const struct scene *s);	/* not bound: the log learns of it when it is, or sends */
void udp_bind(int fd, const char *addr, uint16_t port); /* 0: one that the kernel chooses */
void udp_connect(int fd, const char *addr, uint16_t port);
void udp_connect_at(int fd, const struct sockaddr_storage *to);
void udp_disconnect(int fd);		/* connect to AF_UNSPEC. Unless it was bound, its port goes, too */
int udp_server(struct scene *s);	/* bound to bind_addr, s->port */
int udp_sharer(struct scene *s);	/* the same, with SO_REUSEPORT */
int udp_client(struct scene *s);	/* connected to server_addr, s->port */

/* One datagram to an address; what is not bound is bound by it. */
void udp_send_to(int fd, const char *addr, uint16_t port, size_t bytes);
void udp_send_at(int fd, const struct sockaddr_storage *to, size_t bytes);
/* The same with the source address of one's choice (IP_PKTINFO, IPV6_PKTINFO). */
void udp_send_from(int fd, const char *from, const struct sockaddr_storage *to, size_t bytes);

/* One datagram of exactly so many bytes, and who sent it. */
void udp_recv_from(int fd, size_t bytes, struct sockaddr_storage *from);
void udp_answer(int fd, size_t bytes);	/* with as many, to who sent it */
bool udp_has_data(int fd);		/* without taking it */
bool udp_wait(const struct scene *s, int fd, int gate); /* until there is some; false: the gate was opened, and there is none */

socklen_t addr_len(const struct sockaddr_storage *ss);

#endif
