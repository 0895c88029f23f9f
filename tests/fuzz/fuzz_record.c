/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/record.c src/model/packet.c src/model/owner.c src/out/text.c src/out/text_plain.c src/out/dissect.c
 * src/out/dissect_arp.c src/out/dissect_icmp.c src/out/dissect_icmp6.c src/out/dissect_ip.c
 * src/out/dissect_ip6.c src/out/dissect_tcp.c src/out/dissect_udp.c src/out/tcpseq.c src/out/fmt.c
 * src/base/buf.c src/base/sysroot.c */
/* Fuzzes the way of a record to a line: what record_check lets through must be shown without a read outside
 * the record. The input is taken as a record, and as the frame of a good one, or little would ever be
 * reached. With libFuzzer: clang -fsanitize=fuzzer -DPIDTAP_LIBFUZZER; without it, the files given as
 * arguments are replayed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/record.h"
#include "out/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void show(const struct ev_packet *rec, struct sink *s)
{
	static const struct iface eth0 = {.name = "eth0"};
	struct packet p;

	packet_from_record(rec, &eth0, rec->len % 7 ? UINT32_MAX : 60, &p);
	p.ts_ns = rec->hdr.ts_ns;
	s->ops->packet(s, &p);
}

/* `size` bytes that hold exactly this record; freed here. */
static void take(void *rec, size_t size, struct sink *s)
{
	const struct ev_hdr *hdr = rec;

	if (rec && !record_check(rec, size) && hdr->type == EV_PACKET)
		show(rec, s);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct text_opts opts[] = {{0}, {.verbose = true}, {.quiet = true}};
	FILE *null = fopen("/dev/null", "w");
	struct sink *s = null ? text_open(null, &opts[len % 3]) : NULL;

	if (s) {
		take(as_record(data, len), len, s);
		if (len)
			take(as_frame(data, len), sizeof(struct ev_packet) + len - 1, s);
		s->ops->close(s);
	}
	if (null)
		fclose(null);
	return 0;
}

#include "replay.h"
