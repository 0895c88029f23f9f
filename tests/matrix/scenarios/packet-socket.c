/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_udp.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>

#define REAL 100  /* the scorer tells made-up datagrams by their length */
#define MADE_UP 76

enum { READY, SENT, DONE };

/* The port that is made up is this one's. */
static void bystander(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, "10.98.0.1", s->port);
	udp_connect(fd, "10.98.0.2", s->port);
	gate_wait(s, READY);
	sk_send(fd, REAL);
	gate_open(s, SENT);
	gate_wait(s, DONE);
	sk_close(fd);
}

static void receiver(struct scene *s)
{
	int fd = udp_new(s);

	udp_bind(fd, "10.98.0.2", s->port);
	gate_open(s, READY);
	sk_recv(fd, REAL);
	gate_wait(s, DONE);
	sk_close(fd);
}

/* To all on veth0; the kernel makes the Ethernet header (SOCK_DGRAM). */
static void send_frame(int fd, uint16_t ethertype, const void *data, size_t len)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ethertype),
				 .sll_ifindex = (int)if_nametoindex("veth0"), .sll_halen = ETH_ALEN};

	memset(to.sll_addr, 0xff, ETH_ALEN);
	if (sendto(fd, data, len, 0, (void *)&to, sizeof(to)) != (ssize_t)len)
		fail("sendto on a packet socket");
}

/* As arping: who has 10.98.0.77? */
static void send_arp(int fd)
{
	struct ether_arp arp = {.ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), ETH_ALEN, 4, htons(ARPOP_REQUEST)},
				.arp_spa = {10, 98, 0, 1}, .arp_tpa = {10, 98, 0, 77}};
	struct ifreq ifr = {.ifr_name = "veth0"};

	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		fail("SIOCGIFHWADDR");
	memcpy(arp.arp_sha, ifr.ifr_hwaddr.sa_data, ETH_ALEN); /* b believes what it says */
	send_frame(fd, ETHERTYPE_ARP, &arp, sizeof(arp));
}

static void send_udp(int fd, uint16_t port)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char data[MADE_UP];
	} packet = {
		.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .tot_len = htons(sizeof(packet))},
		.udp = {.source = htons(port), .dest = htons(port), .len = htons(sizeof(packet) - sizeof(struct iphdr))},
	};

	packet.ip.saddr = htonl(0x0a620001);
	packet.ip.daddr = htonl(0x0a620002);
	send_frame(fd, ETHERTYPE_IP, &packet, sizeof(packet));
}

static void sender(struct scene *s)
{
	uint64_t since = now_ns();
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	if (fd < 0)
		fail("packet socket");
	gate_wait(s, SENT);
	pause_ms(TURN_MS);
	truth_sock_as(fd, "made", since, "any", "arp", "any", "0");
	truth_act(fd, 0);
	send_arp(fd);
	truth_sock_as(fd, "made", now_ns(), "any", "7000", "any", "0");
	truth_act(fd, MADE_UP);
	send_udp(fd, s->port);
	pause_ms(TURN_MS);
	sk_close(fd);
	gate_open_for(s, DONE, 2);
}

static void run(struct scene *s)
{
	spawn(s, "receiver", "b", receiver);
	spawn(s, "bystander", "a", bystander);
	spawn(s, "sender", "a", sender);
}

SCENARIO(.name = "packet-socket", .about = "ARP and a datagram of another process's port, made up by a packet socket",
	 .passes = AT_ONCE | OVER_V4, .run = run);
