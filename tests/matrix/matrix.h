/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scenario of the attribution matrix is made of. tests/matrix/README.md shows how to add one.
 *
 * A scenario is played by processes of its own, in two network namespaces joined by a veth pair (tests/traffic.sh):
 *
 *   a: 10.98.0.1 fd98::1      b: 10.98.0.2 fd98::2
 *
 * pidtap captures in a. The director (the function `run`) opens no sockets: it spawns players and reaps them. Players walk in
 * lock-step by gates, never by sleeping for a guessed time. Whatever fails ends the scenario: functions here return only if
 * they did what they are for, so nothing has to be checked. Every process is ended by an alarm if it hangs.
 *
 * Each process writes its own truth to one log, a line an event: see truth.c for the lines, tests/matrix/score for what
 * they mean. Times are CLOCK_REALTIME, taken on the safe side: before what gives a socket to a process, after what takes it
 * away, before what sends.
 */
#ifndef PIDTAP_TESTS_MATRIX_H
#define PIDTAP_TESTS_MATRIX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* ---- scenarios ---- */

/* What sockets a scenario runs over; each is a pass of its own. */
#define OVER_V4 0x01
#define OVER_V6 0x02
#define OVER_DUAL 0x04 /* AF_INET6 sockets on both ends carrying IPv4 */
#define OVER_ALL (OVER_V4 | OVER_V6 | OVER_DUAL)

/* Where client and server are; each is a pass of its own, times the above. */
#define AT_LO 0x10     /* both in a: each packet is seen twice, so both ends are judged */
#define AT_CLIENT 0x20 /* the client in a, the server in b */
#define AT_SERVER 0x40 /* the server in a, the client in b */
#define AT_ALL (AT_LO | AT_CLIENT | AT_SERVER)
#define AT_ONCE 0x80   /* one pass, with client and server in a and b: the scenario places its processes itself */

#define SEES_MAX 5

#define GATE_CNT 16 /* 0 .. 14 are the scenario's */
#define PLAYER_CNT 64

/* Longer than pidtap's order window (20 ms by default): what happens later than this comes too late to settle a packet. */
#define LATE_MS 120

/* Between sends of different processes or threads on one socket: more than any --slack of the scorer, so that each is told
 * from the other. */
#define TURN_MS 20

/* One pass of a scenario. */
struct scene {
	const char *name;	 /* "lo/ip4" */
	int family;		 /* of the sockets */
	bool dual;		 /* AF_INET6 sockets without IPV6_V6ONLY that carry IPv4 */
	const char *client_ns;	 /* "a" or "b" */
	const char *server_ns;
	const char *server_addr; /* as the client names it: for AF_INET6 in IPv6 form */
	const char *client_addr; /* the client's own, likewise */
	const char *bind_addr;	 /* where a server binds: server_addr, or :: for dual */
	uint16_t port;		 /* the server's: no other pass has it, nor port + 1 .. port + 9 */
	int gates[GATE_CNT][2];
	pid_t players[PLAYER_CNT];
	int player_cnt;
	void *data;		 /* the scenario's own, from `before` to `run` */
};

struct scenario {
	const char *name;    /* of its file, without .c */
	const char *about;   /* one line */
	unsigned int passes; /* OVER_* | AT_*; 0: all. Without an OVER_ or AT_ all of these */
	const char *options; /* pidtap's, further ones; "@" stands for the prefix of namespaces' names */
	bool one_by_one;     /* the passes; else all at once */
	bool fresh;	     /* a pidtap of its own, but in an emulated machine */
	const char *at;	     /* the namespace pidtap runs in; NULL: a */
	const char *through; /* further namespaces, separated by blanks, all whose packets pass where pidtap captures */
	const char *sees[SEES_MAX]; /* regular expressions: of each, a line must have been captured */
	const char *says;	    /* likewise, what pidtap must have said on stderr; not in an emulated machine, where loads are small */

	/* What the kernel lacks for it ("CONFIG_VLAN_8021Q"), found by trying; NULL: nothing. */
	const char *(*lacks)(void);
	/* Once, before anything else: devices, routes, further namespaces. It gets namespaces a and b of its own. */
	void (*setup)(void);
	/* Before pidtap starts, for each pass. May spawn players that run() reaps. */
	void (*before)(struct scene *s);
	/* For each pass, while pidtap runs. */
	void (*run)(struct scene *s);
	/* What a player runs that calls play_again(), with its descriptor. */
	void (*again)(int fd);

	struct scenario *next;
};

/* One a file, at its end:  SCENARIO(.name = "tcp-connect", .about = "...", .run = run) */
#define SCENARIO(...)                                                      \
	static struct scenario this_scenario = {__VA_ARGS__};              \
	static void __attribute__((constructor)) register_scenario(void) \
	{                                                                  \
		scenario_register(&this_scenario);                         \
	}                                                                  \
	struct scenario /* takes the semicolon */

void scenario_register(struct scenario *sc);

/* ---- failing ---- */

/* Says what failed, with errno's text if errno is not 0, and ends this process; its parent's reap() fails then. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- players (players.c) ---- */

/* A child of this process, in namespace `ns` ("a", "b" ...; NULL: this one's), called `comm` (at most 15 bytes), that runs
 * `part`. The sockets it inherits are logged as held by it. */
pid_t spawn(struct scene *s, const char *comm, const char *ns, void (*part)(struct scene *s));
pid_t spawn_client(struct scene *s, void (*part)(struct scene *s)); /* "client", in client_ns */
pid_t spawn_server(struct scene *s, void (*part)(struct scene *s)); /* "server", in server_ns */

/* Waits for one, or all, that this process spawned; fails unless they ended with 0. From then on they hold nothing. */
void reap(struct scene *s, pid_t pid);
void reap_all(struct scene *s);
/* A player that is to die by a signal. */
void kill_and_reap(struct scene *s, pid_t pid, int sig);

/* Runs part in a thread of this process called `comm`, to its end. */
void in_thread(struct scene *s, const char *comm, void (*part)(struct scene *s));

/* Replaces this process's program by this one again, which opens a gate, waits at another and LATE_MS longer, and ends in the
 * scenario's again(). Sockets stay open unless O_CLOEXEC. The process's name is the program's then. */
void play_again(struct scene *s, const char *scenario, int fd, int opens, int waits) __attribute__((noreturn));

/* Changes the process's name or uid; the log learns it. */
void set_name(const char *comm);
void set_uid(uid_t uid);

/* A gate is opened once and passed once; opened for n, by n. They cross fork, not exec. */
void gate_open(struct scene *s, int gate);
void gate_open_for(struct scene *s, int gate, int n);
void gate_wait(struct scene *s, int gate);

/* Where the scenario is about time: LATE_MS. Never to wait for another process. */
void pause_ms(long ms);

void enter_ns(const char *ns);	 /* this thread */
const char *ns_path(const char *ns); /* "/run/netns/PREFIX-a"; static buffer */
const char *ns_name(const char *ns); /* "PREFIX-a"; static buffer */
void ns_add(const char *ns);	 /* a further one, lo up; removed by the runner */

/* Runs a shell command, printf-like, and fails if it does. For `setup`: sh("ip -n %s link add ...", ns_name("a")). */
void sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool sh_ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- truth (truth.c) ---- */

uint64_t now_ns(void);

/* This socket exists from `since_ns` on, held by this process. Its addresses are taken from it. */
void truth_sock(int fd, const char *proto, uint64_t since_ns);
/* A socket that does not know its addresses (a refused connect, a raw socket): texts, "any" for what is not known. */
void truth_sock_as(int fd, const char *proto, uint64_t since_ns, const char *laddr, const char *lport, const char *raddr,
	const char *rport);
void truth_hold(int fd, uint64_t since_ns); /* this process holds it, too, since */
void truth_hold_all(uint64_t since_ns);	    /* likewise all internet sockets this process has */
void truth_from(int fd, int listener);	    /* was accepted from this one */
void truth_drop(ino_t ino);		    /* this process holds it no longer */
void truth_act(int fd, size_t bytes);	    /* this thread is about to send so many on it */
void truth_act_to(int fd, size_t bytes, const struct sockaddr_storage *to); /* to an address of its choice */
void truth_got(int fd, size_t bytes);	    /* so many were received */
void truth_gone(pid_t pid);		    /* a process was reaped */
void truth_self(void);			    /* its name or uid changed */
void truth_addrs(void);	 /* the addresses of this namespace, in which the local end is told from a forwarded one */
void truth_netns(const char *ns); /* the name of a namespace, as pidtap shows it */
ino_t sock_ino(int fd);

/* ---- sockets (sockets.c) ---- */

/* "::1" or "127.0.0.1" and a port. */
socklen_t make_addr(struct sockaddr_storage *ss, const char *addr, uint16_t port);
int sk_new(const struct scene *s, int type, int proto); /* of the scene's family; IPV6_V6ONLY as it says */
void sk_bind(int fd, const char *addr, uint16_t port);	/* a port that is named: SO_REUSEADDR */
void sk_set(int fd, int level, int option, int value);
uint16_t sk_port(int fd);				/* its local one */

int tcp_listen(struct scene *s);			/* on bind_addr, s->port */
int tcp_listen_fd(int fd);				/* one that is bound */
int tcp_connect(struct scene *s);			/* to server_addr, s->port */
void tcp_connect_fd(struct scene *s, int fd);
int tcp_try_connect(struct scene *s, int fd);		/* that may fail: 0 or -errno; logged with its remote end */
int tcp_accept(int listener);

void sk_send(int fd, size_t bytes);
void sk_recv(int fd, size_t bytes);			/* exactly so many */
void sk_recv_end(int fd);				/* all until the other end closes */
void sk_wait_readable(int fd);				/* without taking anything */
void sk_wait_acked(int fd);				/* TCP: until all that was sent was acknowledged */
void sk_close(int fd);					/* and holds it no longer */
void sk_reset(int fd);					/* closes it by RST */
void sk_pass(int channel, int fd);			/* sends a descriptor over a Unix socket */
int sk_take(int channel);				/* receives one */

/* An exchange: the client sends `bytes`, the server answers with as many. */
void ask(int fd, size_t bytes);
void answer(int fd, size_t bytes);

#endif
