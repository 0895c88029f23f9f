/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_tunnel.h"

static const char *lacks(void)
{
	if (!net_is_linux(5, 11))
		return TUNNEL_KEEPS_OUTER;
	if (!net_can("link add t0 type gre local 127.0.0.1 remote 127.0.0.2"))
		return "CONFIG_NET_IPGRE";
	return net_can("link add t0 type ip6gre local ::1 remote fd98::9") ? NULL : "CONFIG_IPV6_GRE";
}

static void setup(void)
{
	tunnel_setup(4, "gre", "");
	tunnel_setup(6, "ip6gre", "");
}

SCENARIO(.name = "tunnel-gre", .about = "GRE over IPv4 and IPv6, likewise", .passes = AT_ONCE,
	.sees = {"\\(tun4, ", "\\(tun6, ", "\\(veth0, .* IP .* 10\\.98\\.0\\.2: ", "\\(veth0, .* IP6 .* fd98::2: "},
	.lacks = lacks, .setup = setup, .run = tunnel_run);
