/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/live/strict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_US 2000

/* Set of what was told: netns index + 1, port, pid in one number. A hash with open addressing: processes add to it at once. */
#define TOLD_SLOTS (1U << 18)

static struct shared {
	atomic_bool stop[2]; /* clients, servers */
	atomic_int ready;
	atomic_uint_least64_t told[TOLD_SLOTS];
} *shared;

static const struct player {
	const char *name;
	int netns;
	void (*play)(const char *addr);
	const char *addr;
} servers[] = {
	{"tcp-server", 1, play_tcp_server, "::"},
	{"tcp-server", 0, play_tcp_server, "0.0.0.0"},
	{"udp-server", 1, play_udp_server, NULL},
	{"udp-server", 0, play_udp_server, NULL},
}, clients[] = {
	{"tcp-client", 0, play_tcp_client, "10.98.0.2"},
	{"tcp-client", 0, play_tcp_client, "fd98::2"},
	{"tcp-client", 0, play_tcp_client, "127.0.0.1"},
	{"tcp-refused", 0, play_tcp_refused, "10.98.0.2"},
	{"udp-client", 0, play_udp_client, "10.98.0.2"},
	{"udp-client", 0, play_udp_client, "fd98::2"},
	{"udp-client", 0, play_udp_client, "::1"},
	{"pings", 0, play_pings, NULL},
	{"programs", 0, play_programs, NULL},
};

#define CNT(table) (sizeof(table) / sizeof(*(table)))

static pid_t players[CNT(servers) + CNT(clients)];
static size_t player_cnt;
static uint32_t inodes[2];
static int my_netns; /* index + 1; 0: not a player */
static bool is_server;

void die(const char *what)
{
	fprintf(stderr, "strict: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- what was told ---- */

/* The slot of the number, or the free one where it would be. */
static atomic_uint_least64_t *find_slot(uint64_t what)
{
	uint64_t i = what * 0x9e3779b97f4a7c15ULL >> 46;
	uint64_t there;

	for (size_t tried = 0; tried < TOLD_SLOTS; tried++, i++) {
		there = atomic_load(&shared->told[i % TOLD_SLOTS]);
		if (!there || there == what)
			break;
	}
	return &shared->told[i % TOLD_SLOTS];
}

static uint64_t number(int netns, uint16_t port, uint32_t pid)
{
	return (uint64_t)netns << 48 | (uint64_t)port << 32 | pid;
}

static void add(uint64_t what)
{
	uint64_t empty = 0;

	while (!atomic_compare_exchange_strong(find_slot(what), &empty, what) && empty != what)
		empty = 0;
}

void tell(uint16_t port)
{
	uint32_t pid = (uint32_t)getpid();

	add(number(my_netns, port, pid));
	add(number(my_netns, 0, pid));
	add(number(0, 0, pid));
}

void tell_sock(int fd)
{
	struct sockaddr_in6 addr; /* the port has the same place in sockaddr_in */
	socklen_t len = sizeof(addr);

	if (!getsockname(fd, (struct sockaddr *)&addr, &len))
		tell(ntohs(addr.sin6_port));
}

static int netns_index(uint32_t netns)
{
	return netns == inodes[0] ? 0 : netns == inodes[1] ? 1 : -1;
}

bool traffic_is_netns(uint32_t netns)
{
	return netns_index(netns) >= 0;
}

bool traffic_told(uint32_t netns, uint16_t port, uint32_t pid)
{
	uint64_t what = number(netns ? netns_index(netns) + 1 : 0, port, pid);

	return atomic_load(find_slot(what)) == what;
}

/* ---- processes ---- */

bool going_on(void)
{
	return !atomic_load(&shared->stop[is_server]);
}

void say_ready(void)
{
	atomic_fetch_add(&shared->ready, 1);
}

pid_t player_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tell(0);
	return 0;
}

socklen_t make_addr(struct sockaddr_storage *out, const char *addr, uint16_t port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	v6->sin6_port = htons(port);
	if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, addr, &v6->sin6_addr) != 1)
		die(addr);
	return sizeof(*v6);
}

int make_socket(int family, int type, int proto)
{
	const struct timeval patience = {.tv_sec = 2};
	int fd = socket(family, type | SOCK_CLOEXEC, proto);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

static void start_player(const struct player *p, const char *netns, bool serves)
{
	pid_t pid;
	int fd;

	my_netns = p->netns + 1;
	is_server = serves;
	pid = player_fork();
	players[player_cnt++] = pid;
	if (pid)
		return;
	fd = open(netns, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(netns);
	close(fd);
	prctl(PR_SET_NAME, p->name);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	p->play(p->addr);
	_exit(0);
}

void traffic_start(const char *const netns[2])
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < 2; i++) {
		struct stat st;

		if (stat(netns[i], &st))
			die(netns[i]);
		inodes[i] = (uint32_t)st.st_ino;
	}
	for (size_t i = 0; i < CNT(servers); i++)
		start_player(&servers[i], netns[servers[i].netns], true);
	while (atomic_load(&shared->ready) < (int)CNT(servers) && waitpid(-1, NULL, WNOHANG) == 0)
		usleep(POLL_US);
	for (size_t i = 0; i < CNT(clients); i++)
		start_player(&clients[i], netns[clients[i].netns], false);
}

/* Servers last: a client whose server is gone loses its port before it can tell it. */
int traffic_stop(void)
{
	int failed = 0, status;

	atomic_store(&shared->stop[false], true);
	while (player_cnt) {
		if (player_cnt == CNT(servers))
			atomic_store(&shared->stop[true], true);
		failed += waitpid(players[--player_cnt], &status, 0) < 0 || status;
	}
	return failed;
}
