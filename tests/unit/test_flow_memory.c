/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/flow*.c src/model/owner.c -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc */
/* The flow table when memory runs out, at each allocation there is: a claim is refused, nothing else
 * changes. */
#include "claims.h"
#include "oom.h"
#include "tap.h"

#include <errno.h>

static const char *owner_of(const struct flow_table *t, const struct ev_key *key)
{
	static char text[32];
	struct owner o = {0};
	enum flow_match match = flow_find(t, key, 100 * MS, &o);

	snprintf(text, sizeof(text), "%d %u", match, o.pid);
	return text;
}

/* Returns whether the allocation number `n` of these claims was reached. */
static bool fail_at(long n, size_t *refused, size_t *wrong)
{
	struct ev_key one = claims_tcp("10.0.0.1", 1, "10.0.0.2", 80),
		      two = claims_tcp("10.0.0.1", 2, "10.0.0.2", 80);
	struct flow_table *t = flow_table_new(100);
	bool failed;
	int err;

	claims_flow(t, &one, 100, 1, 10);
	oom_after = n;
	err = claims_flow(t, &two, 200, 2, 20);
	err = err ? err : claims_flow(t, &two, 200, 0, 30);
	failed = oom_after == -1;
	oom_after = -1;
	*refused += err == -ENOMEM;
	*wrong += failed != (err != 0) || strcmp(owner_of(t, &one), "1 100") != 0;
	claims_close(t, 2, 40);
	*wrong += claims_flow(t, &two, 300, 3, 50) || strcmp(owner_of(t, &two), "1 300") != 0;
	*wrong += flow_count(t) != 2;
	flow_table_free(t);
	return failed;
}

static void test_claims(void)
{
	size_t refused = 0, wrong = 0;
	long n = 0;

	while (fail_at(n, &refused, &wrong))
		n++;
	tap_ok(refused >= 5 && (long)refused == n,
		"each of %ld allocations fails once, and the claim is refused", n);
	tap_is_int(wrong, 0, "what was known is known, and the next claim is taken");
}

/* The first claim makes the hash tables, too. */
static void test_first_claim(void)
{
	struct ev_key key = claims_tcp("10.0.0.1", 1, "10.0.0.2", 80);
	size_t wrong = 0;
	long n = 0;

	for (bool failed = true; failed; n++) {
		struct flow_table *t = flow_table_new(100);

		oom_after = n;
		claims_flow(t, &key, 100, 1, 10);
		failed = oom_after == -1;
		oom_after = -1;
		wrong += flow_count(t) != !failed;
		wrong += claims_flow(t, &key, 100, 1, 10) || strcmp(owner_of(t, &key), "1 100") != 0;
		flow_table_free(t);
	}
	tap_ok(n > 5, "%ld allocations in the first claim", n - 1);
	tap_is_int(wrong, 0, "none of them leaves anything behind");
}

/* uthash grows its tables now and then: where that fails they go on as they are. */
static void test_growth(void)
{
	struct flow_table *t = flow_table_new(5000);
	size_t refused = 0, wrong = 0;

	for (uint16_t i = 1; i <= 5000; i++) {
		struct ev_key key = claims_tcp("10.0.0.1", i, "10.0.0.2", 80);

		oom_after = i % 9;
		refused += claims_flow(t, &key, i, i, 10) != 0;
		oom_after = -1;
	}
	for (uint16_t i = 1; i <= 5000; i++) {
		struct ev_key key = claims_tcp("10.0.0.1", i, "10.0.0.2", 80);
		struct owner o;

		wrong += flow_find(t, &key, 10 * MS, &o) == FLOW_LIVE && o.pid != i;
	}
	tap_ok(refused > 1000 && !wrong, "%zu of 5000 claims refused, the others found", refused);
	tap_is_int(flow_count(t), 5000 - refused, "none half there");
	flow_table_free(t);
}

static void test_close(void)
{
	struct ev_key key = claims_tcp("10.0.0.1", 1, "10.0.0.2", 80);
	struct flow_table *t = flow_table_new(100);

	claims_flow(t, &key, 100, 1, 10);
	oom_after = 0;
	claims_close(t, 1, 20);
	tap_is_int(oom_after, 0, "the close of a known socket needs no memory");
	claims_close(t, 2, 20);
	oom_after = -1;
	tap_is_str(owner_of(t, &key), "2 100", "the close of an unknown one needs some, and can do without");
	flow_table_free(t);
	oom_after = 0;
	tap_ok(!flow_table_new(1), "no table");
	oom_after = -1;
}

int main(void)
{
	test_claims();
	test_first_claim();
	test_growth();
	test_close();
	return tap_done();
}
