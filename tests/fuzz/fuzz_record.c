/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/record.c src/model/packet.c src/model/owner.c src/out/text.c src/out/text_plain.c src/out/dissect.c
 * src/out/dissect_arp.c src/out/dissect_icmp.c src/out/dissect_icmp6.c src/out/dissect_ip.c
 * src/out/dissect_ip6.c src/out/dissect_tcp.c src/out/dissect_udp.c src/out/tcpseq.c src/out/fmt.c
 * src/out/json.c src/out/json_put.c src/out/json_packet.c src/out/fields.c src/out/pcapng_plain.c
 * src/out/pcapng_streams.c src/out/synth.c src/model/plain.c src/base/buf.c src/base/sysroot.c
 * src/out/outfile.c src/out/outfd.c src/base/patient.c src/base/clock.c */
/* Fuzzes the way of a record to a line, or to segments of plaintext: what record_check lets through must be shown without a read
 * outside the record, and in JSON as printable ASCII. The input is taken as a record, and as the frame of a good one, or little would ever be
 * reached. With libFuzzer: clang -fsanitize=fuzzer -DPIDTAP_LIBFUZZER; without it, the files given as
 * arguments are replayed. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "model/record.h"
#include "out/json.h"
#include "out/pcapng_plain.h"
#include "out/text.h"
#include "written.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Where everything goes. */
struct outputs {
	struct sink *text, *json;
	struct pcapng_plain *plain;
};

static void show(const struct ev_packet *rec, struct outputs *o)
{
	static const struct iface eth0 = {.name = "eth0"};
	struct packet p;

	packet_from_record(rec, &eth0, rec->len % 7 ? UINT32_MAX : 60, &p);
	p.ts_ns = rec->hdr.ts_ns;
	o->text->ops->packet(o->text, &p);
	o->json->ops->packet(o->json, &p);
}

static int on_frame(void *ctx, const struct plain_frame *frame)
{
	(void)ctx;
	return frame->len > 94 + 20 + 65535;
}

static void end_plain(const struct plain *p, struct outputs *o)
{
	const struct plain_end end = {.ts_ns = p->ts_ns, .key = p->key};

	if (pcapng_plain_end(o->plain, &end, on_frame, NULL))
		abort();
}

static void show_plain(const struct ev_tls_data *rec, struct outputs *o)
{
	struct plain p = {
		.ts_ns = rec->hdr.ts_ns,
		.key = rec->key,
		.ssl = rec->ssl,
		.fd = rec->fd,
		.flags = rec->flags,
		.total = rec->total,
		.offset = rec->offset,
		.data = (const uint8_t *)(rec + 1),
		.len = rec->len,
	};

	owner_from_val(&rec->owner, &p.owner);
	o->text->ops->plain(o->text, &p);
	o->json->ops->plain(o->json, &p);
	if (pcapng_plain_put(o->plain, &p, on_frame, NULL))
		abort();
	if (p.flags & EV_TLS_FD) /* some end at once */
		end_plain(&p, o);
}

/* `size` bytes that hold exactly this record; freed here. */
static void take(void *rec, size_t size, struct outputs *o)
{
	const struct ev_hdr *hdr = rec;

	if (rec && !record_check(rec, size) && hdr->type == EV_PACKET)
		show(rec, o);
	else if (rec && !record_check(rec, size) && hdr->type == EV_TLS_DATA)
		show_plain(rec, o);
	free(rec);
}

static void *as_record(const uint8_t *data, size_t len)
{
	void *rec = malloc(len);

	if (rec && len)
		memcpy(rec, data, len);
	return rec;
}

/* The first byte chooses the flags, the rest is the frame: `len` bytes in all, at least one. */
static void *as_frame(const uint8_t *data, size_t len)
{
	struct ev_packet *rec = calloc(1, sizeof(*rec) + len - 1);

	if (!rec)
		return NULL;
	rec->hdr.type = EV_PACKET;
	rec->hdr.size = sizeof(*rec);
	rec->dir = EV_DIR_OUT;
	rec->flags = data[0];
	rec->caplen = (uint32_t)len - 1;
	rec->len = rec->caplen + data[0] / 16;
	memcpy(rec + 1, data + 1, len - 1);
	return rec;
}

/* The same as plaintext: the first byte chooses the flags, the second what is missing around it. */
static void *as_plain(const uint8_t *data, size_t len)
{
	struct ev_tls_data *rec = calloc(1, sizeof(*rec) + len - 2);

	if (!rec)
		return NULL;
	rec->hdr.type = EV_TLS_DATA;
	rec->hdr.size = sizeof(*rec);
	rec->flags = data[0];
	rec->len = (uint32_t)len - 2;
	rec->offset = data[1] >> 4;
	rec->total = rec->offset + rec->len + (data[1] & 15);
	memcpy(&rec->key, data + 2, len - 2 < sizeof(rec->key) ? len - 2 : sizeof(rec->key));
	memcpy(rec + 1, data + 2, len - 2);
	return rec;
}

static void take_all(const uint8_t *data, size_t len, struct outputs *o)
{
	take(as_record(data, len), len, o);
	if (len)
		take(as_frame(data, len), sizeof(struct ev_packet) + len - 1, o);
	for (int i = 0; i < 2 && len > 1; i++)
		take(as_plain(data, len), sizeof(struct ev_tls_data) + len - 2, o);
}

static void check_json(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < 0x20 || text[i] > 0x7e))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct text_opts opts[] = {{.plain = true}, {.verbose = true, .plain = true, .hex = true}, {.quiet = true}};
	const struct json_opts json_opts = {.plain = true};
	char *text;
	size_t text_len;
	int json;
	struct outputs o = {text_open(open("/dev/null", O_WRONLY), &opts[len % 3]), json_open(written_begin(&json), &json_opts),
		pcapng_plain_new(1514, 4)};

	if (!o.text || !o.json || !o.plain)
		abort();
	take_all(data, len, &o);
	o.json->ops->flush(o.json);
	o.text->ops->close(o.text);
	o.json->ops->close(o.json);
	pcapng_plain_free(o.plain);
	text = written_end(json, &text_len);
	check_json(text, text_len);
	free(text);
	return 0;
}

#include "replay.h"
