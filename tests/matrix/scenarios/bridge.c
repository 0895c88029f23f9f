/* SPDX-License-Identifier: BSD-2-Clause */
/* A host and two containers on its bridge. A packet crosses a port and the bridge itself, or two ports, and is judged at each.
 *
 *   b 10.98.0.2 -- veth0 } br0 10.98.0.1 (a)
 *   c 10.98.0.3 -- veth1 }
 */
#include "tests/matrix/lib_net.h"

static const struct net_place host = {"a", 98, 1}, b = {"b", 98, 2}, c = {"c", 98, 3};

static const char *lacks(void)
{
	return net_can("link add name br0 type bridge") ? NULL : "CONFIG_BRIDGE";
}

static void setup(void)
{
	ns_add("c");
	net_veth("a", "veth1", "c", "veth0");
	sh("ip -n %s address flush dev veth0", ns_name("a"));
	sh("ip -n %s link add name br0 type bridge", ns_name("a"));
	for (int i = 0; i < 2; i++)
		sh("ip -n %s link set veth%d up master br0", ns_name("a"), i);
	net_addr("a", "br0", 98, 1);
	net_addr("c", "veth0", 98, 3);
	net_wait_up("a", "br0");
	net_wait_up("c", "veth0");
}

static void both_ways(struct scene *s, const struct net_place *one, const struct net_place *other)
{
	net_between(s, one, other);
	net_tcp(s, 200);
	net_udp(s);
	net_between(s, other, one);
	net_tcp(s, 200);
	net_udp_connected(s);
}

static void run(struct scene *s)
{
	both_ways(s, &b, &host);
	both_ways(s, &b, &c);
}

SCENARIO(.name = "bridge", .about = "one packet on several interfaces of a bridge", .passes = AT_ONCE, .through = "c",
	.sees = {"\\(br0, .*, in, attr=exact", "\\(veth0, .*, in, attr=host", "\\(veth1, .*, out, attr=host"},
	.lacks = lacks, .setup = setup, .run = run);
