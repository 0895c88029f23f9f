/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/order.h"
#include "base/bytes.h"

#include <stdlib.h>

/* The oldest record of one queue. */
struct head {
	uint64_t ts_ns;
	size_t queue;
	const void *rec;
	size_t len;
};

struct order {
	struct order_source src;
	uint64_t released_ns; /* newest time stamp handed on */
	uint64_t next_ns;
	uint64_t unordered;
	size_t cnt;
	struct head heap[]; /* heap[0] is the oldest; as many as queues that are not empty */
};

struct order *order_new(const struct order_source *src)
{
	struct order *o = calloc(1, sizeof(*o) + src->cnt * sizeof(*o->heap));

	if (!o)
		return NULL;
	o->src = *src;
	o->next_ns = UINT64_MAX;
	return o;
}

void order_free(struct order *o)
{
	free(o);
}

/* Looks at the queue's oldest record; 0 where it is empty. */
static int look(struct order *o, size_t queue, struct head *h)
{
	h->queue = queue;
	h->rec = o->src.peek(o->src.ctx, queue, &h->len);
	if (!h->rec)
		return 0;
	h->ts_ns = h->len >= sizeof(uint64_t) ? get_host64(h->rec) : 0;
	return 1;
}

static void sift_up(struct order *o, size_t i)
{
	struct head h = o->heap[i];

	for (; i && h.ts_ns < o->heap[(i - 1) / 2].ts_ns; i = (i - 1) / 2)
		o->heap[i] = o->heap[(i - 1) / 2];
	o->heap[i] = h;
}

static void sift_down(struct order *o)
{
	struct head h = o->heap[0];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < o->cnt) {
		if (child + 1 < o->cnt && o->heap[child + 1].ts_ns < o->heap[child].ts_ns)
			child++;
		if (h.ts_ns <= o->heap[child].ts_ns)
			break;
		o->heap[i] = o->heap[child];
		i = child;
	}
	o->heap[i] = h;
}

static void fill_heap(struct order *o)
{
	o->cnt = 0;
	for (size_t q = 0; q < o->src.cnt; q++)
		if (look(o, q, &o->heap[o->cnt]))
			sift_up(o, o->cnt++);
}

/* The oldest has been handed on: its queue's next one takes its place. */
static void replace_top(struct order *o)
{
	size_t queue = o->heap[0].queue;

	o->src.pop(o->src.ctx, queue);
	if (!look(o, queue, &o->heap[0]))
		o->heap[0] = o->heap[--o->cnt];
	if (o->cnt)
		sift_down(o);
}

static void count_order(struct order *o, const struct head *h)
{
	if (h->len < sizeof(uint64_t))
		return; /* has no time to be out of order with */
	if (h->ts_ns < o->released_ns)
		o->unordered++;
	else
		o->released_ns = h->ts_ns;
}

size_t order_run(struct order *o, uint64_t until_ns, order_cb cb, void *ctx)
{
	size_t n = 0;

	for (fill_heap(o); o->cnt && o->heap[0].ts_ns <= until_ns; n++) {
		count_order(o, &o->heap[0]);
		cb(ctx, o->heap[0].rec, o->heap[0].len);
		replace_top(o);
	}
	o->next_ns = o->cnt ? o->heap[0].ts_ns : UINT64_MAX;
	return n;
}

uint64_t order_next_ns(const struct order *o)
{
	return o->next_ns;
}

uint64_t order_unordered(const struct order *o)
{
	return o->unordered;
}
