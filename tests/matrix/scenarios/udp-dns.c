/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define PORT 53
#define QUERIES 3

enum { READY, DONE };

/* An answer to any question about a name: 10.98.0.9, or fd98::9. Returns its length. */
static size_t make_answer(uint8_t *msg, size_t len)
{
	static const uint8_t v4[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 98, 0, 9};
	static const uint8_t v6[] = {0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0xfd, 0x98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
	size_t end = 12;

	while (end < len && msg[end])
		end += msg[end] + 1U;
	end += 5;
	errno = 0;
	if (end > len)
		fail("not a question");
	msg[2] = 0x84; /* an answer, authoritative: RFC 1035 section 4.1.1 */
	msg[3] = 0;
	memset(msg + 6, 0, 6);
	msg[7] = 1;
	if (msg[end - 3] == 28) {
		memcpy(msg + end, v6, sizeof(v6));
		return end + sizeof(v6);
	}
	memcpy(msg + end, v4, sizeof(v4));
	return end + sizeof(v4);
}

static void answer_one(int fd)
{
	uint8_t msg[1024];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(fd, msg, 512, 0, (void *)&from, &from_len);
	size_t len;

	if (n < 0)
		fail("recvfrom");
	truth_got(fd, (size_t)n);
	len = make_answer(msg, (size_t)n);
	truth_act_to(fd, len, &from);
	if (sendto(fd, msg, len, 0, (void *)&from, from_len) != (ssize_t)len)
		fail("sendto");
}

static void server(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, s->bind_addr, PORT);
	gate_open(s, READY);
	for (int i = 0; i < QUERIES; i++)
		answer_one(fd);
	gate_wait(s, DONE);
	sk_close(fd);
}

/* This process alone asks that server, whatever the host's files say. */
static void use_server(const char *addr)
{
	char path[] = "/tmp/pidtap-resolv-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || dprintf(fd, "nameserver %s\noptions timeout:5 attempts:1\n", addr) < 0)
		fail("%s", path);
	close(fd);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL))
		fail("mount of resolv.conf");
	unlink(path);
}

/* The sockets are the library's: all that is known is where they go. */
static void client(struct scene *s)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	const char *addr = s->dual ? s->server_addr + 7 : s->server_addr;
	int fd = udp_new(s);
	char name[64];

	truth_sock_as(fd, "udp", now_ns(), "any", "any", addr, "53");
	gate_wait(s, READY);
	use_server(addr);
	for (int i = 0; i < QUERIES; i++) {
		snprintf(name, sizeof(name), "name-%d.pidtap.test.", i);
		truth_act(fd, 0);
		if (getaddrinfo(name, NULL, &hints, &found))
			fail("getaddrinfo");
		freeaddrinfo(found);
	}
	gate_open(s, DONE);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "udp-dns", .about = "the C library's resolver asks a server", .passes = OVER_V4 | OVER_V6, .one_by_one = true,
	 .run = run);
