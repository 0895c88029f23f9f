/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/out/pcapng.c src/model/secret.c src/out/pcapng_block.c src/out/pcapng_proc.c src/out/pcapng_comment.c
 * src/out/outfile.c src/out/outfd.c src/base/patient.c src/base/clock.c
 * src/out/pcapng_isb.c src/out/pcapng_plain.c src/out/pcapng_streams.c src/out/synth.c src/model/plain.c src/out/fmt.c
 * src/model/iface.c src/model/owner.c src/base/buf.c -lpthread */
#include "out/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define NOW 1700049600000000000ULL
#define TS 1700049600123456789ULL

/* The test reads files with its own knowledge of the format, not with the writer's. */
struct block {
	uint32_t type;
	uint32_t len;
	const uint8_t *body;
	uint32_t body_len;
};

static uint32_t u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static uint64_t u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static uint16_t u16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return v;
}

static bool read_block(const uint8_t *data, size_t len, struct block *b)
{
	if (len < 12)
		return false;
	b->type = u32(data);
	b->len = u32(data + 4);
	if (b->len < 12 || b->len % 4 || b->len > len || u32(data + b->len - 4) != b->len)
		return false;
	b->body = data + 8;
	b->body_len = b->len - 12;
	return true;
}

/* The number of blocks; -1 where they do not fill the file exactly. `blocks` holds the first 64. */
static int walk(const uint8_t *data, size_t len, struct block *blocks)
{
	size_t off = 0;
	struct block b;
	int n = 0;

	while (off < len) {
		if (!read_block(data + off, len - off, &b))
			return -1;
		if (n < 64)
			blocks[n] = b;
		n++;
		off += b.len;
	}
	return n;
}

/* An option's value and length among those that begin `fixed` bytes into the block; NULL: it has none. */
static const uint8_t *option(const struct block *b, uint32_t fixed, uint16_t code, uint16_t *len)
{
	const uint8_t *p = b->body + fixed, *end = b->body + b->body_len;

	while (p + 4 <= end && u16(p)) {
		*len = u16(p + 2);
		if (u16(p) == code)
			return p + 4;
		p += 4 + ((*len + 3U) & ~3U);
	}
	return NULL;
}

static void is_option_str(
	const struct block *b, uint32_t fixed, uint16_t code, const char *want, const char *what)
{
	uint16_t len = 0;
	const uint8_t *val = option(b, fixed, code, &len);
	char text[256] = "(none)";

	if (val && len < sizeof(text)) {
		memcpy(text, val, len);
		text[len] = 0;
	}
	tap_is_str(text, want, "%s", what);
}

static bool has_option(const struct block *b, uint32_t fixed, uint16_t code)
{
	uint16_t len;

	return option(b, fixed, code, &len);
}

/* Offset of the options in an EPB. */
static uint32_t epb_fixed(const struct block *b)
{
	return 20 + ((u32(b->body + 12) + 3) & ~3U);
}

struct capture {
	char path[64];
	struct sink *sink;
	struct iface_table *ifaces;
	uint8_t *data; /* of the file, read back */
	size_t len;
	struct block blocks[64];
	int cnt;
};

static uint64_t test_now(void)
{
	return NOW;
}

static const struct pcapng_opts opts = {
	.snaplen = 65344,
	.hardware = "a machine",
	.os = "Linux",
	.application = "pidtap test",
	.filter = "port 53",
	.now_ns = test_now,
};

static void begin(struct capture *c)
{
	memset(c, 0, sizeof(*c));
	strcpy(c->path, "/tmp/pidtap-test-XXXXXX");
	close(mkstemp(c->path));
	c->ifaces = iface_table_new();
	if (pcapng_open(pcapng_create(c->path), &opts, &c->sink)) {
		printf("Bail out! no sink\n");
		exit(1);
	}
}

static const struct iface *add_iface(struct capture *c, uint32_t ifindex, const char *name)
{
	struct iface *i = iface_add(c->ifaces, 1, ifindex, name, false);

	tap_is_int(c->sink->ops->iface(c->sink, i), 0, "interface %u", i->id);
	return i;
}

static void read_back(struct capture *c)
{
	int fd = open(c->path, O_RDONLY);
	struct stat st;

	fstat(fd, &st);
	c->len = (size_t)st.st_size;
	free(c->data);
	c->data = malloc(c->len + 1);
	if (read(fd, c->data, c->len) != (ssize_t)c->len)
		tap_ok(false, "the file cannot be read");
	close(fd);
	c->cnt = walk(c->data, c->len, c->blocks);
}

static void end(struct capture *c)
{
	c->sink->ops->close(c->sink);
	iface_table_free(c->ifaces);
	unlink(c->path);
	free(c->data);
}

static struct owner owner(uint32_t pid, uint64_t start_ns, const char *comm)
{
	struct owner o = {.pid = pid, .tid = pid, .uid = 1000, .start_ns = start_ns, .attr = EV_ATTR_EXACT};

	snprintf(o.comm, sizeof(o.comm), "%s", comm);
	snprintf(o.tcomm, sizeof(o.tcomm), "%s", comm);
	return o;
}

static int put(struct sink *s, const struct iface *iface, const struct owner *o, uint32_t body_len)
{
	static uint8_t body[65536];
	static const uint32_t holders[] = {1234, 1300};
	struct packet p = {.ts_ns = TS, .iface = iface, .owner = *o, .dir = EV_DIR_OUT, .holders = holders};

	p.holder_cnt = o->pid == holders[0] ? 2 : 0; /* what that one has is shared */
	memset(body, 0xab, sizeof(body));
	memcpy(p.head, "0123456789abcdef", 16);
	p.head_len = 16;
	p.body = body;
	p.body_len = body_len;
	p.caplen = 16 + body_len;
	p.len = 9000;
	return s->ops->packet(s, &p);
}

static void test_structure(void)
{
	const struct owner nobody = {.attr = EV_ATTR_NONE};
	struct owner curl = owner(1234, 5, "curl");
	struct stats st = {.captured = 2};
	struct capture c;
	const struct iface *eth0, *lo;
	uint16_t len;

	begin(&c);
	eth0 = add_iface(&c, 2, "eth0");
	lo = add_iface(&c, 1, "l\no");
	curl.tid = 1240;
	strcpy(curl.tcomm, "pool 1");
	tap_is_int(put(c.sink, eth0, &curl, 45), 0, "a packet");
	tap_is_int(put(c.sink, lo, &nobody, 44), 0, "nobody's packet");
	tap_is_int(c.sink->ops->finish(c.sink, c.ifaces, &st), 0, "finish");
	read_back(&c);
	tap_is_int(c.cnt, 8, "SHB, 2 IDB, DPIB, 2 EPB, 2 ISB");
	tap_ok(c.sink->bytes == c.len && c.sink->packets == 2, "the counters are the file's");
	if (c.cnt != 8)
		return end(&c);

	tap_ok(c.blocks[0].type == 0x0a0d0d0a && u32(c.blocks[0].body) == 0x1a2b3c4d &&
			u16(c.blocks[0].body + 4) == 1 && u64(c.blocks[0].body + 8) == UINT64_MAX,
		"SHB");
	is_option_str(&c.blocks[0], 16, 2, "a machine", "hardware");
	is_option_str(&c.blocks[0], 16, 3, "Linux", "os");
	is_option_str(&c.blocks[0], 16, 4, "pidtap test", "application");

	tap_ok(c.blocks[1].type == 1 && u16(c.blocks[1].body) == 1 && u32(c.blocks[1].body + 4) == 65344,
		"IDB: Ethernet, snap length");
	is_option_str(&c.blocks[1], 8, 2, "eth0", "its name");
	is_option_str(&c.blocks[1], 8, 9, "\x09", "nanoseconds");
	tap_ok(option(&c.blocks[1], 8, 11, &len) && len == 8 &&
			!memcmp(option(&c.blocks[1], 8, 11, &len), "\0port 53", 8),
		"filter expression");
	is_option_str(&c.blocks[2], 8, 2, "l\\x0ao", "a name with a newline");

	tap_ok(c.blocks[3].type == 0x80000001 && u32(c.blocks[3].body) == 1234, "DPIB: pid");
	is_option_str(&c.blocks[3], 4, 2, "curl", "process name");

	tap_ok(c.blocks[4].type == 6 && u32(c.blocks[4].body) == 0, "EPB of the first interface");
	tap_ok(((uint64_t)u32(c.blocks[4].body + 4) << 32 | u32(c.blocks[4].body + 8)) == TS, "time");
	tap_ok(u32(c.blocks[4].body + 12) == 61 && u32(c.blocks[4].body + 16) == 9000,
		"captured and original length");
	tap_ok(!memcmp(c.blocks[4].body + 20, "0123456789abcdef\xab", 17) &&
			c.blocks[4].body[20 + 60] == 0xab && c.blocks[4].body[20 + 61] == 0,
		"head, body, padding");
	tap_ok(u32(option(&c.blocks[4], epb_fixed(&c.blocks[4]), 2, &len)) == 2, "outbound");
	tap_ok(!memcmp(option(&c.blocks[4], epb_fixed(&c.blocks[4]), 8, &len), (uint32_t[]){1234, 1240}, 8),
		"pid, tid");
	tap_ok(u32(option(&c.blocks[4], epb_fixed(&c.blocks[4]), 32769, &len)) == 0, "DPIB index");
	is_option_str(&c.blocks[4], epb_fixed(&c.blocks[4]), 1,
		"pid=1234 tid=1240 uid=1000 comm=curl attr=exact tcomm=\"pool 1\" holders=1234,1300", "comment");

	tap_ok(c.blocks[5].type == 6 && u32(c.blocks[5].body) == 1, "EPB of the second interface");
	tap_ok(!has_option(&c.blocks[5], epb_fixed(&c.blocks[5]), 8) &&
			!has_option(&c.blocks[5], epb_fixed(&c.blocks[5]), 32769),
		"nobody has no pid and no index");
	is_option_str(&c.blocks[5], epb_fixed(&c.blocks[5]), 1, "attr=none", "and says so");
	end(&c);
}

static bool isb_count(const struct block *b, uint16_t code, uint64_t want)
{
	uint16_t len;
	const uint8_t *val = option(b, 12, code, &len);

	return val && len == 8 && u64(val) == want;
}

/* What test_pcapng_plain.c sees made, in blocks. */
static void test_plaintext(void)
{
	struct plain p = {.ts_ns = TS, .fd = 5, .flags = EV_TLS_WRITE | EV_TLS_INFERRED | EV_TLS_EARLY, .total = 30, .offset = 10,
		.data = (const uint8_t *)"what was said", .len = 13};
	const struct stats st = {.plain_bytes = 13, .plain_cut = 1, .plain_lost = 2};
	static const char *const comments[] = {"", "", " missing=10", " tls=write"};
	struct plain_end over = {.ts_ns = TS + 5};
	struct capture c;
	struct iface *plain;
	uint16_t len;

	begin(&c);
	p.owner = owner(1234, 5, "curl");
	p.key.lport = over.key.lport = 40000;
	p.key.rport = over.key.rport = 443;
	tap_is_int(c.sink->ops->plain(c.sink, &p), 0, "plaintext nobody made an interface for");
	tap_is_int(c.sink->ops->ended(c.sink, &over), 0, "and its end");
	add_iface(&c, 2, "eth0");
	plain = iface_add(c.ifaces, 0, 0, "tls-plaintext", false);
	plain->plain = true;
	c.sink->ops->iface(c.sink, plain);
	tap_is_int(c.sink->ops->plain(c.sink, &p), 0, "plaintext");
	tap_is_int(c.sink->ops->ended(c.sink, &over), 0, "the end of its connection");
	c.sink->ops->finish(c.sink, c.ifaces, &st);
	read_back(&c);
	tap_is_int(c.cnt, 15, "SHB, 2 IDB, DPIB, SYN, SYN-ACK, ACK, data, ACK, then ACK, FIN, FIN, ACK, 2 ISB");
	if (c.cnt != 15)
		return end(&c);
	is_option_str(&c.blocks[2], 8, 2, "tls-plaintext", "its interface");
	tap_ok(u16(c.blocks[2].body) == 1 && u32(c.blocks[2].body + 4) == 65344 && has_option(&c.blocks[2], 8, 3) &&
			!has_option(&c.blocks[2], 8, 11),
		"link type and snap length as the others, a description, no filter");
	for (int i = 0; i < 4; i++) {
		const struct block *b = &c.blocks[4 + i];
		char want[128];

		snprintf(want, sizeof(want), "pid=1234 tid=1234 uid=1000 comm=curl attr=exact fd=5%s flags=inferred,early%s",
			i == 3 ? comments[i] : "", i == 3 ? "" : comments[i]);
		is_option_str(b, epb_fixed(b), 1, want, "comment");
		tap_ok(b->type == 6 && u32(b->body) == 1 && u32(b->body + 8) == (uint32_t)TS && has_option(b, epb_fixed(b), 8),
			"of that interface, at that time, with the process");
	}
	tap_ok(!memcmp(c.blocks[7].body + 20 + 94, "what was said", 13), "the data");
	tap_ok(u32(option(&c.blocks[7], epb_fixed(&c.blocks[7]), 2, &len)) == 2, "written: outbound");
	for (int i = 9; i < 13; i++) {
		const struct block *b = &c.blocks[i];

		is_option_str(b, epb_fixed(b), 1,
			i == 9 ? "pid=1234 tid=1234 uid=1000 comm=curl attr=exact missing=7" : "pid=1234 tid=1234 uid=1000 comm=curl attr=exact",
			"the end: who it was");
		tap_ok(u32(b->body) == 1 && u32(b->body + 8) == (uint32_t)(TS + 5) && has_option(b, epb_fixed(b), 8), "and when");
	}
	tap_ok(isb_count(&c.blocks[14], 8, 9) && !has_option(&c.blocks[14], 12, 4) && isb_count(&c.blocks[13], 4, 0),
		"statistics: its own frames");
	is_option_str(&c.blocks[14], 12, 1, "plaintext: bytes=13 cut=1 lost=2", "and what was lost");
	end(&c);
}

static void test_processes(void)
{
	static const struct {
		uint32_t pid;
		uint64_t start;
		const char *comm;
		uint32_t index;
	} cases[] = {
		{100, 1, "a", 0},
		{100, 1, "a", 0},
		{101, 1, "b", 1},
		{100, 2, "c", 2}, /* the pid again, another process */
		{100, 1, "a", 0},
		{100, 1, "d", 3}, /* the process has another name: exec */
		{100, 1, "d", 3},
	};
	uint32_t dpibs = 0;
	const struct iface *eth0;
	struct capture c;
	size_t n = 0;

	begin(&c);
	eth0 = add_iface(&c, 2, "eth0");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct owner o = owner(cases[i].pid, cases[i].start, cases[i].comm);

		put(c.sink, eth0, &o, 20);
	}
	c.sink->ops->flush(c.sink);
	read_back(&c);
	for (int i = 0; i < c.cnt; i++) {
		uint16_t len;

		dpibs += c.blocks[i].type == 0x80000001;
		if (c.blocks[i].type != 6)
			continue;
		tap_is_int(u32(option(&c.blocks[i], epb_fixed(&c.blocks[i]), 32769, &len)), cases[n].index,
			"packet %zu belongs to process %s", n, cases[n].comm);
		tap_ok(cases[n].index < dpibs, "whose block stands before it");
		n++;
	}
	tap_ok(n == 7 && dpibs == 4, "seven packets, four processes");
	end(&c);
}

static uint32_t count_type(const struct capture *c, uint32_t type)
{
	uint32_t n = 0;

	for (size_t off = 0; off < c->len; off += u32(c->data + off + 4))
		n += u32(c->data + off) == type;
	return n;
}

/* The table is bounded; a process it forgot is introduced again, one it knows is not. */
static void test_many_processes(void)
{
	const uint32_t max = 16384;
	const struct iface *eth0;
	struct capture c;
	struct owner o;

	begin(&c);
	eth0 = add_iface(&c, 2, "eth0");
	for (uint32_t pid = 1; pid <= max + 1; pid++) {
		o = owner(pid, 1, "a");
		put(c.sink, eth0, &o, 20);
	}
	o = owner(max + 1, 1, "a");
	put(c.sink, eth0, &o, 20);
	o = owner(1, 1, "a");
	put(c.sink, eth0, &o, 20);
	c.sink->ops->flush(c.sink);
	read_back(&c);
	tap_is_int(count_type(&c, 6), max + 3, "all packets are there");
	tap_is_int(count_type(&c, 0x80000001), max + 2,
		"one process more than the table holds, one of them twice");
	end(&c);
}

/* One interface: all counts are its own. */
static void test_statistics_of_one(void)
{
	const struct stats st = {
		.kernel = {[EV_STAT_SEEN] = 100, [EV_STAT_FILTERED] = 7}, .captured = 70, .lost_ring = 23};
	const uint32_t halves[] = {(uint32_t)(NOW >> 32), (uint32_t)NOW};
	const struct block *isb;
	struct capture c;
	uint16_t len;

	begin(&c);
	((struct iface *)add_iface(&c, 2, "eth0"))->received = 70;
	c.sink->ops->finish(c.sink, c.ifaces, &st);
	read_back(&c);
	isb = &c.blocks[2];
	tap_ok(c.cnt == 3 && isb->type == 5 && u32(isb->body) == 0, "one ISB");
	tap_ok(!memcmp(isb->body + 4, halves, 8) && !memcmp(option(isb, 12, 2, &len), halves, 8) &&
			!memcmp(option(isb, 12, 3, &len), halves, 8),
		"its times");
	tap_ok(isb_count(isb, 4, 100) && isb_count(isb, 5, 23) && isb_count(isb, 7, 23) &&
			isb_count(isb, 8, 70),
		"received, dropped, delivered");
	is_option_str(isb, 12, 1, "all interfaces: seen=100 captured=70 filtered=7 lost=23", "the totals");
	end(&c);
}

/* Two: who lost how many is not known, and not claimed. */
static void test_statistics_of_two(void)
{
	struct stats st = {.kernel = {[EV_STAT_SEEN] = 100}, .captured = 99, .lost_ring = 1};
	struct capture c;

	begin(&c);
	((struct iface *)add_iface(&c, 2, "eth0"))->received = 60;
	((struct iface *)add_iface(&c, 1, "lo"))->received = 39;
	c.sink->ops->finish(c.sink, c.ifaces, &st);
	read_back(&c);
	tap_ok(c.cnt == 5 && !has_option(&c.blocks[3], 12, 4) && !has_option(&c.blocks[4], 12, 7) &&
			isb_count(&c.blocks[3], 8, 60) && isb_count(&c.blocks[4], 8, 39),
		"with a loss: delivered only");
	end(&c);
	begin(&c);
	((struct iface *)add_iface(&c, 2, "eth0"))->received = 60;
	((struct iface *)add_iface(&c, 1, "lo"))->received = 40;
	st.captured = 100;
	st.lost_ring = 0;
	c.sink->ops->finish(c.sink, c.ifaces, &st);
	read_back(&c);
	tap_ok(c.cnt == 5 && isb_count(&c.blocks[3], 4, 60) && isb_count(&c.blocks[4], 4, 40) &&
			isb_count(&c.blocks[4], 5, 0),
		"without: received is what was delivered, dropped nothing");
	end(&c);
}

static void test_order(void)
{
	struct iface second = {.id = 1, .name = "eth1"};
	struct capture c;

	begin(&c);
	tap_is_int(c.sink->ops->iface(c.sink, &second), -EINVAL, "an interface out of order is refused");
	end(&c);
}

struct reader {
	int fd;
	uint8_t *data;
	size_t len;
};

/* Takes a pipe's bytes in small pieces, so that the writer's writes are short. */
static void *read_slowly(void *arg)
{
	struct reader *r = arg;
	ssize_t n;

	r->data = malloc(1 << 20);
	while ((n = read(r->fd, r->data + r->len, 777)) > 0)
		r->len += (size_t)n;
	return NULL;
}

/* Fills a pipe of one page with 100 packets, non-blocking or not. */
static void test_pipe(bool nonblock)
{
	const struct iface eth0 = {.id = 0, .name = "eth0"};
	struct owner o = owner(1, 1, "a");
	struct reader r = {0};
	struct block blocks[64];
	struct sink *s;
	pthread_t thread;
	int fds[2], bad = 0;

	if (pipe(fds))
		return;
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	if (nonblock)
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
	r.fd = fds[0];
	pthread_create(&thread, NULL, read_slowly, &r);
	bad += pcapng_open(fds[1], &opts, &s) != 0;
	bad += s->ops->iface(s, &eth0) != 0;
	for (int i = 0; i < 100; i++)
		bad += put(s, &eth0, &o, 3000) != 0;
	bad += s->ops->flush(s) != 0;
	tap_ok(!bad && s->packets == 100, "100 packets through a %s pipe",
		nonblock ? "non-blocking" : "blocking");
	s->ops->close(s);
	pthread_join(thread, NULL);
	tap_is_int(walk(r.data, r.len, blocks), 103, "SHB, IDB, DPIB and all packets arrived whole");
	close(fds[0]);
	free(r.data);
}

static void test_closed_pipe(void)
{
	struct sink *s = NULL;
	int fds[2];

	if (pipe(fds))
		return;
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	tap_is_int(pcapng_open(fds[1], &opts, &s), -EPIPE, "nobody reads");
	tap_ok(!s && fcntl(fds[1], F_GETFD) < 0, "no sink, and the descriptor is closed");
}

/* The file may grow to 100,000 bytes; the write that crosses the limit is cut in the middle of a block. */
static void test_full_disk(void)
{
	struct rlimit limit = {100000, RLIM_INFINITY}, old;
	struct owner o = owner(1, 1, "a");
	const struct iface *eth0;
	struct capture c;
	int err = 0, tries;

	begin(&c);
	eth0 = add_iface(&c, 2, "eth0");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (tries = 0; tries < 1000 && !err; tries++)
		err = put(c.sink, eth0, &o, 1001);
	setrlimit(RLIMIT_FSIZE, &old);
	tap_is_int(err, -EFBIG, "the error is reported");
	read_back(&c);
	tap_ok(c.cnt > 64 && c.len <= 100000 && c.len > 98000, "the file ends with its last whole block");
	tap_is_int(c.sink->packets, count_type(&c, 6), "packets counts those that are in it");
	tap_is_int(c.sink->taken, tries, "taken those that it was given");
	tap_is_int(c.sink->bytes, c.len, "and bytes is its size");
	end(&c);
}

static void test_full_device(void)
{
	struct sink *s = NULL;

	tap_is_int(pcapng_open(open("/dev/full", O_WRONLY), &opts, &s), -ENOSPC, "a full device");
}

static void test_appended(void)
{
	char path[] = "/tmp/pidtap-test-XXXXXX";
	struct rlimit limit = {50, RLIM_INFINITY}, old;
	int fd = mkstemp(path), out = open(path, O_WRONLY | O_APPEND);
	struct sink *s = NULL;
	struct stat st;

	if (write(fd, "already here", 12) != 12)
		tap_ok(false, "no room");
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &limit);
	tap_is_int(pcapng_open(out, &opts, &s), -EFBIG, "a header that does not fit behind other data");
	setrlimit(RLIMIT_FSIZE, &old);
	fstat(fd, &st);
	tap_is_int(st.st_size, 12, "is cut off, the other data stays");
	close(fd);
	unlink(path);
}

static void test_create(void)
{
	char path[] = "/tmp/pidtap-test-XXXXXX";
	struct stat st;
	int fd = mkstemp(path), copy;

	if (write(fd, "old", 3) != 3 || fchmod(fd, 0644))
		tap_ok(false, "no file");
	close(fd);
	fd = pcapng_create(path);
	fstat(fd, &st);
	tap_ok((st.st_mode & 0777) == 0600 && st.st_size == 0, "an old file is emptied and made private");
	tap_ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "not inherited by children");
	close(fd);
	unlink(path);
	tap_is_int(pcapng_create("/nonexistent/x"), -ENOENT, "no such directory");
	copy = pcapng_create("-");
	tap_ok(copy > 2 || copy == -ENOTTY, "standard output, unless it is a terminal");
	if (copy > 2)
		close(copy);
}

int main(void)
{
	test_structure();
	test_plaintext();
	test_processes();
	test_many_processes();
	test_statistics_of_one();
	test_statistics_of_two();
	test_order();
	test_pipe(false);
	test_pipe(true);
	test_closed_pipe();
	test_full_disk();
	test_full_device();
	test_appended();
	test_create();
	return tap_done();
}
