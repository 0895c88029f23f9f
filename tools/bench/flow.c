/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/flow*.c src/model/owner.c */
/* bench-flow [FLOWS]: what the flow table costs, each flow with a socket of its own, asked in random order.
 */
#include "model/flow.h"
#include "tools/bench/bench.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FLOWS 1000000
#define MS 1000000ULL

static struct ev_key key_of(uint32_t i)
{
	struct ev_key key;

	memset(&key, 0, sizeof(key));
	key.laddr[10] = key.laddr[11] = key.raddr[10] = key.raddr[11] = 0xff;
	memcpy(key.raddr + 12, &i, sizeof(i));
	key.lport = 443;
	key.rport = (uint16_t)(1024 + i % 60000);
	key.proto = IPPROTO_TCP;
	return key;
}

static void claim(struct flow_table *t, uint32_t i)
{
	struct ev_owner ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = MS;
	ev.key = key_of(i);
	ev.kind = EV_OWN_FLOW;
	ev.owner.pid = 1 + i % 1000;
	ev.owner.sock_id = i + 1;
	flow_claim(t, &ev);
}

static void find(struct flow_table *t, uint32_t i)
{
	struct ev_key key = key_of(i);
	struct owner o;

	if (flow_find(t, &key, 2 * MS, &o) != FLOW_LIVE)
		abort();
}

static void find_nothing(struct flow_table *t, uint32_t i)
{
	struct ev_key key = key_of(i);
	struct owner o;

	key.lport++;
	if (flow_find(t, &key, 2 * MS, &o) != FLOW_NONE)
		abort();
}

static void close_one(struct flow_table *t, uint32_t i)
{
	struct ev_close ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = 3 * MS;
	ev.sock_id = i + 1;
	flow_close(t, &ev);
}

/* CPU time of one step, over all flows, in scattered order. */
static void measure(
	const char *what, struct flow_table *t, uint32_t flows, void (*step)(struct flow_table *, uint32_t))
{
	uint64_t start = bench_ns();

	for (uint32_t n = 0, i = 0; n < flows; n++, i = bench_next(i, flows))
		step(t, i);
	bench_print_ns(what, start, flows);
}

int main(int argc, char **argv)
{
	uint32_t flows = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : DEFAULT_FLOWS;
	struct flow_table *t = flow_table_new(flows);
	size_t before = bench_resident_bytes();
	uint64_t start;

	if (!t || !flows)
		return 1;
	measure("claim a new flow", t, flows, claim);
	bench_print_bytes("kept for it", before, flows);
	measure("find it", t, flows, find);
	measure("find nothing", t, flows, find_nothing);
	measure("claim it again", t, flows, claim);
	measure("close its socket", t, flows, close_one);
	start = bench_ns();
	flow_expire(t, 10000 * MS);
	bench_print_ns("expire it", start, flows);
	if (flow_count(t))
		return 1;
	flow_table_free(t);
	return 0;
}
