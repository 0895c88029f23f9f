/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that several processes hold: when the owner gives one up, who has it now? */
#include "session_int.h"
#include "base/log.h"
#include "model/flow_hold.h"
#include "source/procfd.h"

#include <string.h>

#define CANDIDATES_MAX 32

/* Looking through the descriptors of all processes takes long on a large machine. */
#define SEARCH_EVERY_NS NSEC_PER_SEC

void session_on_holder(struct session *s, const struct ev_owner *ev)
{
	struct owner who;

	owner_from_val(&ev->owner, &who);
	if (ev->ino && holders_add(s->holders, ev->ino, &who, ev->hdr.ts_ns, ev->fd))
		s->stats.claims_failed++;
}

/* One that acted on the socket or was told of, and still has it; NULL: none. */
static const struct owner *find_known(
	struct session *s, const struct ev_release *ev, const struct owner *candidates, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (procfd_has(&s->root, candidates[i].pid, ev->ino))
			return &candidates[i];
	return NULL;
}

static uint32_t find_unknown(struct session *s, const struct ev_release *ev)
{
	uint32_t pid = procfd_find_child(&s->root, ev->pid, ev->ino);

	if (pid || ev->hdr.ts_ns < s->next_search_ns)
		return pid;
	s->next_search_ns = ev->hdr.ts_ns + SEARCH_EVERY_NS;
	return procfd_find(&s->root, ev->ino);
}

void session_on_release(struct session *s, const struct ev_release *ev)
{
	struct owner candidates[CANDIDATES_MAX], found;
	size_t n = flow_claimants(s->flows, ev, candidates, CANDIDATES_MAX);
	const struct owner *heir = NULL;
	struct ev_owner_val val;
	uint32_t pid;

	if (!n)
		return;
	n += holders_get(s->holders, ev->ino, candidates + n, CANDIDATES_MAX - n);
	if (ev->ino)
		heir = find_known(s, ev, candidates, n);
	if (!heir && ev->ino) {
		pid = find_unknown(s, ev);
		if (pid && !procfd_owner(&s->root, pid, &val)) {
			owner_from_val(&val, &found);
			heir = &found;
		}
	}
	if (flow_handover(s->flows, ev, heir))
		s->stats.claims_failed++;
}
