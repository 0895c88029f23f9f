/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams: UDP, ping and raw sockets; and processes that begin, run another program and end. */
#include "tests/live/strict.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define POLL_MS 50

void play_udp_server(const char *addr)
{
	struct sockaddr_storage from, here;
	socklen_t len = make_addr(&here, "::", STRICT_PORT);
	int fd = make_socket(AF_INET6, SOCK_DGRAM, 0), shared = 1;
	char data[STRICT_BYTES];

	(void)addr;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof(shared)))
		die("SO_REUSEPORT"); /* who takes a datagram is told of such sockets only */
	if (bind(fd, (struct sockaddr *)&here, len))
		die("bind");
	tell_sock(fd);
	say_ready();
	while (going_on()) {
		struct pollfd p = {fd, POLLIN, 0};

		len = sizeof(from);
		if (poll(&p, 1, POLL_MS) > 0 &&
			recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len) > 0)
			sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&from, len);
	}
}

/* All ways to send a datagram; the port is bound by the sending, by bind or by connect. */
static void send_datagram(int fd, const struct sockaddr_storage *to, socklen_t len, unsigned int n)
{
	char data[STRICT_BYTES] = "";
	struct iovec iov = {data, sizeof(data)};
	struct mmsghdr msg = {.msg_hdr = {.msg_name = (void *)(uintptr_t)to, .msg_namelen = len, .msg_iov = &iov,
		.msg_iovlen = 1}};
	struct sockaddr_storage any = {.ss_family = to->ss_family};
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	switch (n % 5) {
	case 0:
		sendto(fd, data, sizeof(data), 0, (const struct sockaddr *)to, len);
		break;
	case 1:
		sendmsg(fd, &msg.msg_hdr, 0);
		break;
	case 2:
		sendmmsg(fd, &msg, 1, 0);
		break;
	case 3:
		connect(fd, (const struct sockaddr *)to, len);
		tell_sock(fd); /* its port goes */
		connect(fd, &nobody, sizeof(nobody));
		connect(fd, (const struct sockaddr *)to, len);
		send(fd, data, sizeof(data), 0);
		break;
	default:
		bind(fd, (struct sockaddr *)&any, len);
		sendto(fd, data, sizeof(data), 0, (const struct sockaddr *)to, len);
	}
}

void play_udp_client(const char *addr)
{
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, addr, STRICT_PORT);
	char data[STRICT_BYTES];

	for (unsigned int n = 0; going_on(); n++) {
		int fd = make_socket(to.ss_family, SOCK_DGRAM, 0);

		send_datagram(fd, &to, len, n);
		tell_sock(fd);
		recv(fd, data, sizeof(data), 0);
		close(fd);
	}
}

/* The port of a raw socket is its protocol. What is sent by it may be dropped (it has no checksum): sending is what counts. */
static void ping(const struct sockaddr_storage *to, socklen_t len, int type)
{
	bool v6 = to->ss_family == AF_INET6;
	int proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, fd = make_socket(to->ss_family, type, proto);
	struct icmphdr echo = {.type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO};
	char data[STRICT_BYTES];

	if (type == SOCK_RAW)
		tell((uint16_t)proto);
	sendto(fd, &echo, sizeof(echo), 0, (const struct sockaddr *)to, len);
	if (type == SOCK_DGRAM) {
		tell_sock(fd);
		recv(fd, data, sizeof(data), 0);
	}
	close(fd);
}

/* Of a type for experiments (IEEE 802), over lo. */
static void send_frame(void)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = 1, .sll_halen = 6};
	int fd = make_socket(AF_PACKET, SOCK_DGRAM, 0);

	tell(0);
	sendto(fd, "frame", 5, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

/* The same by a socket of the obsolete type, of which the kernel has a sendmsg of its own. */
static void send_spkt(void)
{
	struct sockaddr_pkt to = {.spkt_family = AF_PACKET, .spkt_device = "lo", .spkt_protocol = htons(0x88b5)};
	static const unsigned char frame[60] = {[12] = 0x88, [13] = 0xb5};
	int fd = make_socket(AF_PACKET, SOCK_PACKET, 0);

	tell(0);
	sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

void play_pings(const char *addr)
{
	struct sockaddr_storage v4, v6;
	socklen_t v4_len = make_addr(&v4, "10.98.0.2", 0), v6_len = make_addr(&v6, "fd98::2", 0);

	(void)addr;
	while (going_on()) {
		ping(&v4, v4_len, SOCK_DGRAM);
		ping(&v6, v6_len, SOCK_DGRAM);
		ping(&v4, v4_len, SOCK_RAW);
		ping(&v6, v6_len, SOCK_RAW);
		send_frame();
		send_spkt();
		usleep(10000);
	}
}

void play_programs(const char *addr)
{
	(void)addr;
	while (going_on()) {
		if (!player_fork()) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		usleep(20000);
	}
}
