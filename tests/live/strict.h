/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of tests/live/strict.c: players, who own sockets and tell which, and burners, who own none and are what
 * runs when softirq work comes by. All are children of the test and die with it. */
#ifndef PIDTAP_TESTS_LIVE_STRICT_H
#define PIDTAP_TESTS_LIVE_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* strict_burners.c, for the test: a burner in user mode and one in system calls on each CPU. What cannot be started ends
 * the program, here and below. */
void burners_start(void);
void burners_stop(void);
bool is_burner(uint32_t pid);

/* strict_traffic.c, for the test. */

/* Starts the players; `netns` are the paths of a (10.98.0.1, fd98::1) and b (10.98.0.2, fd98::2). */
void traffic_start(const char *const netns[2]);

/* Ends the players. Returns how many had failed. */
int traffic_stop(void);

/* The inode number is one of the two namespaces'. */
bool traffic_is_netns(uint32_t netns);

/* Did this process tell that it acts on sockets of this local port there? Port 0: on any; netns 0: is it a player? */
bool traffic_told(uint32_t netns, uint16_t port, uint32_t pid);

/* strict_traffic.c, for players. */

/* This process acts on sockets of this local port (raw ones: of this protocol). */
void tell(uint16_t port);
void tell_sock(int fd);

/* fork(); the child has told that it is a player, and is not waited for. */
pid_t player_fork(void);

/* false: it is time to end. */
bool going_on(void);

/* A server can be reached. */
void say_ready(void);

/* IPv4 or IPv6 by its looks; returns the length. */
socklen_t make_addr(struct sockaddr_storage *out, const char *addr, uint16_t port);

/* A socket whose calls block for two seconds at most. */
int make_socket(int family, int type, int proto);

void __attribute__((noreturn)) die(const char *what);

#define STRICT_PORT 7001 /* of all servers, TCP and UDP */
#define STRICT_BYTES 100 /* of all messages */

/* strict_tcp.c, strict_datagram.c: each runs until it is time to end. `addr` is the server's; for a TCP server, where it
 * listens. */
void play_tcp_server(const char *addr);
void play_tcp_client(const char *addr);
void play_tcp_refused(const char *addr);
void play_udp_server(const char *addr);
void play_udp_client(const char *addr);
void play_pings(const char *addr); /* by ping and raw sockets */
void play_programs(const char *addr); /* fork, exec and exit */

#endif
