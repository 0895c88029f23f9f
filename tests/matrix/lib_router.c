/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_router.h"

const struct net_place router_b = {"b", 98, 2}, router_c = {"c", 95, 2};

#define GATE_STANDS (GATE_CNT - 3)
#define GATE_GOES (GATE_CNT - 4)

void router_setup(void)
{
	ns_add("c");
	net_veth("a", "veth1", "c", "veth1");
	net_addr("a", "veth1", 95, 1);
	net_addr("c", "veth1", 95, 2);
	net_forward("a");
	net_gateway("b", 98, 1);
	net_gateway("c", 95, 1);
	net_wait_up("a", "veth1");
	net_wait_up("c", "veth1");
}

static void bystander(struct scene *s)
{
	const char *any = s->family == AF_INET ? "0.0.0.0" : "::";
	int tcp = sk_new(s, SOCK_STREAM, 0), udp = sk_new(s, SOCK_DGRAM, 0);
	uint64_t since = now_ns();

	sk_bind(tcp, any, s->port);
	tcp_listen_fd(tcp);
	sk_bind(udp, any, s->port);
	truth_sock(udp, "udp", since);
	gate_open(s, GATE_STANDS);
	gate_wait(s, GATE_GOES);
}

void router_bystander(struct scene *s)
{
	spawn(s, "bystander", "a", bystander);
	gate_wait(s, GATE_STANDS);
}

void router_bystander_end(struct scene *s)
{
	gate_open(s, GATE_GOES);
}
