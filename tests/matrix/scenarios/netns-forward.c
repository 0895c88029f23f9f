/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

enum { LISTENS, SENT };

/* In the namespace, whose router is `gateway` in this net; 0: it is one. */
static void join(int net, int host, int gateway)
{
	sh("ip address add 10.%d.0.%d/24 dev via%d", net, host, net);
	sh("ip address add fd%d::%d/64 dev via%d nodad", net, host, net);
	sh("ip link set via%d up", net);
	if (!gateway)
		return;
	sh("ip route add default via 10.%d.0.%d", net, gateway);
	sh("ip -6 route add default via fd%d::%d", net, gateway);
}

static void in_a(struct scene *s)
{
	(void)s;
	join(96, 1, 2);
}

static void in_b(struct scene *s)
{
	(void)s;
	join(95, 2, 1);
}

static void in_r(struct scene *s)
{
	(void)s;
	sh("echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	sh("ip link add via96 type veth peer name via96 netns %s", ns_name("a"));
	sh("ip link add via95 type veth peer name via95 netns %s", ns_name("b"));
	join(96, 2, 0);
	join(95, 1, 0);
	truth_addrs();
}

static void until_up(struct scene *s)
{
	(void)s;
	sh("for dev in via95 via96; do until ip -o link show dev $dev | grep -q LOWER_UP; do sleep 0.01; done; done");
}

/* a .1 -- net 96 -- .2 r .1 -- net 95 -- .2 b */
static void setup(void)
{
	static const struct {
		const char *ns;
		void (*part)(struct scene *s);
	} steps[] = {{"r", in_r}, {"a", in_a}, {"b", in_b}, {"r", until_up}};
	static struct scene s;

	ns_add("r");
	truth_netns("r");
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		reap(&s, spawn(&s, "setup", steps[i].ns, steps[i].part));
}

/* Listens on any address; what was forwarded has long been judged when it accepts. */
static void server(struct scene *s)
{
	int listener, fd;

	s->bind_addr = s->family == AF_INET ? "0.0.0.0" : "::";
	listener = tcp_listen(s);
	gate_open(s, LISTENS);
	gate_wait(s, SENT);
	pause_ms(LATE_MS);
	fd = tcp_accept(listener);
	sk_recv(fd, 1000);
	sk_send(fd, 500);
	sk_recv_end(fd);
}

static void client(struct scene *s)
{
	int fd;

	s->server_addr = s->dual ? "::ffff:10.95.0.2" : s->family == AF_INET ? "10.95.0.2" : "fd95::2";
	gate_wait(s, LISTENS);
	fd = tcp_connect(s);
	sk_send(fd, 1000);
	sk_wait_acked(fd);
	gate_open(s, SENT);
	sk_recv(fd, 500);
	sk_close(fd);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "netns-forward", .about = "a router, and both ends of what it forwards to a server on any address, all captured",
	.passes = AT_ONCE, .at = "r", .options = "--netns @a --netns @b", .setup = setup, .run = run);
