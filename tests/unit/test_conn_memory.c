/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/conn.c src/model/conn_name.c -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc */
/* The connection table when memory runs out, at each allocation there is: an add is refused or lacks its name, and what was known
 * is known. */
#include "conns.h"
#include "oom.h"

#include <errno.h>

static const struct conn_who me = {.pid = 100, .start_ns = SEC}, child = {.pid = 200, .start_ns = 2 * SEC};

static int add(struct conn_table *t, uint16_t tuple, uint64_t sock_id, int32_t fd)
{
	struct conn c = conns_conn(tuple, sock_id, 0);

	return conn_add(t, &c, &me, fd, sock_id * SEC);
}

static uint64_t at(const struct conn_table *t, const struct conn_who *who, int32_t fd)
{
	const struct conn *c = conn_get(t, who, fd, 100 * SEC);

	return c ? c->sock_id : 0;
}

static struct conn_table *new_table(void)
{
	const struct conn_opts opts = {.max = 100000};
	struct conn_table *t = conn_table_new(&opts);

	if (!t)
		abort();
	return t;
}

/* All kinds of steps, of which the allocation number `n` fails. `used`: the table has one already. false: there are not so many. */
static bool fail_at(long n, bool used, size_t *refused, size_t *wrong)
{
	struct conn_table *t = new_table();
	int errs = 0, err;
	bool failed;

	if (used)
		add(t, 1, 1, 5);
	oom_after = n;
	err = add(t, 2, 2, 500);
	errs += err == -ENOMEM;
	err = add(t, 2, 3, 501); /* another generation */
	errs += err == -ENOMEM;
	err = conn_fork(t, &me, &child, 50 * SEC);
	errs += err == -ENOMEM;
	failed = oom_after == -1;
	oom_after = -1;
	*refused += errs == 1;
	*wrong += failed != (errs != 0);
	*wrong += at(t, &me, 5) > 1 || (at(t, &me, 500) && at(t, &me, 500) != 2) || (at(t, &me, 501) && at(t, &me, 501) != 3);
	*wrong += add(t, 2, 3, 501) != 0 || at(t, &me, 501) != 3 || conn_fork(t, &me, &child, 60 * SEC) || at(t, &child, 501) != 3;
	conn_table_free(t);
	return failed;
}

static void test_steps(void)
{
	size_t refused = 0, wrong = 0;
	long n = 0;

	while (fail_at(n, false, &refused, &wrong))
		n++;
	tap_ok(n > 10 && refused == (size_t)n, "each of %ld allocations fails, and what it was for is refused", n);
	for (n = refused = 0; fail_at(n, true, &refused, &wrong);)
		n++;
	tap_ok(n > 5 && refused == (size_t)n, "likewise of %ld in a table that is used", n);
	tap_is_int(wrong, 0, "nothing is half there, and the next try is taken");
}

/* uthash grows its tables now and then, and pages come as descriptors do. */
static void test_growth(void)
{
	struct conn_table *t = new_table();
	size_t refused = 0, wrong = 0;

	for (uint16_t i = 1; i <= 5000; i++) {
		oom_after = i % 9;
		refused += add(t, i, i, i) != 0;
		oom_after = -1;
	}
	for (uint16_t i = 1; i <= 5000; i++)
		wrong += conn_get(t, &me, i, 6000 * SEC) && at(t, &me, i) && conn_get(t, &me, i, 6000 * SEC)->sock_id != i;
	tap_ok(refused > 1000 && !wrong, "%zu of 5000 adds refused, the others found", refused);
	for (uint16_t i = 1; i <= 5000; i++) {
		struct conn c = conns_conn(i, i, 0);

		oom_after = 0;
		conn_del(t, &c, 6000 * SEC);
	}
	conn_expire(t, 7000 * SEC);
	tap_is_int(oom_after, 0, "their ends need no memory");
	oom_after = -1;
	tap_is_int(conn_count(t) + conn_process_count(t), 0, "and leave nothing");
	conn_table_free(t);
}

static void test_no_table(void)
{
	const struct conn_opts opts = {.max = 1};

	oom_after = 0;
	tap_ok(!conn_table_new(&opts), "no table");
	oom_after = -1;
}

int main(void)
{
	test_steps();
	test_growth();
	test_no_table();
	return tap_done();
}
