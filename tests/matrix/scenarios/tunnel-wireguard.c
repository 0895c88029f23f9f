/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_tunnel.h"

#define PORT 51820

static const char *lacks(void)
{
	if (!net_can("link add t0 type wireguard"))
		return "CONFIG_WIREGUARD";
	return sh_ok("wg --version >/dev/null 2>&1") ? NULL : "nothing, but wg is not installed (wireguard-tools)";
}

/* A host's private key is its number in 32 digits. */
static void add(int over, int host)
{
	static const char *const namespaces[] = {NULL, "a", "b"};
	const char *ns = namespaces[host], *remote = over == 4 ? "10.98.0." : "[fd98::";
	int other = 3 - host;

	sh("ip -n %s link add tun%d type wireguard", ns_name(ns), over);
	sh("peer=$(printf %%032d %d | base64 | wg pubkey) && printf %%032d %d | base64 | nsenter --net=%s wg set tun%d "
	   "listen-port %d private-key /dev/stdin peer $peer allowed-ips 0.0.0.0/0,::/0 endpoint '%s%d%s:%d'",
	   other, host, ns_path(ns), over, PORT + over, remote, other, over == 4 ? "" : "]", PORT + over);
	tunnel_addr(over, host);
}

static void setup(void)
{
	for (int host = 1; host <= 2; host++) {
		add(4, host);
		add(6, host);
	}
}

SCENARIO(.name = "tunnel-wireguard", .about = "WireGuard over IPv4 and IPv6, likewise", .passes = AT_ONCE,
	.sees = {"\\(tun4, ", "\\(tun6, ", "\\(veth0, .*\\.51824: ", "\\(veth0, .*\\.51826: "}, .lacks = lacks, .setup = setup,
	.run = tunnel_run);
