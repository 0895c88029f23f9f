/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_router.h"

static void run(struct scene *s)
{
	router_bystander(s);
	net_between(s, &router_b, &router_c);
	net_tcp(s, 200);
	net_between(s, &router_c, &router_b);
	net_tcp(s, 20000);
	router_bystander_end(s);
}

SCENARIO(.name = "forward-tcp", .about = "TCP between two namespaces, seen in the one that forwards it", .passes = AT_ONCE,
	.through = "b c", .sees = {"\\(veth0, .*, in, attr=host", "\\(veth1, .*, out, attr=host"}, .setup = router_setup,
	.run = run);
