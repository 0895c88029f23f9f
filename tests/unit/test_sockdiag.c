/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/sockdiag.c src/source/procnet.c src/source/socks.c src/source/netlink.c src/base/sysroot.c src/base/buf.c src/base/log.c src/base/patient.c src/base/clock.c -lmnl */
/* What the kernel answers, built by hand; and a machine that can only be read. */
#include "source/sockdiag.h"
#include "claims.h"
#include "seen.h"
#include "tap.h"
#include "tmpdir.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

static union {
	struct nlmsghdr hdr;
	char room[512];
} answer;

static struct inet_diag_msg *begin(uint8_t family, uint8_t state)
{
	struct inet_diag_msg *diag;

	memset(&answer, 0, sizeof(answer));
	mnl_nlmsg_put_header(&answer)->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	diag = mnl_nlmsg_put_extra_header(&answer.hdr, sizeof(*diag));
	diag->idiag_family = family;
	diag->idiag_state = state;
	diag->id.idiag_sport = htons(7000);
	diag->idiag_inode = 4711;
	return diag;
}

static void set_addr(__be32 to[4], int family, const char *text)
{
	if (inet_pton(family, text, to) != 1)
		abort();
}

/* The answer is that socket. */
static void is_sock(const struct sock_seen *want, const char *what)
{
	struct sock_seen got;

	tap_ok(sockdiag_read(&answer.hdr, want->key.proto, NETNS, &got) && seen_same(&got, want), "%s", what);
}

static void is_no_sock(uint8_t proto, const char *what)
{
	struct sock_seen got;

	tap_ok(!sockdiag_read(&answer.hdr, proto, NETNS, &got), "%s", what);
}

static void test_answers(void)
{
	struct sock_seen want = {claims_tcp("10.98.0.1", 7000, "10.98.0.2", 40000), 4711, TCP_ESTABLISHED, 0};
	struct inet_diag_msg *diag = begin(AF_INET, TCP_ESTABLISHED);

	set_addr(diag->id.idiag_src, AF_INET, "10.98.0.1");
	set_addr(diag->id.idiag_dst, AF_INET, "10.98.0.2");
	diag->id.idiag_dport = htons(40000);
	is_sock(&want, "a connection over IPv4");
	diag = begin(AF_INET6, TCP_CLOSE_WAIT);
	set_addr(diag->id.idiag_src, AF_INET6, "::ffff:10.98.0.1");
	set_addr(diag->id.idiag_dst, AF_INET6, "::ffff:10.98.0.2");
	diag->id.idiag_dport = htons(40000);
	diag->idiag_inode = 0;
	want.ino = 0;
	want.state = TCP_CLOSE_WAIT;
	want.flags = EV_OWN_V6;
	is_sock(&want, "one of a socket of IPv6, not accepted");
	begin(AF_INET, TCP_CLOSE);
	want = (struct sock_seen){claims_udp(NULL, 7000, NULL, 0), 4711, TCP_CLOSE, 0};
	is_sock(&want, "an unconnected datagram socket on any address");
}

static void test_v6only(void)
{
	struct sock_seen want = {claims_tcp(NULL, 7000, NULL, 0), 4711, TCP_LISTEN, EV_OWN_V6 | EV_OWN_V6ONLY};

	begin(AF_INET6, TCP_LISTEN);
	is_sock(&want, "a listener of IPv6: whether it takes IPv4 is not told");
	mnl_attr_put_u8(&answer.hdr, INET_DIAG_SHUTDOWN, 1);
	mnl_attr_put_u8(&answer.hdr, INET_DIAG_SKV6ONLY, 1);
	is_sock(&want, "it does not");
	begin(AF_INET6, TCP_LISTEN);
	mnl_attr_put_u8(&answer.hdr, INET_DIAG_SHUTDOWN, 0);
	mnl_attr_put_u8(&answer.hdr, INET_DIAG_SKV6ONLY, 0);
	want.flags = EV_OWN_V6;
	is_sock(&want, "it does");
	mnl_attr_put(&answer.hdr, INET_DIAG_SKV6ONLY, 0, NULL);
	is_sock(&want, "an empty attribute says nothing");
}

static void test_what_is_none(void)
{
	begin(AF_INET, TCP_CLOSE);
	is_no_sock(IPPROTO_TCP, "TCP that is bound only");
	begin(AF_INET, TCP_ESTABLISHED)->id.idiag_sport = 0;
	is_no_sock(IPPROTO_UDP, "no local port");
	begin(AF_UNIX, TCP_ESTABLISHED);
	is_no_sock(IPPROTO_TCP, "another family");
	begin(AF_INET, TCP_ESTABLISHED);
	answer.hdr.nlmsg_len--;
	is_no_sock(IPPROTO_TCP, "an answer that is cut");
}

#define LINE "   0: %s:1B58 %s:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %u 1 ffff\n"
#define ANY4 "00000000"
#define ANY6 "00000000000000000000000000000000"

static void write_table(const char *name, const char *any, const char *state, unsigned int ino)
{
	char text[256];
	int len = snprintf(text, sizeof(text), LINE, any, any, state, ino);

	tmpdir_write(name, text, (size_t)len);
}

/* Every table, and what it is of; a kernel without IPv6's pings. */
static void test_machine_to_read(void)
{
	static const struct {
		uint8_t proto, flags;
	} want[] = {{IPPROTO_TCP, 0}, {IPPROTO_TCP, EV_OWN_V6 | EV_OWN_V6ONLY}, {IPPROTO_UDP, 0},
		{IPPROTO_UDP, EV_OWN_V6 | EV_OWN_V6ONLY}, {IPPROTO_ICMP, 0}};
	struct socks s = SOCKS_INIT;
	const struct sysroot root = {tmpdir_prefix()};

	write_table("proc/net/tcp", ANY4, "0A", 1);
	write_table("proc/net/tcp6", ANY6, "0A", 2);
	write_table("proc/net/udp", ANY4, "07", 3);
	write_table("proc/net/udp6", ANY6, "07", 4);
	write_table("proc/net/icmp", ANY4, "07", 5);
	tap_is_int(sockdiag_list(&root, NETNS, &s), 0, "another machine's sockets");
	tap_is_int(s.cnt, 5, "of all tables there are");
	for (size_t i = 0; i < s.cnt; i++)
		tap_ok(s.list[i].ino == i + 1 && s.list[i].key.proto == want[i].proto && s.list[i].flags == want[i].flags &&
				s.list[i].key.netns == NETNS,
			"table %zu", i);
	socks_free(&s);
}

int main(void)
{
	test_answers();
	test_v6only();
	test_what_is_none();
	test_machine_to_read();
	return tap_done();
}
