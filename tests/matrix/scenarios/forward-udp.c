/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_router.h"

static void run(struct scene *s)
{
	router_bystander(s);
	net_between(s, &router_b, &router_c);
	net_udp(s);
	net_udp_connected(s);
	net_between(s, &router_c, &router_b);
	net_udp(s);
	net_udp_connected(s);
	router_bystander_end(s);
}

SCENARIO(.name = "forward-udp", .about = "UDP likewise, by sockets on one address and on any", .passes = AT_ONCE,
	.through = "b c", .sees = {"\\(veth0, .*, in, attr=host", "\\(veth1, .*, out, attr=host"}, .setup = router_setup,
	.run = run);
