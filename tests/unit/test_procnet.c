/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/procnet.c src/source/socks.c src/base/sysroot.c src/base/buf.c */
#include "source/procnet.h"
#include "claims.h"
#include "seen.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <netinet/tcp.h>

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

static struct sysroot root;

/* What a table of this text holds. */
static struct socks read_text(const char *text, uint8_t proto)
{
	struct socks s = SOCKS_INIT;

	tmpdir_write("proc/net/table", text, strlen(text));
	if (procnet_read(&root, "/proc/net/table", proto, NETNS, &s))
		tap_ok(false, "cannot be read");
	return s;
}

/* One line is one socket: that one. */
static void is_sock(const char *line, const struct sock_seen *want, const char *what)
{
	struct socks s = read_text(line, want->key.proto);

	tap_ok(s.cnt == 1 && seen_same(&s.list[0], want), "%s", what);
	socks_free(&s);
}

static void is_no_sock(const char *line, const char *what)
{
	struct socks s = read_text(line, IPPROTO_TCP);

	tap_is_int(s.cnt, 0, "%s", what);
	socks_free(&s);
}

/* Addresses are numbers of a little-endian machine's byte order, as on the machines where this runs. */
static void test_lines(void)
{
	struct sock_seen one = {claims_tcp("10.98.0.1", 7000, "10.98.0.2", 40000), 4711, TCP_ESTABLISHED, 0};

	is_sock(HEAD "   0: 0100620A:1B58 0200620A:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1 ffff 20 4 30 "
		     "10 -1\n",
		&one, "a connection over IPv4");
	one = (struct sock_seen){claims_tcp("fd98::1", 7000, "fd98::2", 40000), 4712, TCP_ESTABLISHED, EV_OWN_V6};
	is_sock(" 110: 000098FD000000000000000001000000:1B58 000098FD000000000000000002000000:9C40 01 00000000:00000000 02:000A7214 "
		"00000000     0        0 4712 2 ffff 20 4 30 10 -1\n",
		&one, "one over IPv6");
	one = (struct sock_seen){claims_tcp(NULL, 22, NULL, 0), 1287, TCP_LISTEN, 0};
	is_sock("   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1287 1 ffff 100\n", &one,
		"a listener on any address");
	one = (struct sock_seen){claims_tcp(NULL, 22, NULL, 0), 1288, TCP_LISTEN, EV_OWN_V6 | EV_OWN_V6ONLY};
	is_sock("   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
		"00000000     0        0 1288 1 ffff 100\n",
		&one, "one of IPv6: not known to take IPv4");
	one = (struct sock_seen){claims_tcp("127.0.0.1", 8080, "127.0.0.1", 40000), 0, TCP_TIME_WAIT, EV_OWN_V6};
	is_sock("   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:9C40 06 00000000:00000000 03:00000F2C "
		"00000000     0        0 0 3 ffff\n",
		&one, "IPv4 over a socket of IPv6, in TIME_WAIT");
	one = (struct sock_seen){claims_udp(NULL, 53, NULL, 0), 5000000000, TCP_CLOSE, 0};
	is_sock("18445: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 5000000000 2 ffff 0\n", &one,
		"an unconnected datagram socket; a large number");
	one = (struct sock_seen){claims_key(IPPROTO_ICMP, "127.0.0.1", 77, "10.0.0.1", 0), 9, TCP_ESTABLISHED, 0};
	is_sock("   30: 0100007F:004D 0100000A:0401 01 00000000:00000000 00:00000000 00000000     0        0 9 2 ffff 0\n", &one,
		"a ping socket's other end has no port");
}

static void test_what_is_none(void)
{
	struct socks s = SOCKS_INIT;

	is_no_sock("", "an empty file");
	is_no_sock(HEAD, "a head without lines");
	is_no_sock("   0: 0100620A:1B58 0200620A:9C40 01 00000000:00000000 00:00000000\n", "a line that is cut");
	is_no_sock("   0: 0100620A:1B58 000098FD000000000000000002000000:9C40 01 0:0 00:0 0  1000        0 4711\n", "ends of two families");
	is_no_sock("   0: 0100620A0:1B58 0200620A0:9C40 01 0:0 00:0 0  1000        0 4711\n", "an address of a wrong length");
	is_no_sock("   0: 00000000:0000 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1287 1\n", "no local port");
	tap_is_int(procnet_read(&root, "/proc/net/none", IPPROTO_TCP, NETNS, &s), -ENOENT, "no table");
}

static void test_list(void)
{
	struct sock_seen a = {claims_tcp("10.0.0.1", 1, "10.0.0.2", 2), 7, TCP_ESTABLISHED, 0}, b = a, c = a;
	struct socks s = SOCKS_INIT;

	b.key.rport = 3;
	c.ino = 6;
	socks_sort(&s);
	tap_ok(!socks_has(&s, &a) && socks_find_ino(&s, 7) == 0, "nothing in an empty list");
	tap_ok(!socks_add(&s, &a) && !socks_add(&s, &b) && !socks_add(&s, &c) && !socks_add(&s, &a), "added");
	socks_sort(&s);
	tap_is_int(s.cnt, 3, "what was seen twice is there once");
	tap_ok(socks_has(&s, &a) && socks_has(&s, &b) && socks_has(&s, &c), "found by number and key");
	b.ino = 8;
	tap_ok(!socks_has(&s, &b), "a known key with another number");
	tap_is_int(socks_find_ino(&s, 7), 1, "the first of its number");
	tap_is_int(socks_find_ino(&s, 8), 3, "no such number");
	socks_free(&s);
}

static void test_kinds(void)
{
	struct sock_seen tcp = {claims_tcp("10.0.0.1", 1, "10.0.0.2", 2), 7, TCP_SYN_SENT, 0};
	struct sock_seen udp = {claims_udp("10.0.0.1", 1, NULL, 0), 7, TCP_CLOSE, 0};

	tap_is_int(sock_seen_kind(&tcp), EV_OWN_FLOW, "a connection, in any state");
	tcp.state = TCP_LISTEN;
	tap_is_int(sock_seen_kind(&tcp), EV_OWN_LISTEN, "a listener");
	tap_is_int(sock_seen_kind(&udp), EV_OWN_PORT, "an unconnected datagram socket");
	udp.state = TCP_ESTABLISHED;
	tap_is_int(sock_seen_kind(&udp), EV_OWN_FLOW, "a connected one");
}

int main(void)
{
	root.prefix = tmpdir_prefix();
	test_lines();
	test_what_is_none();
	test_list();
	test_kinds();
	return tap_done();
}
