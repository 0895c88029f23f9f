/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/elsewhere.h"
#include "model/flow_int.h"

#include <string.h>
#include <utlist.h>

/* What was found so far. */
struct poll {
	enum elsewhere who;
	struct owner *out;
};

static void vote(struct poll *p, const struct owner *o)
{
	if (p->who == ELSEWHERE_NOBODY) {
		*p->out = *o;
		p->who = ELSEWHERE_ONE;
	} else if (p->who == ELSEWHERE_ONE && !owner_same_process(p->out, o)) {
		p->who = ELSEWHERE_OPEN;
	}
}

static bool is_other(const struct flow *f, const struct ev_key *key, const struct ev_key *wanted)
{
	return f->key.netns != key->netns && flow_any_same(&f->key, wanted);
}

/* May the packet be from or to another namespace than this one, that has the same address? */
static bool may_be_others(const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	return addrs_is_partial(a) || addrs_has_other(a, netns, addr);
}

/* It holds a port, and never talked to this peer: there might be an equal address without such a socket. */
static void vote_if_alone(struct poll *p, const struct addrs *a, uint32_t netns, const uint8_t addr[16], const struct owner *o)
{
	if (may_be_others(a, netns, addr))
		p->who = ELSEWHERE_OPEN;
	else
		vote(p, o);
}

/* A socket of that namespace has any address: is the packet's one of them? */
static bool takes(struct poll *p, const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	if (addrs_has(a, netns, addr))
		return true;
	if (addrs_is_local(a, netns, addr))
		p->who = ELSEWHERE_OPEN; /* no address of it is known */
	return false;
}

enum elsewhere elsewhere_flow(const struct flow_table *t, const struct addrs *a, const struct ev_key *key,
	uint64_t ts_ns, struct owner *out)
{
	struct poll p = {.out = out};
	struct ev_key any = *key;
	const struct flow *f;
	struct owner o;

	DL_FOREACH2(flow_any_list(t, key), f, any_next)
		if (is_other(f, key, key) && flow_find(t, &f->key, ts_ns, &o) != FLOW_NONE)
			vote(&p, &o);
	memset(any.laddr, 0, sizeof(any.laddr));
	DL_FOREACH2(flow_any_list(t, &any), f, any_next)
		if (is_other(f, key, &any) && flow_find(t, &f->key, ts_ns, &o) != FLOW_NONE &&
			takes(&p, a, f->key.netns, key->laddr))
			vote(&p, &o);
	return p.who;
}

/* Who gets what comes to this port in the namespace of `f`, which has a holder of it. */
static void ask_port(struct poll *p, const struct flow_table *t, const struct addrs *a, const struct flow *f,
	const struct ev_key *key, uint8_t kind, uint64_t ts_ns)
{
	bool at_any = !memcmp(f->key.laddr, (const uint8_t[16]){0}, sizeof(f->key.laddr));
	struct ev_key there = *key;
	enum flow_match match;
	enum holders who;
	struct owner o;

	there.netns = f->key.netns;
	who = flow_port_holders(t, &there, kind, ts_ns, &match, &o);
	if (who == NOBODY || (who == ONE && kind == EV_OWN_LISTEN && match != FLOW_LIVE))
		return;
	if (at_any && !addrs_has(a, there.netns, key->laddr) && !addrs_is_local(a, there.netns, key->laddr))
		return;
	if (who == SEVERAL)
		p->who = ELSEWHERE_OPEN;
	else if (!at_any || takes(p, a, there.netns, key->laddr))
		vote_if_alone(p, a, there.netns, key->laddr, &o);
}

enum elsewhere elsewhere_port(const struct flow_table *t, const struct addrs *a, const struct ev_key *key,
	uint8_t kind, uint64_t ts_ns, struct owner *out)
{
	struct poll p = {.out = out};
	struct ev_key bound = *key;
	const struct flow *f;

	if (t->unsure_ports[key->lport / 8] & 1 << key->lport % 8)
		return ELSEWHERE_OPEN;
	memset(bound.raddr, 0, sizeof(bound.raddr));
	bound.rport = 0;
	DL_FOREACH2(flow_any_list(t, &bound), f, any_next)
		if (is_other(f, key, &bound))
			ask_port(&p, t, a, f, key, kind, ts_ns);
	memset(bound.laddr, 0, sizeof(bound.laddr));
	DL_FOREACH2(flow_any_list(t, &bound), f, any_next)
		if (is_other(f, key, &bound))
			ask_port(&p, t, a, f, key, kind, ts_ns);
	return p.who;
}

void elsewhere_restart(struct flow_table *t, const struct ev_key *key, uint64_t ts_ns)
{
	const struct flow *f;

	DL_FOREACH2(flow_any_list(t, key), f, any_next)
		if (is_other(f, key, key))
			flow_restart(t, &f->key, ts_ns);
}
