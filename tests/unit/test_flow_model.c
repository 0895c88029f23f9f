/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/flow*.c src/model/owner.c */
/* The flow table against one that is slow and simple: it keeps every claim for ever and works the answer out
 * from the rule. Both see the same random claims, closes, restarts and questions; the seeds are fixed. A
 * table that is too small may know less, never something else. */
#include "claims.h"
#include "tap.h"

#define STEPS 3000
#define SOCKS 10 /* open at one time */
#define CLAIMS 3000
#define NEVER UINT64_MAX

struct known_claim {
	struct ev_key key;
	struct actor who;
	uint64_t since_ms;
	size_t sock; /* in world.closed_ms */
	uint64_t cut_ms;
};

/* The slow one, and what the random steps need to know. */
struct world {
	struct flow_table *table;
	struct known_claim claims[CLAIMS];
	size_t claim_cnt;
	uint64_t closed_ms[2 * CLAIMS]; /* of each socket there ever was; its number is its id */
	size_t sock_cnt;
	size_t open[SOCKS];
	uint64_t now_ms, expired_ms;
	uint32_t random;
	bool small; /* the table is too small for all */
	size_t asked, answered, unknown, wrong;
};

struct answer {
	enum flow_match match;
	uint32_t pid;
};

/* Numerical Recipes' generator; its high bits are good. */
static uint32_t roll(struct world *w, uint32_t sides)
{
	w->random = w->random * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)w->random * sides) >> 32);
}

/* --- the rule, the slow way --- */

static bool same_key(const struct ev_key *a, const struct ev_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Is claim `i` ended by claim `j`? Of two of the same time the one told last is the newer. */
static bool is_replaced_by(const struct world *w, size_t i, size_t j)
{
	const struct known_claim *old = &w->claims[i], *fresh = &w->claims[j];

	if (i == j || old->who.kind != fresh->who.kind || !same_key(&old->key, &fresh->key))
		return false;
	if (fresh->since_ms < old->since_ms || (fresh->since_ms == old->since_ms && j < i))
		return false;
	if (fresh->who.kind == EV_OWN_FLOW || fresh->sock == old->sock)
		return true;
	return !(fresh->who.flags & EV_OWN_REUSE) &&
	       (fresh->who.flags & EV_OWN_V6) == (old->who.flags & EV_OWN_V6);
}

static uint64_t replaced_ms(const struct world *w, size_t i)
{
	uint64_t first = w->claims[i].cut_ms;

	for (size_t j = 0; j < w->claim_cnt; j++)
		if (is_replaced_by(w, i, j) && w->claims[j].since_ms < first)
			first = w->claims[j].since_ms;
	return first;
}

static enum flow_match state_at(const struct world *w, size_t i, uint64_t at_ms)
{
	uint64_t closed = w->closed_ms[w->claims[i].sock];

	if (at_ms < w->claims[i].since_ms || at_ms >= replaced_ms(w, i))
		return FLOW_NONE;
	if (at_ms < closed)
		return FLOW_LIVE;
	return at_ms - closed < LINGER_MS ? FLOW_CLOSED : FLOW_NONE;
}

static struct answer slow_find(const struct world *w, const struct ev_key *key, uint64_t at_ms)
{
	const struct known_claim *late = NULL;

	for (size_t i = 0; i < w->claim_cnt; i++) {
		const struct known_claim *c = &w->claims[i];
		enum flow_match match;

		if (c->who.kind != EV_OWN_FLOW || !same_key(&c->key, key))
			continue;
		match = state_at(w, i, at_ms);
		if (match != FLOW_NONE)
			return (struct answer){match, c->who.pid};
		if (c->since_ms > at_ms && (!late || c->since_ms < late->since_ms))
			late = c;
	}
	return late ? (struct answer){FLOW_LATE, late->who.pid} : (struct answer){FLOW_NONE, 0};
}

/* Returns how many processes (two stand for more) answer; the last one is *pid. */
static int slow_holders(const struct world *w, const struct ev_key *bound, bool v4_packet, bool v6_socket,
	enum flow_match wanted, uint64_t at_ms, uint32_t *pid)
{
	uint32_t found = 0;

	for (size_t i = 0; i < w->claim_cnt; i++) {
		const struct actor *who = &w->claims[i].who;
		bool v6 = who->flags & EV_OWN_V6, takes_v4 = !v6 || !(who->flags & EV_OWN_V6ONLY);

		if (who->kind != EV_OWN_PORT || v6 != v6_socket || (v4_packet ? !takes_v4 : !v6))
			continue;
		if (!same_key(&w->claims[i].key, bound) || state_at(w, i, at_ms) != wanted)
			continue;
		if (found && found != who->pid)
			return 2;
		found = who->pid;
	}
	*pid = found;
	return found != 0;
}

static struct answer slow_find_port(const struct world *w, const struct ev_key *key, bool v4, uint64_t at_ms)
{
	for (int i = 0; i < 8; i++) {
		enum flow_match wanted = i < 4 ? FLOW_LIVE : FLOW_CLOSED;
		struct ev_key bound = *key;
		uint32_t pid;
		int holders;

		memset(bound.raddr, 0, sizeof(bound.raddr));
		bound.rport = 0;
		if (i & 2)
			memset(bound.laddr, 0, sizeof(bound.laddr));
		holders = slow_holders(w, &bound, v4, i & 1, wanted, at_ms, &pid);
		if (holders)
			return holders == 1 ? (struct answer){wanted, pid} : (struct answer){FLOW_NONE, 0};
	}
	return (struct answer){FLOW_NONE, 0};
}

/* --- random steps --- */

static const char *const addrs[] = {"10.0.0.1", "10.0.0.2", "fd00::1"};

static struct ev_key random_flow(struct world *w)
{
	return claims_udp(addrs[roll(w, 2)], 53, "10.0.0.9", (uint16_t)(1 + roll(w, 4)));
}

static struct ev_key random_port(struct world *w)
{
	uint32_t addr = roll(w, 5);

	return claims_udp(addr < 3 ? addrs[addr] : NULL, (uint16_t)(53 + roll(w, 2)), NULL, 0);
}

/* Records are up to 10 ms late; a table that is too small is spared that. */
static uint64_t random_time(struct world *w)
{
	return w->small ? w->now_ms : w->now_ms - roll(w, 10);
}

static size_t new_sock(struct world *w)
{
	w->closed_ms[w->sock_cnt] = NEVER;
	return w->sock_cnt++;
}

static void step_claim(struct world *w)
{
	struct known_claim *c = &w->claims[w->claim_cnt];
	bool flow = roll(w, 2), seed = flow && !w->small && roll(w, 10) == 0;

	c->key = flow ? random_flow(w) : random_port(w);
	c->sock = seed ? new_sock(w) : w->open[roll(w, SOCKS)];
	c->since_ms = random_time(w);
	c->cut_ms = NEVER;
	c->who.pid = 1 + roll(w, 3);
	c->who.sock_id = seed ? 0 : c->sock + 1;
	c->who.kind = flow ? EV_OWN_FLOW : EV_OWN_PORT;
	c->who.flags = flow ? 0 : (uint8_t)roll(w, 8);
	w->claim_cnt++;
	if (claims_claim(w->table, &c->key, c->who, c->since_ms))
		w->wrong++;
}

static void step_close(struct world *w)
{
	size_t *slot = &w->open[roll(w, SOCKS)], sock = *slot;

	w->closed_ms[sock] = random_time(w);
	claims_close(w->table, sock + 1, w->closed_ms[sock]);
	*slot = new_sock(w);
}

static void step_close_key(struct world *w)
{
	struct ev_key key = random_flow(w);
	uint64_t at_ms = random_time(w);

	claims_close_key(w->table, &key, at_ms);
	for (size_t i = 0; i < w->claim_cnt; i++) {
		const struct known_claim *c = &w->claims[i];

		if (c->who.kind == EV_OWN_FLOW && same_key(&c->key, &key) && c->since_ms <= at_ms &&
			replaced_ms(w, i) > at_ms && w->closed_ms[c->sock] == NEVER)
			w->closed_ms[c->sock] = at_ms;
	}
	for (size_t i = 0; i < SOCKS; i++)
		if (w->closed_ms[w->open[i]] != NEVER)
			w->open[i] = new_sock(w);
}

static void step_restart(struct world *w)
{
	struct ev_key key = random_flow(w);

	flow_restart(w->table, &key, w->now_ms * MS);
	for (size_t i = 0; i < w->claim_cnt; i++) {
		struct known_claim *c = &w->claims[i];

		if (c->who.kind == EV_OWN_FLOW && same_key(&c->key, &key) && c->since_ms < w->now_ms &&
			w->closed_ms[c->sock] <= w->now_ms && c->cut_ms > w->now_ms)
			c->cut_ms = w->now_ms;
	}
}

static void step_expire(struct world *w)
{
	w->expired_ms = w->now_ms - 20;
	flow_expire(w->table, w->expired_ms * MS);
}

static void judge(struct world *w, struct answer got, struct answer want)
{
	w->asked++;
	w->answered += got.match != FLOW_NONE;
	if (got.match == want.match && (got.match == FLOW_NONE || got.pid == want.pid))
		return;
	if (got.match == FLOW_NONE)
		w->unknown++;
	else if (!w->small || got.match != FLOW_LATE) /* as flow.h says of FLOW_LATE */
		w->wrong++;
}

static void step_ask(struct world *w)
{
	uint64_t span = w->now_ms - w->expired_ms,
		 at_ms = w->now_ms - roll(w, (uint32_t)(span < 200 ? span : 200) + 1);
	struct ev_key key = roll(w, 2) ? random_flow(w) : claims_udp(addrs[roll(w, 3)], 53, "fd00::9", 1);
	bool v4 = key.laddr[10];
	struct owner o = {0};
	struct answer got;

	got.match = flow_find(w->table, &key, at_ms * MS, &o);
	got.pid = o.pid;
	judge(w, got, slow_find(w, &key, at_ms));
	got.match = flow_find_port(w->table, &key, EV_OWN_PORT, at_ms * MS, &o);
	got.pid = o.pid;
	judge(w, got, slow_find_port(w, &key, v4, at_ms));
}

static void step(struct world *w)
{
	uint32_t what = roll(w, 100);

	w->now_ms += roll(w, 4) ? roll(w, 5) : roll(w, 400);
	if (what < 25)
		step_claim(w);
	else if (what < 40)
		step_close(w);
	else if (what < 42 && !w->small)
		step_close_key(w);
	else if (what < 47)
		step_restart(w);
	else if (what < 50)
		step_expire(w);
	else
		step_ask(w);
}

static void run(uint32_t seed, size_t max_keys, bool small)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->table = flow_table_new(max_keys);
	w->random = seed;
	w->small = small;
	w->now_ms = 10000;
	for (size_t i = 0; i < SOCKS; i++)
		w->open[i] = new_sock(w);
	for (size_t i = 0; i < STEPS; i++)
		step(w);
	tap_is_int(w->wrong, 0, "seed %u, %zu keys: no wrong answer to %zu questions (%zu answered)", seed,
		max_keys, w->asked, w->answered);
	tap_ok(w->answered > w->asked / 10, "seed %u: it does answer", seed);
	if (small)
		tap_ok(w->unknown && flow_evicted(w->table), "seed %u: it forgot (%zu answers)", seed,
			w->unknown);
	else
		tap_is_int(w->unknown, 0, "seed %u: it knows all", seed);
	flow_table_free(w->table);
	free(w);
}

int main(void)
{
	for (uint32_t seed = 1; seed <= 4; seed++) {
		run(seed, 1000, false);
		run(seed, 4, true);
	}
	return tap_done();
}
