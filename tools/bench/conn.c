/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/conn.c src/model/conn_name.c */
/* bench-conn [CONNECTIONS]: what the connection table costs: connections of 100 processes, each with one descriptor, asked in
 * scattered order.
 */
#include "model/conn.h"
#include "tools/bench/bench.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONNECTIONS 1000000
#define PROCESSES 100
#define SEC 1000000000ULL

static struct conn conn_of(uint32_t i)
{
	struct conn c;

	memset(&c, 0, sizeof(c));
	c.key.laddr[10] = c.key.laddr[11] = c.key.raddr[10] = c.key.raddr[11] = 0xff;
	memcpy(c.key.raddr + 12, &i, sizeof(i));
	c.key.lport = 443;
	c.key.rport = (uint16_t)(1024 + i % 60000);
	c.key.proto = IPPROTO_TCP;
	c.sock_id = c.ino = i + 1;
	return c;
}

static struct conn_who who_of(uint32_t process)
{
	return (struct conn_who){.pid = 1 + process, .start_ns = SEC};
}

static int32_t fd_of(uint32_t i)
{
	return (int32_t)(3 + i / PROCESSES);
}

static void add(struct conn_table *t, uint32_t i)
{
	struct conn c = conn_of(i);
	struct conn_who who = who_of(i % PROCESSES);

	if (conn_add(t, &c, &who, fd_of(i), SEC))
		abort();
}

static void get(struct conn_table *t, uint32_t i)
{
	struct conn_who who = who_of(i % PROCESSES);
	const struct conn *c = conn_get(t, &who, fd_of(i), 2 * SEC);

	if (!c || c->sock_id != i + 1)
		abort();
}

static void get_fd(struct conn_table *t, uint32_t i)
{
	struct conn_who who = who_of(i % PROCESSES);
	struct conn c = conn_of(i);

	if (conn_fd(t, &c, &who, 2 * SEC) != fd_of(i))
		abort();
}

static void del(struct conn_table *t, uint32_t i)
{
	struct conn c = conn_of(i);

	conn_del(t, &c, 4 * SEC);
}

/* CPU time of one step, over all connections, in scattered order. */
static void measure(const char *what, struct conn_table *t, uint32_t cnt, void (*step)(struct conn_table *, uint32_t))
{
	uint64_t start = bench_ns();

	for (uint32_t n = 0, i = 0; n < cnt; n++, i = bench_next(i, cnt))
		step(t, i);
	bench_print_ns(what, start, cnt);
}

/* Every process has a child. */
static void fork_all(struct conn_table *t)
{
	for (uint32_t p = 0; p < PROCESSES; p++) {
		struct conn_who parent = who_of(p), child = who_of(PROCESSES + p);

		if (conn_fork(t, &parent, &child, 2 * SEC))
			abort();
	}
}

static void exec_all(struct conn_table *t)
{
	for (uint32_t p = 0; p < PROCESSES; p++) {
		struct conn_who child = who_of(PROCESSES + p);

		conn_exec(t, &child);
	}
}

int main(int argc, char **argv)
{
	uint32_t cnt = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : DEFAULT_CONNECTIONS;
	const struct conn_opts opts = {.max = cnt};
	struct conn_table *t = conn_table_new(&opts);
	size_t before = bench_resident_bytes();
	uint64_t start;

	if (!t || !cnt)
		return 1;
	measure("add a new connection", t, cnt, add);
	bench_print_bytes("kept for it", before, cnt);
	measure("get it by process and descriptor", t, cnt, get);
	measure("get its descriptor", t, cnt, get_fd);
	measure("add it again", t, cnt, add);
	start = bench_ns();
	fork_all(t);
	bench_print_ns("a fork, each connection of the parent", start, cnt);
	start = bench_ns();
	exec_all(t);
	bench_print_ns("an exec, likewise", start, cnt);
	measure("destroy it", t, cnt, del);
	start = bench_ns();
	conn_expire(t, 8 * SEC);
	bench_print_ns("and its end", start, cnt);
	if (conn_count(t))
		return 1;
	conn_table_free(t);
	return 0;
}
