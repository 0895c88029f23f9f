/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/pipeline/order.c */
#include "pipeline/order.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>

#define QUEUES_MAX 64
#define RECS_MAX 400

/* A record: its time, then which it is. */
struct rec {
	uint64_t ts_ns;
	uint32_t queue, nr;
};

struct queue {
	struct rec recs[RECS_MAX];
	size_t lens[RECS_MAX];
	size_t cnt, read;
};

struct fixture {
	struct queue queues[QUEUES_MAX];
	struct order *order;
	/* what came out */
	struct rec out[QUEUES_MAX * RECS_MAX];
	size_t out_cnt, shorts;
};

static const void *peek(void *ctx, size_t i, size_t *len)
{
	struct queue *q = &((struct fixture *)ctx)->queues[i];

	if (q->read == q->cnt)
		return NULL;
	*len = q->lens[q->read];
	return &q->recs[q->read];
}

static void pop(void *ctx, size_t i)
{
	((struct fixture *)ctx)->queues[i].read++;
}

static void take(void *ctx, const void *rec, size_t len)
{
	struct fixture *f = ctx;

	if (len < sizeof(uint64_t)) {
		f->shorts++;
		return;
	}
	memcpy(&f->out[f->out_cnt++], rec, sizeof(struct rec));
}

static struct fixture *new_fixture(size_t queues)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct order_source src = {.ctx = f, .cnt = queues, .peek = peek, .pop = pop};

	if (!f)
		abort();
	f->order = order_new(&src);
	return f;
}

static void free_fixture(struct fixture *f)
{
	order_free(f->order);
	free(f);
}

static void put(struct fixture *f, size_t queue, uint64_t ts_ns, size_t len)
{
	struct queue *q = &f->queues[queue];

	q->recs[q->cnt] = (struct rec){ts_ns, (uint32_t)queue, (uint32_t)q->cnt};
	q->lens[q->cnt++] = len;
}

static size_t run(struct fixture *f, uint64_t until_ns)
{
	return order_run(f->order, until_ns, take, f);
}

static void test_empty(void)
{
	struct fixture *f = new_fixture(0), *g = new_fixture(3);

	tap_is_int(run(f, UINT64_MAX), 0, "no queue at all");
	tap_is_int(run(g, UINT64_MAX), 0, "empty queues");
	tap_ok(order_next_ns(g->order) == UINT64_MAX, "nothing waits");
	tap_is_int(order_unordered(g->order), 0, "nothing is out of order");
	free_fixture(f);
	free_fixture(g);
	order_free(NULL);
}

static void test_until(void)
{
	struct fixture *f = new_fixture(2);

	put(f, 0, 10, sizeof(struct rec));
	put(f, 0, 30, sizeof(struct rec));
	put(f, 1, 20, sizeof(struct rec));
	put(f, 1, UINT64_MAX, sizeof(struct rec));
	tap_is_int(run(f, 9), 0, "all are too young");
	tap_is_int(order_next_ns(f->order), 10, "the oldest waits");
	tap_is_int(run(f, 20), 2, "up to the limit, which is in");
	tap_is_int(order_next_ns(f->order), 30, "the next one waits");
	tap_is_int(run(f, 29), 0, "not yet");
	put(f, 0, 25, sizeof(struct rec));
	tap_is_int(run(f, 30), 2, "a queue is not sorted: what is behind comes after");
	tap_is_int(order_unordered(f->order), 1, "and is counted");
	tap_is_int(run(f, UINT64_MAX), 1, "the end of time");
	tap_is_int(f->out_cnt, 5, "all came out");
	tap_ok(order_next_ns(f->order) == UINT64_MAX, "nothing waits");
	free_fixture(f);
}

/* Written a little late by one CPU, after another's younger one was handed on. */
static void test_unordered(void)
{
	struct fixture *f = new_fixture(2);

	put(f, 0, 50, sizeof(struct rec));
	run(f, 100);
	put(f, 1, 40, sizeof(struct rec));
	put(f, 1, 45, sizeof(struct rec));
	put(f, 1, 50, sizeof(struct rec));
	put(f, 1, 60, sizeof(struct rec));
	tap_is_int(run(f, 100), 4, "late ones are handed on");
	tap_is_int(order_unordered(f->order), 2, "those older than one before are counted, one as old is not");
	put(f, 0, 55, sizeof(struct rec));
	run(f, 100);
	tap_is_int(order_unordered(f->order), 3, "measured by the youngest");
	free_fixture(f);
}

static void test_short(void)
{
	struct fixture *f = new_fixture(2);

	put(f, 0, 50, sizeof(struct rec));
	put(f, 0, 999, 7);
	put(f, 0, 999, 0);
	put(f, 0, 70, sizeof(struct rec));
	put(f, 1, 60, 8);
	put(f, 1, 999, 4);
	tap_is_int(run(f, 65), 5, "records too short for a time do not wait");
	tap_is_int(f->shorts, 3, "they are handed on as they are");
	tap_is_int(order_next_ns(f->order), 70, "and hold up nothing");
	tap_is_int(order_unordered(f->order), 0, "they have no order to be out of");
	free_fixture(f);
}

static uint32_t seed;

static uint32_t roll(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * sides) >> 32);
}

/* Every record once, each queue's in their order, times never going back. */
static void check_merged(const struct fixture *f, size_t queues, size_t total)
{
	uint32_t next[QUEUES_MAX] = {0};
	size_t back = 0, strange = 0;
	uint64_t last = 0;

	for (size_t i = 0; i < f->out_cnt; i++) {
		back += f->out[i].ts_ns < last;
		last = f->out[i].ts_ns;
		strange += f->out[i].nr != next[f->out[i].queue]++;
	}
	tap_is_int(f->out_cnt, total, "%zu queues: nothing lost, nothing twice", queues);
	tap_is_int(back, 0, "%zu queues: sorted", queues);
	tap_is_int(strange, 0, "%zu queues: each in its own order", queues);
}

static void test_random(size_t queues)
{
	struct fixture *f = new_fixture(queues);
	uint64_t now = 0, clocks[QUEUES_MAX] = {0};
	size_t total = 0, early = 0;

	for (int round = 0; round < 100; round++) {
		size_t from = f->out_cnt;

		now += 1000;
		for (size_t q = 0; q < queues; q++) {
			/* some queues sleep, some run behind, many times are the same */
			while (roll(3) && clocks[q] < now && f->queues[q].cnt < RECS_MAX) {
				clocks[q] = (clocks[q] > now - 1000 ? clocks[q] : now - 1000) + roll(4) * 100;
				put(f, q, clocks[q], sizeof(struct rec));
				total++;
			}
		}
		run(f, now - 1000);
		for (size_t i = from; i < f->out_cnt; i++)
			early += f->out[i].ts_ns > now - 1000;
	}
	run(f, UINT64_MAX);
	tap_ok(total > queues * 100, "%zu queues: %zu records", queues, total);
	check_merged(f, queues, total);
	tap_is_int(early, 0, "%zu queues: none before its time", queues);
	tap_is_int(order_unordered(f->order), 0, "%zu queues: none out of order", queues);
	free_fixture(f);
}

int main(void)
{
	static const size_t sizes[] = {1, 2, 3, 7, 8, 33, QUEUES_MAX};

	test_empty();
	test_until();
	test_unordered();
	test_short();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		seed = (uint32_t)i + 1;
		test_random(sizes[i]);
	}
	return tap_done();
}
