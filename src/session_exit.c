/* SPDX-License-Identifier: BSD-2-Clause */
/* A process ended: whose are its sockets that are still open?
 *
 * The kprobe back-end tells of each descriptor. Otherwise connections that the end closes are known by their FIN or reset, a moment
 * later; so what is still open then is looked for in other processes. */
#include "session_int.h"
#include "model/flow_hold.h"
#include "source/procfd.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

void session_on_exit(struct session *s, const struct ev_proc *ev)
{
	struct ev_release *left;
	size_t cnt;

	if (backend_tells_closes(s->backend))
		return;
	if (flow_left_by(s->flows, ev, &left, &cnt))
		s->stats.claims_failed++;
	free(left);
	if (!cnt)
		return;
	if (s->leaver_cnt == LEAVERS_MAX)
		session_settle_exits(s, UINT64_MAX);
	if (s->leaver_cnt == LEAVERS_MAX) { /* so many cannot come to their end: whose their sockets are stays unknown */
		s->stats.claims_failed++;
		return;
	}
	s->leavers[s->leaver_cnt++] = *ev;
}

/* A datagram socket that nobody has ended with its process. A connection may live on in the kernel: its process stays its last
 * owner. */
static void end_socket(struct session *s, const struct ev_release *ev)
{
	struct ev_close end;

	if (ev->key.proto == IPPROTO_TCP)
		return;
	memset(&end, 0, sizeof(end));
	end.hdr.ts_ns = ev->hdr.ts_ns;
	end.sk = ev->sk;
	end.sock_id = ev->sock_id;
	end.key = ev->key;
	flow_close(s->flows, &end);
}

/* A connection whose last descriptor was closed before: its FIN is still on the way. */
static bool is_orphan(const struct session *s, const struct ev_release *ev)
{
	struct ev_sock now;

	return !map_get(maps_fd(s->maps, "m_sock"), &ev->sk, &now) && now.owner.sock_id == ev->sock_id && now.orphan;
}

static void pass_on(struct session *s, const struct ev_release *ev)
{
	bool nobody = false, found;
	struct owner heir;

	if (is_orphan(s, ev))
		return;
	found = flow_next_actor(s->flows, ev, &heir) || session_find_heir(s, ev, &heir, &nobody);
	if (found)
		filter_acted(s->filter, heir.pid, heir.start_ns);
	if (nobody)
		end_socket(s, ev);
	else if (flow_handover(s->flows, ev, found ? &heir : NULL))
		s->stats.claims_failed++;
}

/* false: it is still ending, its descriptors are open. */
static bool settle(struct session *s, const struct ev_proc *ended)
{
	struct ev_release *left;
	bool over = true;
	size_t cnt;

	if (flow_left_by(s->flows, ended, &left, &cnt))
		s->stats.claims_failed++;
	for (size_t i = 0; i < cnt && over; i++)
		over = !procfd_has(&s->root, ended->pid, left[i].ino);
	for (size_t i = 0; i < cnt && over; i++)
		pass_on(s, &left[i]);
	free(left);
	return over;
}

void session_settle_exits(struct session *s, uint64_t until_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->leaver_cnt; i++)
		if (s->leavers[i].hdr.ts_ns > until_ns || !settle(s, &s->leavers[i]))
			s->leavers[kept++] = s->leavers[i];
	s->leaver_cnt = kept;
}
