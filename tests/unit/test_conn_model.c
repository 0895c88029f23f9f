/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/conn.c src/model/conn_name.c */
/* The connection table against one that is slow and simple: lists of all that was told, asked from end to end. Both see the same
 * random adds, forks, closes, execs, ends and questions; the seeds are fixed. */
#include "conns.h"

#define STEPS 20000
#define TUPLES 12
#define PIDS 4
#define FDS 6
#define NAMES 60000
#define NEVER UINT64_MAX

struct known_conn {
	uint16_t tuple;
	uint64_t end_ns; /* when it goes; NEVER: open */
	bool gone;
};

struct known_name {
	size_t conn;
	struct conn_who who;
	int32_t fd;
	uint64_t since_ns, until_ns;
	bool gone;
};

struct world {
	struct conn_table *table;
	struct known_conn conns[STEPS + 1]; /* its number is its sock_id */
	size_t conn_cnt;
	struct known_name names[NAMES];
	size_t name_cnt, first_name; /* all before that are gone */
	size_t current[TUPLES];	     /* the last of each tuple; 0: none yet */
	unsigned int life[PIDS];
	uint64_t now_ns;
	size_t max;
	uint64_t evicted, destroyed, went;
	uint32_t random;
	size_t asked, answered, wrong;
};

/* Numerical Recipes' generator; its high bits are good. */
static uint32_t roll(struct world *w, uint32_t sides)
{
	w->random = w->random * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)w->random * sides) >> 32);
}

static void on_destroyed(void *ctx, const struct conn *c)
{
	struct world *w = ctx;

	w->destroyed++;
	w->wrong += !c->sock_id || c->sock_id > w->conn_cnt;
}

/* --- the rule, the slow way --- */

static bool same_who(const struct conn_who *a, const struct conn_who *b)
{
	return a->pid == b->pid && a->start_ns == b->start_ns;
}

static bool is_valid(const struct known_name *n, uint64_t ts_ns)
{
	return !n->gone && n->since_ns <= ts_ns && ts_ns < n->until_ns;
}

static void slow_go(struct world *w, size_t conn)
{
	w->conns[conn].gone = true;
	w->went++;
	for (size_t i = w->first_name; i < w->name_cnt; i++)
		if (w->names[i].conn == conn)
			w->names[i].gone = true;
	while (w->first_name < w->name_cnt && w->names[w->first_name].gone)
		w->first_name++;
}

static size_t slow_count(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 1; i <= w->conn_cnt; i++)
		n += !w->conns[i].gone;
	return n;
}

/* The closing one that ends first; of those of one time the one told first. Else the oldest, with what is left of its tuple: that
 * is closing, so there is none. */
static void slow_make_room(struct world *w)
{
	size_t first = 0;

	for (size_t i = 1; i <= w->conn_cnt; i++) {
		if (w->conns[i].gone)
			continue;
		if (!first || w->conns[i].end_ns < w->conns[first].end_ns)
			first = i;
	}
	w->evicted++;
	slow_go(w, first);
}

static bool slow_has_room(struct world *w, size_t conn)
{
	size_t over = NAMES, n = 0;

	for (size_t i = w->first_name; i < w->name_cnt; i++) {
		if (w->names[i].gone || w->names[i].conn != conn)
			continue;
		n++;
		if (over == NAMES && w->names[i].until_ns <= w->now_ns)
			over = i;
	}
	if (n < CONN_NAMES_MAX)
		return true;
	if (over != NAMES)
		w->names[over].gone = true;
	return over != NAMES;
}

static void slow_name(struct world *w, size_t conn, const struct conn_who *who, int32_t fd)
{
	bool room = slow_has_room(w, conn);

	for (size_t i = w->first_name; i < w->name_cnt; i++) {
		struct known_name *n = &w->names[i];

		if (!same_who(&n->who, who) || n->fd != fd || !is_valid(n, w->now_ns))
			continue;
		if (n->conn == conn && room)
			return;
		n->until_ns = w->now_ns;
	}
	if (room && w->name_cnt < NAMES)
		w->names[w->name_cnt++] = (struct known_name){conn, *who, fd, w->now_ns, NEVER, false};
}

/* 0: none */
static size_t slow_get(const struct world *w, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	const struct known_name *later = NULL;

	for (size_t i = w->first_name; i < w->name_cnt; i++) {
		const struct known_name *n = &w->names[i];

		if (n->gone || !same_who(&n->who, who) || n->fd != fd)
			continue;
		if (is_valid(n, ts_ns))
			return n->conn;
		if (n->since_ns > ts_ns && n->since_ns - ts_ns <= CONN_LATE_NS && (!later || n->since_ns < later->since_ns))
			later = n;
	}
	return later ? later->conn : 0;
}

/* Is that descriptor a right answer? Of several that were got at one time each is. */
static bool slow_fd_ok(const struct world *w, size_t conn, const struct conn_who *who, uint64_t ts_ns, int32_t fd)
{
	uint64_t valid_ns = 0, later_ns = NEVER;
	bool ok = false;

	for (size_t i = w->first_name; i < w->name_cnt; i++) {
		const struct known_name *n = &w->names[i];

		if (n->gone || n->conn != conn || !same_who(&n->who, who))
			continue;
		if (is_valid(n, ts_ns) && n->since_ns > valid_ns)
			valid_ns = n->since_ns;
		if (n->since_ns > ts_ns && n->since_ns - ts_ns <= CONN_LATE_NS && n->since_ns < later_ns)
			later_ns = n->since_ns;
	}
	if (!valid_ns && later_ns == NEVER)
		return fd == -1;
	for (size_t i = w->first_name; i < w->name_cnt; i++) {
		const struct known_name *n = &w->names[i];

		if (n->gone || n->conn != conn || !same_who(&n->who, who) || n->fd != fd)
			continue;
		ok |= valid_ns ? is_valid(n, ts_ns) && n->since_ns == valid_ns : n->since_ns == later_ns;
	}
	return ok;
}

/* --- random steps --- */

static struct conn conn_of(const struct world *w, size_t conn)
{
	return conns_conn(w->conns[conn].tuple, conn, 1000 + conn);
}

static struct conn_who random_who(struct world *w)
{
	uint32_t pid = roll(w, PIDS);

	return conns_who(1 + pid, w->life[pid]);
}

/* One that is known by the last of its tuple; 0: none. */
static size_t random_conn(struct world *w)
{
	size_t conn = w->current[roll(w, TUPLES)];

	return conn && !w->conns[conn].gone ? conn : 0;
}

static void step_new(struct world *w)
{
	uint16_t tuple = (uint16_t)(1 + roll(w, TUPLES));
	size_t old = w->current[tuple - 1];
	struct conn_who who = random_who(w);
	int32_t fd = (int32_t)roll(w, FDS);
	struct conn c;

	while (slow_count(w) >= w->max)
		slow_make_room(w);
	if (old && !w->conns[old].gone && w->conns[old].end_ns == NEVER)
		w->conns[old].end_ns = w->now_ns + CONN_LINGER_NS;
	w->current[tuple - 1] = ++w->conn_cnt;
	w->conns[w->conn_cnt] = (struct known_conn){tuple, NEVER, false};
	slow_name(w, w->conn_cnt, &who, fd);
	c = conn_of(w, w->conn_cnt);
	w->wrong += conn_add(w->table, &c, &who, fd, w->now_ns) != 0;
}

static void step_name(struct world *w)
{
	size_t conn = random_conn(w);
	struct conn_who who = random_who(w);
	int32_t fd = (int32_t)roll(w, FDS);
	struct conn c = conn_of(w, conn);

	if (!conn)
		return;
	slow_name(w, conn, &who, fd);
	w->wrong += conn_add(w->table, &c, &who, fd, w->now_ns) != 0;
}

static void step_del(struct world *w)
{
	size_t conn = random_conn(w);
	struct conn c = conn_of(w, conn);

	if (!conn)
		return;
	if (w->conns[conn].end_ns == NEVER)
		w->conns[conn].end_ns = w->now_ns + CONN_LINGER_NS;
	conn_del(w->table, &c, w->now_ns);
}

static void step_drop(struct world *w)
{
	size_t conn = random_conn(w);
	struct conn_who who = random_who(w);
	int32_t fd = (int32_t)roll(w, FDS + 1) - 1;
	struct conn c = conn_of(w, conn);

	if (!conn)
		return;
	for (size_t i = w->first_name; i < w->name_cnt; i++) {
		struct known_name *n = &w->names[i];

		if (n->conn == conn && same_who(&n->who, &who) && (n->fd == fd || fd < 0) && is_valid(n, w->now_ns))
			n->until_ns = w->now_ns;
	}
	conn_drop(w->table, &c, &who, fd, w->now_ns);
}

static void step_exec(struct world *w)
{
	struct conn_who who = random_who(w);

	for (size_t i = w->first_name; i < w->name_cnt; i++)
		if (same_who(&w->names[i].who, &who))
			w->names[i].gone = true;
	conn_exec(w->table, &who);
}

/* Its number is another's from then on, and that one is the child of a third. */
static void step_exit_and_fork(struct world *w)
{
	uint32_t pid = roll(w, PIDS), other = (pid + 1 + roll(w, PIDS - 1)) % PIDS;
	struct conn_who who = conns_who(1 + pid, w->life[pid]), parent = conns_who(1 + other, w->life[other]);
	size_t before = w->name_cnt;

	for (size_t i = w->first_name; i < w->name_cnt; i++)
		if (same_who(&w->names[i].who, &who) && w->names[i].until_ns > w->now_ns)
			w->names[i].until_ns = w->now_ns;
	conn_exit(w->table, &who, w->now_ns);
	who = conns_who(1 + pid, ++w->life[pid]);
	for (int32_t fd = 0; fd < FDS; fd++) /* in the table's order: where there is no room it matters */
		for (size_t i = w->first_name; i < before; i++)
			if (same_who(&w->names[i].who, &parent) && w->names[i].fd == fd && is_valid(&w->names[i], w->now_ns))
				slow_name(w, w->names[i].conn, &who, fd);
	w->wrong += conn_fork(w->table, &parent, &who, w->now_ns) != 0;
}

/* What is forgotten of processes that ended is older than any question. */
static void step_expire(struct world *w)
{
	for (size_t i = 1; i <= w->conn_cnt; i++)
		if (!w->conns[i].gone && w->conns[i].end_ns <= w->now_ns)
			slow_go(w, i);
	conn_expire(w->table, w->now_ns);
	w->wrong += conn_count(w->table) != slow_count(w);
}

static void step_ask(struct world *w)
{
	uint64_t ts_ns = w->now_ns - roll(w, 2000) * (SEC / 1000);
	size_t conn = random_conn(w), got_conn, want_conn;
	struct conn_who who = random_who(w);
	int32_t fd = (int32_t)roll(w, FDS);
	struct conn c = conn_of(w, conn);
	const struct conn *got;

	if (roll(w, 4) == 0 && who.start_ns > SEC)
		who.start_ns -= SEC; /* the one before */
	got = conn_get(w->table, &who, fd, ts_ns);
	got_conn = got ? got->sock_id : 0;
	want_conn = slow_get(w, &who, fd, ts_ns);
	w->asked++;
	w->answered += want_conn != 0;
	w->wrong += got_conn != want_conn;
	if (!conn)
		return;
	w->asked++;
	w->wrong += !slow_fd_ok(w, conn, &who, ts_ns, conn_fd(w->table, &c, &who, ts_ns));
}

static void step(struct world *w)
{
	uint32_t what = roll(w, 100);

	w->now_ns += (1 + roll(w, roll(w, 8) ? 20 : 1000)) * (SEC / 1000);
	if (what < 12)
		step_new(w);
	else if (what < 27)
		step_name(w);
	else if (what < 33)
		step_del(w);
	else if (what < 38)
		step_drop(w);
	else if (what < 39)
		step_exec(w);
	else if (what < 42)
		step_exit_and_fork(w);
	else if (what < 48)
		step_expire(w);
	else
		step_ask(w);
}

static void run(uint32_t seed, size_t max)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct conn_opts opts = {.max = max, .destroyed = on_destroyed, .ctx = w};

	if (!w)
		abort();
	w->table = conn_table_new(&opts);
	if (!w->table)
		abort();
	w->random = seed;
	w->max = max;
	w->now_ns = 100 * SEC;
	for (size_t i = 0; i < STEPS; i++)
		step(w);
	tap_is_int(w->wrong, 0, "seed %u, %zu connections: no wrong answer to %zu questions (%zu answered)", seed, max, w->asked,
		w->answered);
	tap_ok(w->answered > w->asked / 20 && w->name_cnt < NAMES, "seed %u: it does answer", seed);
	tap_is_int(conn_evicted(w->table), w->evicted, "seed %u: %llu evicted", seed, (unsigned long long)w->evicted);
	tap_is_int(w->destroyed, w->went, "seed %u: as many were told as went", seed);
	w->now_ns += 10 * SEC;
	for (size_t i = 1; i <= w->conn_cnt; i++) {
		struct conn c = conn_of(w, i);

		conn_del(w->table, &c, w->now_ns);
	}
	conn_expire(w->table, w->now_ns + CONN_LINGER_NS);
	tap_is_int(conn_count(w->table) + conn_process_count(w->table), 0, "seed %u: in the end nothing is left", seed);
	conn_table_free(w->table);
	free(w);
}

int main(void)
{
	for (uint32_t seed = 1; seed <= 4; seed++) {
		run(seed, 1000);
		run(seed, 6);
	}
	return tap_done();
}
