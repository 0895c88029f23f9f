/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/pcapng_plain.c src/out/pcapng_streams.c src/out/synth.c src/base/buf.c src/model/conn.c src/model/conn_name.c
 * -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free */
/* How streams of plaintext end, and what is left of them in memory. */
#include "segments.h"

#include "conns.h"

/* Blocks that are allocated now. */
static long blocks;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);

void *__wrap_malloc(size_t size)
{
	blocks++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	blocks++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	blocks += !old;
	return __real_realloc(old, size);
}

void __wrap_free(void *old)
{
	blocks -= !!old;
	__real_free(old);
}

static int end(struct pcapng_plain *t, struct ev_key key, uint64_t sock_id, uint64_t ts_ns)
{
	const struct plain_end e = {.ts_ns = ts_ns, .key = key, .sock_id = sock_id};

	cnt = 0;
	return pcapng_plain_end(t, &e, on_frame, NULL);
}

/* The end of a stream of which `wrote` and `read` bytes are told, at that time. */
static bool is_end(const struct seen *f, uint32_t wrote, uint32_t read, uint64_t ts_ns)
{
	for (int i = 0; i < 3; i++)
		if (!f[i].valid || f[i].has_data || f[i].len || f[i].ts_ns != ts_ns || f[i].pid != 100)
			return false;
	return f[0].flags == (FIN | ACK) && f[0].dir == EV_DIR_OUT && f[0].seq == wrote + 1 && f[0].ack == read + 1 &&
	       f[1].flags == (FIN | ACK) && f[1].dir == EV_DIR_IN && f[1].seq == read + 1 && f[1].ack == wrote + 2 &&
	       f[2].flags == ACK && f[2].dir == EV_DIR_OUT && f[2].seq == wrote + 2 && f[2].ack == read + 2;
}

static struct plain said_over(uint64_t ssl, uint64_t sock_id, uint32_t flags, uint32_t len)
{
	struct plain p = chunk(tuple4(40000, 443), EV_TLS_KEY | flags, len);

	p.ssl = ssl;
	p.owner.sock_id = sock_id;
	return p;
}

static void test_end(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = said_over(7, 1, EV_TLS_WRITE, 100);

	put(t, &p);
	p = said_over(7, 1, 0, 50);
	put(t, &p);
	tap_ok(!end(t, tuple4(443, 40000), 1, now) && !cnt, "the other end of a connection is another's end");
	tap_ok(!end(t, tuple4(40000, 443), 2, now) && !cnt, "so is another socket's");
	tap_is_int((int)pcapng_plain_count(t), 1, "and ends nothing");
	now = 5000;
	tap_ok(!end(t, tuple4(40000, 443), 1, 4321) && cnt == 3 && is_end(all, 100, 50, 4321), "FIN, FIN, ACK, when it ended");
	tap_is_int((int)pcapng_plain_count(t), 0, "then it is forgotten");
	tap_ok(!end(t, tuple4(40000, 443), 1, 4321) && !cnt, "it ends once");
	p = said_over(7, 1, EV_TLS_WRITE, 10);
	put(t, &p);
	tap_ok(cnt == 3 && all[0].flags == SYN && all[2].seq == 1 && all[2].in_src[11] == 2, "what comes after all is another stream");
	end(t, tuple4(40000, 443), 1, 6);
	tap_ok(cnt == 3 && is_end(all, 10, 0, 5000), "no end is before what was said");
	pcapng_plain_free(t);
}

/* Objects are used again before the connection they had ends; and one connection may have several. */
static void test_end_of_object(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = said_over(7, 1, EV_TLS_WRITE, 10);

	put(t, &p);
	p = said_over(7, 2, EV_TLS_WRITE, 20);
	put(t, &p);
	p = said_over(8, 2, 0, 30);
	put(t, &p);
	tap_is_int((int)pcapng_plain_count(t), 3, "a connection that has its object no more is remembered");
	end(t, tuple4(40000, 443), 1, now);
	tap_ok(cnt == 3 && is_end(all, 10, 0, now) && all[0].in_src[11] == 1, "until it ends");
	p = said_over(7, 2, EV_TLS_WRITE, 1);
	put(t, &p);
	tap_ok(cnt == 1 && all[0].seq == 21, "which is nothing to the next one");
	end(t, tuple4(40000, 443), 2, now);
	tap_ok(cnt == 6 && is_end(all, 21, 0, now) && is_end(all + 3, 0, 30, now), "two streams of a connection end together");
	tap_is_int((int)pcapng_plain_count(t), 0, "nothing is left");

	p = chunk((struct ev_key){0}, EV_TLS_WRITE, 1);
	put(t, &p);
	tap_ok(!end(t, (struct ev_key){0}, 0, now) && !cnt, "who is not known does not end");
	p = said_over(7, 1, EV_TLS_WRITE, 1);
	put(t, &p);
	tap_is_int((int)pcapng_plain_count(t), 1, "and is forgotten when it becomes known");
	pcapng_plain_free(t);
}

/* Those, too, are forgotten in favour of others. */
static void test_bounded(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 2);

	for (uint64_t sock_id = 1; sock_id <= 3; sock_id++) {
		struct plain p = said_over(7, sock_id, EV_TLS_WRITE, 1);

		put(t, &p);
	}
	tap_is_int((int)pcapng_plain_count(t), 2, "one object, three connections, room for two");
	end(t, tuple4(40000, 443), 1, now);
	tap_ok(!cnt, "the first is forgotten");
	end(t, tuple4(40000, 443), 2, now);
	tap_ok(cnt == 3 && all[0].in_src[11] == 2, "the second is not");
	pcapng_plain_free(t);
}

/* Where a socket is not known the time tells. */
static void test_end_of_socket(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p;

	now = 6000;
	p = said_over(7, 0, EV_TLS_WRITE, 1);
	put(t, &p);
	end(t, tuple4(40000, 443), 9, 5999);
	tap_ok(!cnt, "a connection that ended before the stream began is another");
	end(t, tuple4(40000, 443), 9, 6001);
	tap_ok(cnt == 3, "the stream did not know its socket");
	p = said_over(7, 9, EV_TLS_WRITE, 1);
	put(t, &p);
	end(t, tuple4(40000, 443), 0, 5999);
	tap_ok(!cnt, "before, again");
	end(t, tuple4(40000, 443), 0, 6010);
	tap_ok(cnt == 3, "the end did not know it");
	p = said_over(7, 0, EV_TLS_WRITE, 1);
	put(t, &p);
	p = said_over(7, 9, EV_TLS_WRITE, 1);
	put(t, &p);
	tap_is_int((int)cnt, 1, "a socket that becomes known");
	end(t, tuple4(40000, 443), 8, now);
	tap_ok(!cnt, "is not another");
	end(t, tuple4(40000, 443), 9, now);
	tap_ok(cnt == 3, "and ends");
	pcapng_plain_free(t);
}

static void test_end_of_call(void)
{
	struct pcapng_plain *t = pcapng_plain_new(65340, 16);
	struct plain p = part(1, 300, 0, 100, 0);

	put(t, &p);
	end(t, tuple4(40000, 443), 0, 10);
	tap_ok(cnt == 4 && all[0].missing == 200 && all[0].dir == EV_DIR_IN && all[0].ack == 301 && is_end(all + 1, 300, 0, 10),
		"the rest of the last call is missing");
	p = part(20, 300, 0, 100, EV_TLS_CUT);
	put(t, &p);
	end(t, tuple4(40000, 443), 0, 30);
	tap_ok(cnt == 3 && is_end(all, 300, 0, 30), "it is told once");
	p = part(40, (1ULL << 33) + 1, 0, 1, 0);
	put(t, &p);
	end(t, tuple4(40000, 443), 0, 50);
	tap_ok(cnt == 5 && all[0].flags == SYN && all[0].missing == 1ULL << 33 && is_end(all + 2, 0, 0, 50),
		"one too wide for the numbers: another stream, which ends");
	pcapng_plain_free(t);
}

static void test_error(void)
{
	struct pcapng_plain *t = pcapng_plain_new(1000, 16);
	struct plain p = said_over(7, 1, EV_TLS_WRITE, 10);

	put(t, &p);
	answer = -ENOSPC;
	tap_ok(end(t, tuple4(40000, 443), 1, now) == -ENOSPC && cnt == 1, "a failure ends the end");
	answer = 0;
	tap_is_int((int)pcapng_plain_count(t), 0, "and leaves nothing");
	pcapng_plain_free(t);
}

/* ---- a long capture of many connections, as the session drives it, by a clock of its own ---- */

#define CONNECTIONS 60000
#define EACH_NS 10000000ULL /* one begins every 10 ms, and ends as the next one begins */
#define AT_ONCE (2 * (CONN_LINGER_NS / EACH_NS + 2)) /* of both ends */

struct capture {
	struct conn_table *conns;
	struct pcapng_plain *plain;
	size_t fins, most;
	long most_blocks;
};

static int count_fin(void *ctx, const struct plain_frame *f)
{
	struct capture *c = ctx;

	c->fins += f->data[14 + 20 + 40 + 13] & FIN; /* IPv4 outside */
	return 0;
}

static void on_destroyed(void *ctx, const struct conn *conn)
{
	const struct plain_end e = {.ts_ns = conn->end_ns - CONN_LINGER_NS, .key = conn->key, .sock_id = conn->sock_id};
	struct capture *c = ctx;

	pcapng_plain_end(c->plain, &e, count_fin, c);
}

/* One process, with the same object and descriptor again and again; some 1,000 tuples take turns. */
static void one_connection(struct capture *c, uint64_t number, bool other_end)
{
	const struct conn_who who = conns_who(other_end ? 200 : 100, 0);
	struct conn conn = conns_conn((uint16_t)(1000 + number % 1009), 2 * number + 1 + other_end, 0);
	struct plain p = {.ts_ns = number * EACH_NS + 1, .ssl = 7, .flags = EV_TLS_WRITE | EV_TLS_KEY, .total = 5, .data = bytes, .len = 5};

	if (other_end) {
		conn.key.lport = conn.key.rport;
		conn.key.rport = (uint16_t)(1000 + number % 1009);
	}
	p.key = conn.key;
	p.owner.pid = who.pid;
	p.owner.start_ns = who.start_ns;
	p.owner.sock_id = conn.sock_id;
	conn_add(c->conns, &conn, &who, 5, p.ts_ns);
	pcapng_plain_put(c->plain, &p, count_fin, c);
	conn_del(c->conns, &conn, p.ts_ns + EACH_NS - 2);
}

static void test_many(void)
{
	struct capture c = {.plain = pcapng_plain_new(65340, 1 << 20)};
	const struct conn_opts opts = {.max = 1 << 20, .destroyed = on_destroyed, .ctx = &c};
	struct conn_table *t = c.conns = conn_table_new(&opts);
	long before = blocks;

	for (uint64_t i = 0; i < CONNECTIONS; i++) {
		one_connection(&c, i, false);
		one_connection(&c, i, true);
		conn_expire(t, i * EACH_NS);
		if (pcapng_plain_count(c.plain) > c.most)
			c.most = pcapng_plain_count(c.plain);
		if (blocks > c.most_blocks)
			c.most_blocks = blocks;
	}
	tap_ok(c.most > AT_ONCE / 2 && c.most <= AT_ONCE, "%zu streams at most, of %d", c.most, 2 * CONNECTIONS);
	tap_ok(c.most_blocks - before < (long)(8 * AT_ONCE), "in %ld blocks of memory", c.most_blocks - before);
	conn_expire(t, UINT64_MAX);
	tap_is_int((int)c.fins, 2 * 2 * CONNECTIONS, "each had FIN of both sides");
	tap_is_int((int)pcapng_plain_count(c.plain), 0, "no stream is left");
	tap_ok(blocks - before <= 1, "nor their memory but for the buffer");
	conn_table_free(t);
	pcapng_plain_free(c.plain);
}

int main(void)
{
	fill_bytes();
	test_end();
	test_end_of_object();
	test_bounded();
	test_end_of_socket();
	test_end_of_call();
	test_error();
	test_many();
	return tap_done();
}
