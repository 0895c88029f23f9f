/* SPDX-License-Identifier: BSD-2-Clause */
/* Each packet crosses the VLAN's device and, with a tag, the one below. Network 97 is tagged once, 96 twice (802.1ad). */
#include "tests/matrix/lib_net.h"

static const char *lacks(void)
{
	return net_can("link add v0 type veth peer name v1 && ip link add link v0 name v5 type vlan id 5") ? NULL
													   : "CONFIG_VLAN_8021Q";
}

static void setup(void)
{
	for (int i = 0; i < 2; i++) {
		const char *ns = i ? "b" : "a";

		sh("ip -n %s link add link veth0 name vlan5 type vlan id 5", ns_name(ns));
		net_addr(ns, "vlan5", 97, 1 + i);
		sh("ip -n %s link add link veth0 name vlan7 type vlan proto 802.1ad id 7", ns_name(ns));
		sh("ip -n %s link set vlan7 up", ns_name(ns));
		sh("ip -n %s link add link vlan7 name vlan8 type vlan id 8", ns_name(ns));
		net_addr(ns, "vlan8", 96, 1 + i);
	}
	net_wait_up("a", "vlan8");
	net_wait_up("b", "vlan8");
}

static void run(struct scene *s)
{
	for (int net = 96; net <= 97; net++) {
		const struct net_place here = {"a", net, 1}, there = {"b", net, 2};

		net_between(s, &here, &there);
		net_tcp(s, 5000);
		net_udp(s);
		net_between(s, &there, &here);
		net_tcp(s, 200);
		net_udp_connected(s);
	}
}

SCENARIO(.name = "vlan", .about = "VLAN devices, tagged once and twice", .passes = AT_ONCE,
	.sees = {"\\(vlan5, ", "\\(vlan7, ", "\\(vlan8, ", "\\(veth0, .* 10\\.97\\.0\\.[12]\\.", "\\(veth0, .* fd96::[12]\\."}, .lacks = lacks,
	.setup = setup, .run = run);
