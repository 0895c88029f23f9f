/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/record.c src/model/packet.c src/model/owner.c src/model/iface.c src/base/buf.c
 * src/base/clock.c src/out/text.c src/out/text_plain.c src/out/dissect.c src/out/dissect_arp.c src/out/dissect_icmp.c
 * src/out/dissect_icmp6.c src/out/dissect_ip.c src/out/dissect_ip6.c src/out/dissect_tcp.c
 * src/out/dissect_udp.c src/out/tcpseq.c src/out/fmt.c src/out/pcapng.c src/model/secret.c src/out/pcapng_block.c
 * src/out/outfile.c src/out/outfd.c src/base/patient.c src/out/pcapng_proc.c src/out/pcapng_comment.c
 * src/out/pcapng_isb.c src/out/pcapng_plain.c src/out/pcapng_streams.c src/out/synth.c src/model/plain.c src/out/json.c
 * src/out/json_put.c src/out/json_packet.c src/out/fields.c */
/* replay [-v|-q|--plaintext] RECORDS TEXT JSON PCAPNG: what the outputs make of a file of records (golden.h). The clock is
 * fixed, so the same records always give the same bytes. */
#include "tests/golden/golden.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/record.h"
#include "out/json.h"
#include "out/pcapng.h"
#include "out/text.h"

#define OFFSET_NS 1700049599000000000LL /* the record's time plus this is 2023-11-15 12:00:00 UTC and on */
#define SINK_CNT 3 /* text, JSON, pcapng */

struct replay {
	struct iface_table *ifaces;
	struct sink *sinks[SINK_CNT];
	struct clock_offset clock;
	struct stats stats;
};

struct args {
	FILE *in;
	int text, json;
	const char *pcapng;
	bool verbose, quiet, plain;
};

static uint64_t end_of_capture(void)
{
	return 1700049700000000000ULL;
}

/* All of them, in the order of the table: the outputs know their numbers before the first packet. */
static int add_ifaces(struct replay *r)
{
	for (size_t i = 0; i < GOLDEN_IFACE_CNT; i++) {
		const struct golden_iface *g = &golden_ifaces[i];
		struct iface *iface = iface_add(r->ifaces, GOLDEN_NETNS, g->ifindex, g->name, g->l3);

		for (int s = 0; s < SINK_CNT; s++) {
			if (!iface ||
				(r->sinks[s]->ops->iface && r->sinks[s]->ops->iface(r->sinks[s], iface)))
				return -1;
		}
	}
	return 0;
}

static int hand_over(struct replay *r, const struct ev_packet *rec)
{
	struct iface *iface = iface_find(r->ifaces, rec->netns, rec->ifindex);
	struct packet p;

	if (!iface)
		return -1;
	packet_from_record(rec, iface, EV_CAPLEN_MAX, &p);
	p.ts_ns = clock_realtime_ns(&r->clock, rec->hdr.ts_ns);
	iface->received++;
	r->stats.captured++;
	r->stats.kernel[EV_STAT_SEEN]++;
	for (int s = 0; s < SINK_CNT; s++) {
		if (r->sinks[s]->ops->packet(r->sinks[s], &p))
			return -1;
	}
	return 0;
}

/* Behind the others, as in a capture. */
static int add_plain_iface(struct replay *r)
{
	struct iface *iface = iface_add(r->ifaces, 0, 0, "tls-plaintext", false);

	if (!iface)
		return -1;
	iface->plain = true;
	return r->sinks[SINK_CNT - 1]->ops->iface(r->sinks[SINK_CNT - 1], iface);
}

static int hand_over_plain(struct replay *r, const struct ev_tls_data *rec)
{
	struct plain p = {
		.ts_ns = clock_realtime_ns(&r->clock, rec->hdr.ts_ns),
		.key = rec->key,
		.ssl = rec->ssl,
		.fd = rec->flags & EV_TLS_FD ? rec->fd : -1,
		.flags = rec->flags,
		.total = rec->total,
		.offset = rec->offset,
		.data = (const uint8_t *)(rec + 1),
		.len = rec->len,
	};

	owner_from_val(&rec->owner, &p.owner);
	r->stats.plain_bytes += p.len;
	for (int s = 0; s < SINK_CNT; s++) {
		if (r->sinks[s]->ops->plain(r->sinks[s], &p))
			return -1;
	}
	return 0;
}

/* At once: what the connection table delays is tested elsewhere. */
static int hand_over_end(struct replay *r, const struct ev_close *rec)
{
	const struct plain_end end = {
		.ts_ns = clock_realtime_ns(&r->clock, rec->hdr.ts_ns), .key = rec->key, .sock_id = rec->sock_id};

	for (int s = 0; s < SINK_CNT; s++) {
		if (r->sinks[s]->ops->ended && r->sinks[s]->ops->ended(r->sinks[s], &end))
			return -1;
	}
	return 0;
}

/* Reads the next record to `rec`. Its length; 0 at the end; -1: the file is damaged. */
static int next_record(FILE *in, void *rec)
{
	uint32_t len, padded;

	if (fread(&len, sizeof(len), 1, in) != 1)
		return feof(in) ? 0 : -1;
	padded = (len + 3) & ~3u;
	if (len > GOLDEN_RECORD_MAX || fread(rec, 1, padded, in) != padded || record_check(rec, len))
		return -1;
	return (int)len;
}

static int run(struct replay *r, const struct args *args)
{
	static union {
		struct ev_hdr hdr;
		struct ev_packet packet;
		struct ev_tls_data tls;
		struct ev_close close;
		uint8_t bytes[GOLDEN_RECORD_MAX];
	} rec;
	int len;

	if (add_ifaces(r) || (args->plain && add_plain_iface(r)))
		return -1;
	while ((len = next_record(args->in, &rec)) > 0) {
		if (rec.hdr.type == EV_PACKET && hand_over(r, &rec.packet))
			return -1;
		if (rec.hdr.type == EV_TLS_DATA && hand_over_plain(r, &rec.tls))
			return -1;
		if (rec.hdr.type == EV_CLOSE && hand_over_end(r, &rec.close))
			return -1;
	}
	for (int s = 0; s < SINK_CNT && !len; s++)
		len = r->sinks[s]->ops->finish(r->sinks[s], r->ifaces, &r->stats);
	return len;
}

static int open_pcapng(const char *path, struct sink **out)
{
	const struct pcapng_opts opts = {
		.snaplen = EV_CAPLEN_MAX,
		.hardware = "golden",
		.os = "Linux",
		.application = "pidtap golden",
		.filter = "port 9999",
		.now_ns = end_of_capture,
	};
	int fd = pcapng_create(path);

	return fd < 0 ? fd : pcapng_open(fd, &opts, out);
}

static int replay(const struct args *args)
{
	const struct text_opts text = {.verbose = args->verbose, .quiet = args->quiet, .plain = args->plain};
	const struct json_opts json = {.verbose = args->verbose, .quiet = args->quiet, .plain = args->plain};
	struct replay r = {.ifaces = iface_table_new(), .sinks = {text_open(args->text, &text), json_open(args->json, &json)}};
	int err = -1;

	clock_offset_set(&r.clock, 0, OFFSET_NS);
	if (r.ifaces && r.sinks[0] && r.sinks[1] && !open_pcapng(args->pcapng, &r.sinks[2]))
		err = run(&r, args);
	for (int s = 0; s < SINK_CNT; s++) {
		if (r.sinks[s])
			r.sinks[s]->ops->close(r.sinks[s]);
	}
	iface_table_free(r.ifaces);
	return err;
}

static int create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
}

int main(int argc, char **argv)
{
	struct args args = {0};
	int err = -1;

	if (argc == 6) {
		args.verbose = !strcmp(argv[1], "-v");
		args.quiet = !strcmp(argv[1], "-q");
		args.plain = !strcmp(argv[1], "--plaintext");
		argv++;
		argc--;
	}
	if (argc != 5) {
		fprintf(stderr, "usage: replay [-v|-q|--plaintext] RECORDS TEXT JSON PCAPNG\n");
		return 2;
	}
	args.in = fopen(argv[1], "r");
	args.text = create(argv[2]);
	args.json = create(argv[3]);
	args.pcapng = argv[4];
	if (args.in && args.text >= 0 && args.json >= 0)
		err = replay(&args);
	if (err)
		fprintf(stderr, "replay: %s could not be replayed\n", argv[1]);
	if (args.in)
		fclose(args.in);
	return err ? 1 : 0;
}
