/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_tunnel.h"

static const char *lacks(void)
{
	return net_can("link add t0 type vxlan id 4 local 127.0.0.1 remote 127.0.0.2 dstport 4789") ? NULL : "CONFIG_VXLAN";
}

static void setup(void)
{
	tunnel_setup(4, "vxlan id 4", "dstport 4789");
	tunnel_setup(6, "vxlan id 6", "dstport 4790");
}

SCENARIO(.name = "tunnel-vxlan", .about = "VXLAN over IPv4 and IPv6: inner packets are the sockets', outer ones nobody's",
	.passes = AT_ONCE, .sees = {"\\(tun4, ", "\\(tun6, ", "\\(veth0, .*\\.4789: ", "\\(veth0, .*\\.4790: "},
	.lacks = lacks, .setup = setup, .run = tunnel_run);
