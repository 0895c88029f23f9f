/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/base/buf.c */
/* make_plain DIR: writes DIR/records, plaintext as the kernel side would send it, always the same, among packets of the same
 * connections; and for each connection what was written and read over it: DIR/NAME.write and DIR/NAME.read. */
#include "tests/golden/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "probes/events.h"

#define START_NS 1000000000ULL
#define STEP_NS 1000333ULL
#define CHUNK_MAX 16384

struct talk {
	const char *name;
	bool v6, unknown;
	uint16_t lport, rport;
	uint32_t pid, flags;
	const char *comm;
	uint64_t sock_id;
	struct buf write, read;
};

/* Two ends of one connection, one over IPv6, one that is not known, one that bytes are missing of; two after another of one tuple and one
 * connection object. */
static struct talk talks[] = {
	{.name = "client", .lport = 40000, .rport = 8080, .pid = 100, .flags = EV_TLS_KEY, .comm = "curl"},
	{.name = "server", .lport = 8080, .rport = 40000, .pid = 200, .flags = EV_TLS_KEY | EV_TLS_FD, .comm = "ng\xffinx \""},
	{.name = "six", .v6 = true, .lport = 40001, .rport = 443, .pid = 300, .flags = EV_TLS_KEY | EV_TLS_INFERRED, .comm = "python3"},
	{.name = "unknown", .unknown = true, .pid = 400, .comm = "x"},
	{.name = "cut", .lport = 40002, .rport = 9000, .pid = 500, .flags = EV_TLS_KEY | 0x8000, .comm = "wget"},
	{.name = "first", .lport = 40003, .rport = 8080, .pid = 600, .flags = EV_TLS_KEY, .comm = "curl", .sock_id = 1},
	{.name = "again", .lport = 40003, .rport = 8080, .pid = 600, .flags = EV_TLS_KEY, .comm = "curl", .sock_id = 2},
};
enum { CLIENT, SERVER, SIX, UNKNOWN, CUT, FIRST, AGAIN, TALK_CNT };

static FILE *out;
static uint64_t now = START_NS;
static bool failed;

static void put(const void *data, size_t len)
{
	failed |= fwrite(data, 1, len, out) != len;
}

static void put_record(const void *rec, size_t size, const void *data, uint32_t len)
{
	const uint32_t total = (uint32_t)size + len;

	put(&total, sizeof(total));
	put(rec, size);
	put(data, len);
	put("\0\0\0", -total % 4);
}

static void set_addr(uint8_t addr[16], bool v6, uint8_t last)
{
	memset(addr, 0, 16);
	if (v6)
		memcpy(addr, "\x20\1\x0d\xb8", 4);
	else
		memcpy(addr + 10, "\xff\xff\x0a", 3);
	addr[15] = last;
}

static void set_key(struct ev_key *k, const struct talk *t)
{
	if (t->unknown)
		return;
	set_addr(k->laddr, t->v6, t->lport < t->rport ? 2 : 1);
	set_addr(k->raddr, t->v6, t->lport < t->rport ? 1 : 2);
	k->netns = GOLDEN_NETNS;
	k->lport = t->lport;
	k->rport = t->rport;
	k->proto = 6;
}

static void set_owner(struct ev_owner_val *o, const struct talk *t)
{
	o->start_ns = t->pid;
	o->sock_id = t->sock_id;
	o->pid = o->tid = t->pid;
	o->uid = 1000;
	o->attr = EV_ATTR_EXACT;
	memcpy(o->comm, t->comm, strlen(t->comm));
	memcpy(o->tcomm, t->comm, strlen(t->comm));
}

/* A chunk of the call that ends now. */
static void chunk(struct talk *t, uint32_t flags, uint64_t total, uint64_t offset, const void *data, uint32_t len)
{
	struct ev_tls_data r;

	memset(&r, 0, sizeof(r));
	r.hdr.ts_ns = now;
	r.hdr.type = EV_TLS_DATA;
	r.hdr.size = sizeof(r);
	set_key(&r.key, t);
	set_owner(&r.owner, t);
	r.ssl = 0x1000;
	r.total = total;
	r.offset = offset;
	r.len = len;
	r.fd = 5;
	r.flags = t->flags | flags;
	put_record(&r, sizeof(r), data, len);
	buf_put(flags & EV_TLS_WRITE ? &t->write : &t->read, data, len);
}

/* A packet of the connection itself: IPv4, of cipher text. */
static void packet(const struct talk *t, uint32_t seq)
{
	uint8_t frame[] = "\2\0\0\0\0\x0b\2\0\0\0\0\x0a\x08\0"
			  "\x45\0\0\x38\0\7\x40\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2"
			  "\0\0\0\0\0\0\0\0\0\0\7\xd0\x50\x18\1\xf6\0\0\0\0\x17\3\3\0\x0b-ciphertext";
	struct ev_packet r;

	memset(&r, 0, sizeof(r));
	r.hdr.ts_ns = now;
	r.hdr.type = EV_PACKET;
	r.hdr.size = sizeof(r);
	set_owner(&r.owner, t);
	r.ifindex = GOLDEN_ETH;
	r.netns = GOLDEN_NETNS;
	r.len = r.caplen = sizeof(frame) - 1;
	r.dir = EV_DIR_OUT;
	put_be16(frame + 34, t->lport);
	put_be16(frame + 36, t->rport);
	put_be16(frame + 40, (uint16_t)seq);
	put_record(&r, sizeof(r), frame, r.caplen);
	now += STEP_NS;
}

static void end(const struct talk *t)
{
	struct ev_close r;

	memset(&r, 0, sizeof(r));
	r.hdr.ts_ns = now;
	r.hdr.type = EV_CLOSE;
	r.hdr.size = sizeof(r);
	set_key(&r.key, t);
	r.sock_id = t->sock_id;
	put_record(&r, sizeof(r), "", 0);
	now += STEP_NS;
}

/* A whole call. */
static void call(int who, uint32_t flags, const void *data, size_t len)
{
	for (size_t off = 0; off < len; off += CHUNK_MAX)
		chunk(&talks[who], flags, len, off, (const uint8_t *)data + off, (uint32_t)(len - off < CHUNK_MAX ? len - off : CHUNK_MAX));
	now += STEP_NS;
}

static void requests(void)
{
	static const char ask[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n";

	for (uint32_t i = 0; i < 3; i++) {
		packet(&talks[CLIENT], 1 + 16 * i);
		call(CLIENT, EV_TLS_WRITE | (i ? 0 : EV_TLS_EARLY), ask, sizeof(ask) - 1);
		call(SERVER, 0, ask, sizeof(ask) - 1);
		call(SERVER, EV_TLS_WRITE, head, sizeof(head) - 1);
		call(CLIENT, 0, head, sizeof(head) - 1);
		call(SERVER, EV_TLS_WRITE, "\\\n\0\xff.", 5);
		call(CLIENT, 0, "\\\n\0\xff.", 5);
	}
}

static void long_ones(void)
{
	const size_t len = 300000;
	uint8_t *data = malloc(len);
	uint32_t x = 1;

	if (!data)
		exit(1);
	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245 + 12345;
		data[i] = (uint8_t)(x >> 16);
	}
	call(SIX, EV_TLS_WRITE, data, len);
	call(SIX, 0, data, 70000);
	call(SIX, EV_TLS_WRITE, data, 1);
	call(UNKNOWN, 0, data, 100);
	call(UNKNOWN, EV_TLS_WRITE, data, 200);
	free(data);
}

/* 100 bytes, of which 40 are missing at the end; a file of 500; a call whose beginning was lost. */
static void incomplete(void)
{
	chunk(&talks[CUT], EV_TLS_WRITE, 100, 0, "the first sixty bytes of a hundred, which is what was told..", 60);
	chunk(&talks[CUT], EV_TLS_WRITE | EV_TLS_CUT, 100, 60, "", 0);
	now += STEP_NS;
	call(CUT, 0, "an answer", 9);
	chunk(&talks[CUT], EV_TLS_WRITE | EV_TLS_FILE | EV_TLS_CUT, 500, 0, "", 0);
	now += STEP_NS;
	chunk(&talks[CUT], EV_TLS_WRITE, 30, 20, "the end.\r\n", 10);
	now += STEP_NS;
}

/* What began last ended in a middle of a call; of the others each end once, and the tuple is used again. */
static void ends(void)
{
	chunk(&talks[CUT], 0, 70, 0, "an answer that stops", 20);
	now += STEP_NS;
	call(FIRST, EV_TLS_WRITE, "to the first", 12);
	call(FIRST, 0, "from the first", 14);
	for (int i = 0; i < AGAIN; i++)
		end(&talks[i]);
	call(AGAIN, EV_TLS_WRITE, "to the next", 11);
	call(AGAIN, 0, "from the next", 13);
}

static void save(const char *dir, const char *name, const char *way, const struct buf *b)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, way);
	f = fopen(path, "w");
	failed |= !f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f);
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/records", argv[1]);
	out = fopen(path, "w");
	if (!out)
		return 1;
	requests();
	long_ones();
	incomplete();
	ends();
	for (int i = 0; i < TALK_CNT; i++) {
		save(argv[1], talks[i].name, "write", &talks[i].write);
		save(argv[1], talks[i].name, "read", &talks[i].read);
		buf_free(&talks[i].write);
		buf_free(&talks[i].read);
	}
	return fclose(out) || failed;
}
