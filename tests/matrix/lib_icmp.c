/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_icmp.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD 56

/* The same in both versions (RFC 792, RFC 4443 section 4.1). */
struct echo {
	uint8_t type, code;
	uint16_t check, id, seq;
	uint8_t data[PAYLOAD];
};

int ping_new(const struct scene *s, int type, uint16_t id)
{
	bool v6 = s->family == AF_INET6;
	uint64_t since = now_ns();
	int fd = socket(s->family, type, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	struct sockaddr_storage any;
	char text[8];

	if (fd < 0)
		fail("socket for pings");
	if (type == SOCK_DGRAM) {
		if (bind(fd, (void *)&any, make_addr(&any, v6 ? "::" : "0.0.0.0", 0)))
			fail("bind of a ping socket");
		truth_sock(fd, "icmp", since);
		return fd;
	}
	snprintf(text, sizeof(text), "%u", id);
	truth_sock_as(fd, "icmp", since, "any", text, "any", "0");
	return fd;
}

/* RFC 1071. The kernel does it for ping sockets and for ICMPv6. */
static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* A raw socket gets all ICMP there is. */
static bool is_reply(const uint8_t *data, size_t len, bool has_header, uint8_t type, uint16_t id, uint16_t seq)
{
	size_t skip = has_header ? (size_t)(data[0] & 15) * 4 : 0;
	struct echo echo;

	if (len < skip + 8)
		return false;
	memcpy(&echo, data + skip, 8);
	return echo.type == type && (!id || echo.id == htons(id)) && echo.seq == htons(seq);
}

void ping_once(const struct scene *s, int fd, uint16_t id, uint16_t seq)
{
	bool v6 = s->family == AF_INET6, has_header = id && !v6;
	struct echo echo = {.type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO, .id = htons(id), .seq = htons(seq)};
	struct sockaddr_storage to;
	socklen_t to_len = make_addr(&to, s->server_addr, 0);
	uint8_t reply[1500];
	ssize_t n;

	echo.check = checksum(&echo, sizeof(echo));
	truth_act(fd, sizeof(echo));
	if (sendto(fd, &echo, sizeof(echo), 0, (void *)&to, to_len) != (ssize_t)sizeof(echo))
		fail("sendto of a ping");
	do {
		n = recv(fd, reply, sizeof(reply), 0);
		if (n < 0)
			fail("recv of a ping's reply");
	} while (!is_reply(reply, (size_t)n, has_header, v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY, id, seq));
	truth_got(fd, (size_t)n);
}

/* ---- errors ---- */

/* What an error quotes: no more of it than tells the flow (RFC 792: 64 bits behind the header). */
static size_t quote_v4(uint8_t *at, const struct sockaddr_in *src, const struct sockaddr_in *dst, uint8_t proto)
{
	struct iphdr ip = {.ihl = 5, .version = 4, .ttl = 60, .protocol = proto, .tot_len = htons(48)};
	uint16_t ports[4] = {src->sin_port, dst->sin_port};

	ip.saddr = src->sin_addr.s_addr;
	ip.daddr = dst->sin_addr.s_addr;
	ip.check = checksum(&ip, sizeof(ip));
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip), ports, sizeof(ports));
	return sizeof(ip) + sizeof(ports);
}

/* RFC 4443 section 2.4 (c): as much as fits; the kernel wants a whole transport header of TCP. */
static size_t quote_v6(uint8_t *at, const struct sockaddr_in6 *src, const struct sockaddr_in6 *dst, uint8_t proto)
{
	struct ip6_hdr ip = {.ip6_src = src->sin6_addr, .ip6_dst = dst->sin6_addr};
	uint16_t l4[10] = {src->sin6_port, dst->sin6_port};

	ip.ip6_vfc = 6 << 4;
	ip.ip6_plen = htons(sizeof(l4));
	ip.ip6_nxt = proto;
	ip.ip6_hlim = 60;
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip), l4, sizeof(l4));
	return sizeof(ip) + sizeof(l4);
}

void icmp_send_error(const struct sockaddr_storage *src, const struct sockaddr_storage *dst, uint8_t proto)
{
	bool v6 = src->ss_family == AF_INET6;
	uint64_t since = now_ns();
	int fd = socket(src->ss_family, SOCK_RAW, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	struct sockaddr_storage to = *src;
	uint8_t data[128] = {v6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH,
			     v6 ? ICMP6_DST_UNREACH_NOPORT : ICMP_PORT_UNREACH};
	size_t len = 8;

	if (fd < 0)
		fail("raw socket");
	len += v6 ? quote_v6(data + 8, (const void *)src, (const void *)dst, proto)
		  : quote_v4(data + 8, (const void *)src, (const void *)dst, proto);
	if (v6) {
		((struct sockaddr_in6 *)&to)->sin6_port = 0; /* else it would be the protocol */
	} else {
		uint16_t check = checksum(data, len);

		memcpy(data + 2, &check, sizeof(check));
	}
	truth_sock_as(fd, "icmp", since, "any", "error", "any", "0");
	truth_act(fd, len);
	if (sendto(fd, data, len, 0, (void *)&to, v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)) != (ssize_t)len)
		fail("sendto of an error");
	sk_close(fd);
}

void icmp_forbid_routes(void)
{
	sh("nsenter --net=%s sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit;"
	   "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'", ns_path("b"));
	sh("ip -n %s route add prohibit 10.97.0.0/24", ns_name("b"));
	sh("ip -n %s -6 route add prohibit fd97::/64", ns_name("b"));
	sh("ip -n %s route add 10.97.0.0/24 via 10.98.0.2", ns_name("a"));
	sh("ip -n %s -6 route add fd97::/64 via fd98::2", ns_name("a"));
}

const char *icmp_forbidden_addr(const struct scene *s)
{
	if (s->dual)
		return "::ffff:10.97.0.9";
	return s->family == AF_INET6 ? "fd97::9" : "10.97.0.9";
}
