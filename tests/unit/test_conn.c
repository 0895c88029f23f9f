/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/conn.c src/model/conn_name.c */
/* The connection table through the races of its life, each told as records tell it, by a clock that is made up. */
#include "conns.h"

#include <errno.h>

#define PID 100
#define CHILD 200
#define A 1 /* tuples */
#define B 2

/* What was told to be over. */
struct told {
	size_t cnt;
	uint64_t last;
};

static void on_destroyed(void *ctx, const struct conn *c)
{
	struct told *told = ctx;

	told->cnt++;
	told->last = c->sock_id;
}

static struct told told;
static struct conn_table *table;
static const struct conn_who me = {.pid = PID, .start_ns = SEC}, child = {.pid = CHILD, .start_ns = 2 * SEC};

static void begin(size_t max)
{
	const struct conn_opts opts = {.max = max, .destroyed = on_destroyed, .ctx = &told};

	told = (struct told){0};
	table = conn_table_new(&opts);
	if (!table)
		abort();
}

static int add(uint16_t tuple, uint64_t sock_id, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	struct conn c = conns_conn(tuple, sock_id, sock_id);

	return conn_add(table, &c, who, fd, ts_ns);
}

static void del(uint16_t tuple, uint64_t sock_id, uint64_t ts_ns)
{
	struct conn c = conns_conn(tuple, sock_id, 0);

	conn_del(table, &c, ts_ns);
}

/* The sock_id behind a name; 0: none. */
static uint64_t at(const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	const struct conn *c = conn_get(table, who, fd, ts_ns);

	return c ? c->sock_id : 0;
}

static int fd_of(uint16_t tuple, uint64_t sock_id, const struct conn_who *who, uint64_t ts_ns)
{
	struct conn c = conns_conn(tuple, sock_id, 0);

	return conn_fd(table, &c, who, ts_ns);
}

static void drop(uint16_t tuple, uint64_t sock_id, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	struct conn c = conns_conn(tuple, sock_id, 0);

	conn_drop(table, &c, who, fd, ts_ns);
}

static void test_add_and_get(void)
{
	struct conn listener = conns_conn(A, 1, 1), other = conns_conn(A, 1, 1);

	begin(10);
	listener.key.rport = 0;
	other.key.proto = 0;
	tap_is_int(conn_add(table, &listener, &me, 3, SEC), -EINVAL, "what has no remote end is no connection");
	tap_is_int(conn_add(table, &other, &me, 3, SEC), -EINVAL, "nor what is no internet socket");
	tap_is_int(add(A, 1, &me, -1, SEC), 0, "one without a descriptor");
	tap_is_int(conn_count(table), 1, "is known");
	tap_is_int(fd_of(A, 1, &me, SEC), -1, "and has no name");
	tap_is_int(add(A, 1, &me, CONN_FD_MAX, SEC), 0, "a descriptor that cannot be");
	tap_is_int(conn_process_count(table), 0, "is no name");
	tap_is_int(add(A, 1, &me, 0, 2 * SEC), 0, "0 is one, as inetd gives it");
	tap_is_int(at(&me, 0, 3 * SEC), 1, "it leads to the connection");
	tap_is_int(fd_of(A, 1, &me, 3 * SEC), 0, "and back");
	tap_is_int(conn_count(table), 1, "which is still one");
	tap_is_int(at(&me, 3, 3 * SEC), 0, "another descriptor is nothing");
	tap_is_int(at(&me, 1000000, 3 * SEC), 0, "nor is one far away");
	tap_is_int(at(&me, -1, 3 * SEC), 0, "nor none");
	tap_is_int(at(&child, 0, 3 * SEC), 0, "nor another process's");
	tap_is_int(fd_of(B, 1, &me, 3 * SEC), -1, "another tuple has no name");
	conn_table_free(table);
}

static void test_data_before_add(void)
{
	begin(10);
	tap_is_int(at(&me, 5, SEC), 0, "before it is told of, a name is nothing");
	add(A, 1, &me, 5, SEC + CONN_LATE_NS);
	tap_is_int(at(&me, 5, SEC), 1, "data from before the add, asked about after it, finds it");
	tap_is_int(fd_of(A, 1, &me, SEC), 5, "and its descriptor");
	tap_is_int(at(&me, 5, SEC - 1), 0, "data from long before it does not");
	tap_is_int(fd_of(A, 1, &me, SEC - 1), -1, "nor the descriptor");
	conn_table_free(table);
}

static void test_data_after_destroy(void)
{
	begin(10);
	add(A, 1, &me, 5, SEC);
	del(A, 1, 2 * SEC);
	tap_is_int(conn_expire(table, 2 * SEC + CONN_LINGER_NS - 1), 0, "a destroyed socket stays");
	tap_is_int(at(&me, 5, 4 * SEC), 1, "data after the destroy finds it");
	tap_is_int(fd_of(A, 1, &me, 4 * SEC), 5, "and its descriptor");
	tap_is_int(told.cnt, 0, "nothing is flushed yet");
	del(A, 1, 3 * SEC);
	tap_is_int(conn_expire(table, 2 * SEC + CONN_LINGER_NS), 1, "after 3 s it goes, whatever was told again meanwhile");
	tap_ok(told.cnt == 1 && told.last == 1, "what is held for it is flushed, once");
	tap_is_int(at(&me, 5, 4 * SEC), 0, "then its name is nothing");
	tap_is_int(conn_count(table), 0, "no connection is left");
	tap_is_int(conn_process_count(table), 0, "nor a process");
	conn_table_free(table);
}

static void test_ends_in_order(void)
{
	begin(10);
	add(A, 1, &me, 5, SEC);
	add(B, 2, &me, 6, SEC);
	add(3, 3, &me, 7, SEC);
	del(A, 1, 30 * SEC);
	del(B, 2, 20 * SEC);
	del(3, 3, 25 * SEC);
	tap_is_int(conn_expire(table, 24 * SEC), 1, "destroys that were told in the wrong order: the first goes");
	tap_is_int(told.last, 2, "which is the right one");
	tap_is_int(conn_expire(table, 29 * SEC), 1, "then the second");
	tap_is_int(told.last, 3, "which is the right one");
	tap_is_int(conn_expire(table, 34 * SEC), 1, "then the third");
	conn_table_free(table);
}

static void test_fd_reused(void)
{
	begin(10);
	add(A, 1, &me, 5, 1 * SEC);
	del(A, 1, 2 * SEC);
	add(B, 2, &me, 5, 3 * SEC);
	tap_is_int(at(&me, 5, 3 * SEC), 2, "a reused descriptor is the new connection's");
	tap_is_int(at(&me, 5, 2 * SEC + 1), 1, "data from before that is the old one's");
	tap_is_int(fd_of(A, 1, &me, 2 * SEC + 1), 5, "which had that descriptor");
	tap_is_int(fd_of(A, 1, &me, 3 * SEC), -1, "and has none since");
	conn_expire(table, 5 * SEC);
	tap_ok(told.cnt == 1 && told.last == 1, "the old one goes");
	tap_is_int(at(&me, 5, 6 * SEC), 2, "and takes nothing of the new one along");
	tap_is_int(fd_of(B, 2, &me, 6 * SEC), 5, "in neither direction");
	tap_is_int(at(&me, 5, 2 * SEC), 0, "nor what was before");
	conn_table_free(table);

	begin(10);
	add(B, 2, &me, 5, 3 * SEC);
	add(A, 1, &me, 5, 1 * SEC);
	tap_is_int(at(&me, 5, 4 * SEC), 2, "told in the wrong order, the later one has it");
	tap_is_int(at(&me, 5, 2 * SEC), 1, "and the earlier one had it");
	add(B, 2, &me, 5, 2 * SEC);
	tap_is_int(at(&me, 5, 2 * SEC), 2, "until the later one is known to be older");
	tap_is_int(at(&me, 5, 1 * SEC), 1, "but not so old");
	conn_table_free(table);
}

/* A client that connects anew from a port it chose: the same tuple; the kernel may give the socket the same address. */
static void test_tuple_reused(void)
{
	struct conn any = conns_conn(A, 0, 0);

	begin(10);
	add(A, 1, &me, 5, 1 * SEC);
	del(A, 1, 2 * SEC);
	add(A, 2, &me, 6, 3 * SEC);
	tap_is_int(conn_count(table), 2, "a reused tuple is another connection");
	tap_is_int(fd_of(A, 1, &me, 2 * SEC), 5, "both generations are known: the old");
	tap_is_int(fd_of(A, 2, &me, 3 * SEC), 6, "and the new");
	tap_ok(conn_find(table, &any) && conn_find(table, &any)->sock_id == 2, "one without a number is the one that is open");
	del(A, 1, 4 * SEC);
	conn_expire(table, 5 * SEC);
	tap_ok(told.cnt == 1 && told.last == 1, "the old one goes, at its time");
	tap_is_int(at(&me, 6, 6 * SEC), 2, "the new one stays");
	tap_is_int(fd_of(A, 2, &me, 6 * SEC), 6, "with its name");
	tap_is_int(conn_expire(table, 600 * SEC), 0, "and for long");
	add(A, 1, &me, 5, 1 * SEC);
	tap_is_int(conn_count(table), 1, "a late record of the old one brings nothing back");
	conn_table_free(table);

	begin(10);
	add(A, 1, &me, 5, 1 * SEC);
	add(A, 2, &me, 5, 3 * SEC);
	tap_is_int(at(&me, 5, 4 * SEC), 2, "where the destroy was not told, the new one says it");
	tap_is_int(conn_expire(table, 6 * SEC), 1, "and the old one goes in 3 s");
	tap_is_int(at(&me, 5, 7 * SEC), 2, "alone");
	add(A, 3, &me, 7, 7 * SEC);
	del(A, 3, 8 * SEC);
	add(A, 4, &me, 8, 8 * SEC);
	tap_is_int(conn_count(table), 3, "three generations of one tuple");
	tap_is_int(conn_expire(table, 10 * SEC), 1, "each goes");
	tap_is_int(conn_expire(table, 11 * SEC), 1, "at its time");
	tap_is_int(at(&me, 8, 12 * SEC), 4, "and the last one is there");
	conn_table_free(table);
}

static void test_pid_reused(void)
{
	const struct conn_who next = {.pid = PID, .start_ns = 50 * SEC};

	begin(10);
	add(A, 1, &me, 5, SEC);
	conn_exit(table, &me, 3 * SEC);
	tap_is_int(at(&me, 5, 2 * SEC), 1, "what a process said before it ended is found after that");
	tap_is_int(at(&me, 5, 3 * SEC), 0, "then it has nothing");
	tap_is_int(at(&next, 5, 4 * SEC), 0, "nor has who gets its number");
	add(B, 2, &next, 5, 4 * SEC);
	tap_is_int(at(&next, 5, 4 * SEC), 2, "until it gets a connection");
	tap_is_int(at(&me, 5, 2 * SEC), 1, "the one before is another");
	conn_exit(table, &me, 100 * SEC);
	conn_expire(table, 6 * SEC);
	tap_is_int(conn_process_count(table), 1, "3 s after its end it is forgotten");
	tap_is_int(conn_count(table), 2, "its connection, which was not destroyed, is not");
	tap_is_int(fd_of(A, 1, &me, 2 * SEC), -1, "it has no name any more");
	tap_is_int(at(&next, 5, 7 * SEC), 2, "the other has what it has");
	conn_table_free(table);

	begin(10);
	add(A, 1, &me, 5, SEC);
	tap_is_int(at(&next, 5, 60 * SEC), 0, "also where the end was not told, its number's next process has nothing of it");
	conn_table_free(table);
}

static void test_fork(void)
{
	begin(10);
	add(A, 1, &me, 5, SEC);
	add(B, 2, &me, 700, SEC);
	drop(B, 2, &me, 700, 2 * SEC);
	tap_is_int(conn_fork(table, &me, &child, 3 * SEC), 0, "a fork");
	tap_is_int(at(&child, 5, 4 * SEC), 1, "the child has what its parent has");
	tap_is_int(at(&me, 5, 4 * SEC), 1, "and the parent has it, too");
	tap_is_int(at(&child, 700, 4 * SEC), 0, "but not what that had closed");
	tap_is_int(fd_of(A, 1, &child, 4 * SEC), 5, "the connection knows the child's name");
	drop(A, 1, &me, 5, 5 * SEC);
	tap_is_int(fd_of(A, 1, &me, 5 * SEC), -1, "the parent closes it");
	tap_is_int(fd_of(A, 1, &me, 4 * SEC), 5, "what it said before it said by that descriptor");
	tap_is_int(fd_of(A, 1, &child, 6 * SEC), 5, "the child goes on");
	add(3, 3, &me, 5, 6 * SEC);
	tap_is_int(at(&child, 5, 7 * SEC), 1, "and is not concerned when the parent uses it anew");
	tap_is_int(at(&me, 5, 7 * SEC), 3, "as the parent does");
	conn_exec(table, &child);
	tap_is_int(at(&child, 5, 7 * SEC), 0, "what another program has of it is not known");
	tap_is_int(conn_count(table), 3, "no connection went by all that");
	tap_is_int(conn_fork(table, &child, &me, 8 * SEC), 0, "who has nothing leaves nothing");
	tap_is_int(at(&me, 5, 9 * SEC), 3, "in nobody");
	conn_table_free(table);
}

static void test_dup(void)
{
	begin(10);
	add(A, 1, &me, 5, SEC);
	add(A, 1, &me, 9, 2 * SEC);
	tap_is_int(fd_of(A, 1, &me, 3 * SEC), 9, "of two descriptors the last is named");
	tap_is_int(fd_of(A, 1, &me, SEC), 5, "but not before it was there");
	tap_ok(at(&me, 5, 3 * SEC) == 1 && at(&me, 9, 3 * SEC) == 1, "both lead to the connection");
	drop(A, 1, &me, 5, 4 * SEC);
	tap_is_int(fd_of(A, 1, &me, 5 * SEC), 9, "the original closed, the other goes on");
	tap_is_int(at(&me, 5, 5 * SEC), 0, "the original is nothing");
	drop(B, 2, &me, 9, 5 * SEC);
	tap_is_int(at(&me, 9, 6 * SEC), 1, "a close of another connection's is not about it");
	add(A, 1, &me, 5, 6 * SEC);
	tap_is_int(at(&me, 5, 6 * SEC), 1, "the number of the original is used again");
	drop(A, 1, &me, -1, 7 * SEC);
	tap_ok(!at(&me, 5, 7 * SEC) && !at(&me, 9, 7 * SEC), "one of them is closed, and which is not told: neither is sure");
	tap_is_int(conn_count(table), 1, "the connection is there");
	add(A, 1, &me, 9, 8 * SEC);
	tap_is_int(fd_of(A, 1, &me, 8 * SEC), 9, "and the next use tells a name");
	conn_table_free(table);
}

static void test_passed(void)
{
	begin(10);
	add(A, 1, &me, 5, SEC);
	add(A, 1, &child, 3, 2 * SEC);
	tap_is_int(fd_of(A, 1, &child, 3 * SEC), 3, "passed by SCM_RIGHTS it has a number of its own");
	drop(A, 1, &me, 5, 3 * SEC);
	conn_exit(table, &me, 4 * SEC);
	conn_expire(table, 10 * SEC);
	tap_is_int(at(&child, 3, 11 * SEC), 1, "the sender ends, the receiver goes on");
	del(A, 1, 12 * SEC);
	conn_expire(table, 15 * SEC);
	tap_is_int(conn_count(table) + conn_process_count(table), 0, "until the connection goes, and all that was known of it");
	conn_table_free(table);
}

static void test_seeds(void)
{
	struct conn seed = conns_conn(A, 0, 70), hook = conns_conn(A, 5, 70), other = conns_conn(A, 6, 71);
	struct conn closed = conns_conn(A, 0, 0);

	begin(10);
	conn_add(table, &seed, &me, 5, SEC);
	tap_ok(conn_find(table, &hook), "a seed is found by the first record that has its number");
	conn_add(table, &hook, &child, 3, 2 * SEC);
	tap_is_int(conn_count(table), 1, "which tells that number");
	tap_is_int(at(&me, 5, 3 * SEC), 5, "names of before know it, too");
	conn_add(table, &seed, &me, 5, 3 * SEC);
	tap_ok(conn_count(table) == 1 && at(&me, 5, 3 * SEC) == 5, "a seed that comes late is the same");
	hook.sock_id = 9;
	conn_add(table, &hook, &me, -1, 4 * SEC);
	tap_ok(conn_count(table) == 1 && at(&me, 5, 4 * SEC) == 9, "a file that was forgotten and has another number is the same");
	conn_del(table, &closed, 5 * SEC);
	tap_is_int(conn_expire(table, 8 * SEC), 1, "a close without a number ends the one that is open");
	conn_table_free(table);

	begin(10);
	conn_add(table, &seed, &me, 5, SEC);
	conn_add(table, &other, &me, 6, 2 * SEC);
	tap_is_int(conn_count(table), 2, "a file of another inode is another connection");
	tap_ok(at(&me, 5, 3 * SEC) == 0 && at(&me, 6, 3 * SEC) == 6, "with a name of its own");
	tap_is_int(conn_expire(table, 5 * SEC), 1, "and the seed is over");
	conn_table_free(table);
}

static void test_eviction(void)
{
	begin(3);
	add(1, 1, &me, 1, SEC);
	add(2, 2, &me, 2, SEC);
	add(3, 3, &me, 3, SEC);
	del(2, 2, 2 * SEC);
	add(4, 4, &me, 4, 2 * SEC);
	tap_ok(conn_count(table) == 3 && told.last == 2, "without room the one that is destroyed goes at once");
	add(5, 5, &me, 5, 2 * SEC);
	tap_ok(conn_count(table) == 3 && told.last == 1, "then the one that came first");
	tap_is_int(conn_evicted(table), 2, "both are counted");
	tap_is_int(told.cnt, 2, "and flushed");
	tap_ok(!at(&me, 1, 3 * SEC) && !at(&me, 2, 3 * SEC), "their names are nothing");
	tap_ok(at(&me, 3, 3 * SEC) == 3 && at(&me, 4, 3 * SEC) == 4 && at(&me, 5, 3 * SEC) == 5, "the others are there");
	conn_table_free(table);

	begin(0);
	add(1, 1, &me, 1, SEC);
	tap_is_int(conn_count(table), 1, "room for none is room for one");
	add(1, 2, &me, 1, SEC);
	tap_ok(conn_count(table) == 1 && at(&me, 1, 2 * SEC) == 2, "also of one tuple");
	conn_table_free(table);
	conn_table_free(NULL);
}

/* A parent that has many children with its connection. */
static void test_many_names(void)
{
	begin(10);
	add(B, 2, &me, 7, SEC);
	for (int fd = 100; fd < 100 + CONN_NAMES_MAX; fd++)
		add(A, 1, &me, fd, SEC);
	add(A, 1, &me, 7, 2 * SEC);
	tap_is_int(at(&me, 7, 2 * SEC), 0, "beyond its bound a name is not known, and not another's");
	tap_is_int(at(&me, 7, SEC), 2, "whose it was before");
	drop(A, 1, &me, 150, 3 * SEC);
	drop(A, 1, &me, 130, 4 * SEC);
	add(A, 1, &me, 7, 5 * SEC);
	tap_is_int(at(&me, 7, 5 * SEC), 1, "those that are over make room");
	tap_is_int(at(&me, 130, 2 * SEC), 0, "the first told first");
	tap_is_int(at(&me, 150, 2 * SEC), 1, "the others stay");
	conn_table_free(table);
}

int main(void)
{
	test_add_and_get();
	test_data_before_add();
	test_data_after_destroy();
	test_ends_in_order();
	test_fd_reused();
	test_tuple_reused();
	test_pid_reused();
	test_fork();
	test_dup();
	test_passed();
	test_seeds();
	test_eviction();
	test_many_names();
	return tap_done();
}
