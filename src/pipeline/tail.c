/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/tail.h"
#include "model/record.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One is enough: the two records come one after the other on their CPU, and of the same time hardly any other. */
struct tail {
	struct ev_tail last; /* hdr.type 0: none */
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

void tail_note(struct tail *t, const struct ev_tail *rec)
{
	t->last = *rec;
}

static bool is_of(const struct ev_tail *tail, const struct ev_packet *rec)
{
	return tail->hdr.type && tail->hdr.ts_ns == rec->hdr.ts_ns && tail->cpu == rec->cpu && tail->len == rec->len &&
	       rec->len - rec->caplen <= EV_TAIL_LEN;
}

const struct ev_packet *tail_join(struct tail *t, const struct ev_packet *rec)
{
	uint32_t missing = rec->len - rec->caplen;

	if (!missing || !is_of(&t->last, rec))
		return rec;
	memcpy(t->whole.bytes, rec, sizeof(*rec) + rec->caplen);
	memcpy(t->whole.bytes + sizeof(*rec) + rec->caplen, t->last.data + EV_TAIL_LEN - missing, missing);
	t->whole.packet.caplen = rec->len;
	return &t->whole.packet;
}
