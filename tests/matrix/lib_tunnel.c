/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_tunnel.h"
#include "tests/matrix/lib_tun.h"

#define MTU 1400
#define NET_OF(over) (90 + (over))

static const char *const namespaces[] = {NULL, "a", "b"}; /* by host */

void tunnel_addr(int over, int host)
{
	/* else packets of full size would be too big for the network outside */
	sh("ip -n %s link set tun%d mtu %d", ns_name(namespaces[host]), over, MTU);
	tun_addr(namespaces[host], over, NET_OF(over), host);
}

void tunnel_setup(int over, const char *type, const char *options)
{
	static const char *const network[] = {"10.98.0.", "fd98::"};

	for (int host = 1; host <= 2; host++) {
		sh("ip -n %s link add tun%d type %s local %s%d remote %s%d %s", ns_name(namespaces[host]), over, type,
		   network[over == 6], host, network[over == 6], 3 - host, options);
		tunnel_addr(over, host);
	}
}

void tunnel_run(struct scene *s)
{
	for (int over = 4; over <= 6; over += 2) {
		const struct net_place here = {"a", NET_OF(over), 1}, there = {"b", NET_OF(over), 2};

		net_between(s, &here, &there);
		net_tcp(s, 5000);
		net_udp(s);
		net_between(s, &there, &here);
		net_tcp(s, 200);
		net_udp_connected(s);
	}
}
