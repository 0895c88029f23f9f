/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/tail.h"
#include "model/record.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One is enough: the records come one after the other on their CPU, and of the same time hardly any other. */
struct tail {
	struct ev_tail last;
	uint32_t end; /* the frame is known from EV_CAPLEN_MAX up to here; 0: nothing is */
	union {
		struct ev_packet packet;
		uint8_t bytes[sizeof(struct ev_packet) + EV_SNAPLEN_MAX];
	} whole;
};

struct tail *tail_new(void)
{
	return calloc(1, sizeof(struct tail));
}

void tail_free(struct tail *t)
{
	free(t);
}

static uint8_t *frame_at(struct tail *t, uint32_t offset)
{
	return t->whole.bytes + sizeof(t->whole.packet) + offset;
}

static bool is_next(const struct tail *t, const struct ev_tail *rec)
{
	return t->end == rec->offset && t->last.hdr.ts_ns == rec->hdr.ts_ns && t->last.cpu == rec->cpu && t->last.len == rec->len;
}

void tail_note(struct tail *t, const struct ev_tail *rec)
{
	bool begins = rec->offset == EV_CAPLEN_MAX;

	if (!begins && !is_next(t, rec)) {
		t->end = 0;
		return;
	}
	t->last = *rec;
	t->end = rec->offset + rec->size;
	memcpy(frame_at(t, rec->offset), rec + 1, rec->size);
}

const struct ev_packet *tail_join(struct tail *t, const struct ev_packet *rec)
{
	if (rec->caplen != EV_CAPLEN_MAX || rec->len == rec->caplen || t->end != rec->len || t->last.hdr.ts_ns != rec->hdr.ts_ns ||
		t->last.cpu != rec->cpu)
		return rec;
	memcpy(t->whole.bytes, rec, sizeof(*rec) + rec->caplen);
	t->whole.packet.caplen = rec->len;
	return &t->whole.packet;
}
