/* SPDX-License-Identifier: BSD-2-Clause */
/* A process ended: whose are its sockets that are still open?
 *
 * The kprobe back-end tells of each descriptor. Otherwise connections that the end closes are known by their FIN or reset, a moment
 * later; so what is still open then is looked for in other processes. */
#include "session_int.h"
#include "model/flow_hold.h"
#include "source/netns.h"
#include "source/procfd.h"
#include "source/sockdiag.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Packets wait no longer for the end of a process: one that gives back much memory, or hangs. */
#define HOLD_MAX_NS (100 * NSEC_PER_MSEC)

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
		session_settle_exits(s, s->told_ns, s->told_ns);
	if (s->leaver_cnt == LEAVERS_MAX) { /* so many cannot come to their end: whose their sockets are stays unknown */
		s->stats.claims_failed++;
		return;
	}
	s->leavers[s->leaver_cnt++] = (struct leaver){.ended = *ev, .known_ns = clock_mono_ns()};
}

struct question {
	const struct session *s;
	uint32_t netns;
	struct socks answer;
};

static int list_sockets(void *ctx)
{
	struct question *q = ctx;

	return sockdiag_list(&q->s->root, q->netns, &q->answer);
}

/* Does the kernel say that nobody has it? It may be on its way to another process (SCM_RIGHTS), in no one's descriptors. */
static bool is_nobodys(const struct session *s, const struct ev_release *ev)
{
	struct question q = {s, ev->key.netns, SOCKS_INIT};
	bool gone = false;
	struct space *space;

	LL_FOREACH(s->spaces, space) {
		if (space->ns.inode != ev->key.netns || !session_can_enter(space) ||
			netns_in(space->ns.fd, list_sockets, &q))
			continue;
		socks_sort(&q.answer);
		gone = socks_find_ino(&q.answer, ev->ino) == q.answer.cnt;
	}
	socks_free(&q.answer);
	return gone;
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

/* Nobody is known to have it, and none of those who could be asked: until one acts it is not known whose it is. */
static void give_to(struct session *s, const struct ev_release *ev, const struct owner *heir)
{
	if (flow_handover(s->flows, ev, heir))
		s->stats.claims_failed++;
}

/* false: nobody has it, as of now; one may have had it, and told of it in records that are still to be read. */
static bool pass_on(struct session *s, const struct ev_release *ev)
{
	bool nobody = false, found;
	struct owner heir;

	if (flow_next_actor(s->flows, ev, &heir)) {
		give_to(s, ev, &heir);
		return true;
	}
	if (is_orphan(s, ev))
		return false;
	found = session_find_heir(s, ev, &heir, &nobody);
	if (nobody && is_nobodys(s, ev))
		return false;
	give_to(s, ev, found ? &heir : NULL);
	return true;
}

/* Whoever had it has told so by now. */
static void conclude(struct session *s, const struct ev_release *ev)
{
	struct owner heir;

	if (flow_next_actor(s->flows, ev, &heir))
		give_to(s, ev, &heir);
	else
		end_socket(s, ev);
}

/* A zombie has closed all it had; but the first thread is one before the others have ended. */
static bool is_still_ending(const struct session *s, const struct ev_proc *ended, const struct ev_release *left, size_t cnt)
{
	if (cnt && procfd_is_there(&s->root, ended->pid, ended->start_ns))
		return true;
	for (size_t i = 0; i < cnt; i++)
		if (procfd_has(&s->root, left[i].pid, left[i].ino))
			return true;
	return false;
}

/* false: it has to be looked at once more. */
static bool settle(struct session *s, struct leaver *who)
{
	struct ev_release *left;
	bool over = true;
	size_t cnt;

	if (flow_left_by(s->flows, &who->ended, &left, &cnt))
		s->stats.claims_failed++;
	if (who->looked_ns) {
		for (size_t i = 0; i < cnt; i++)
			conclude(s, &left[i]);
	} else if (is_still_ending(s, &who->ended, left, cnt)) {
		over = false;
	} else {
		for (size_t i = 0; i < cnt; i++)
			over &= pass_on(s, &left[i]);
		who->looked_ns = clock_mono_ns();
	}
	free(left);
	return over;
}

/* Where all records were read before it was looked, none has to be waited for. */
static bool settle_or_conclude(struct session *s, struct leaver *who, uint64_t told_ns)
{
	return settle(s, who) || (who->looked_ns && who->looked_ns <= told_ns && settle(s, who));
}

void session_settle_exits(struct session *s, uint64_t ended_ns, uint64_t told_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->leaver_cnt; i++) {
		struct leaver *who = &s->leavers[i];

		if (who->ended.hdr.ts_ns > ended_ns || who->looked_ns > told_ns || !settle_or_conclude(s, who, told_ns))
			s->leavers[kept++] = *who;
	}
	s->leaver_cnt = kept;
}

uint64_t session_settled_until(const struct session *s, uint64_t now_ns)
{
	uint64_t until_ns = UINT64_MAX;

	if (s->unsure_looked_ns > s->told_ns)
		until_ns = s->unsure_since_ns;
	for (size_t i = 0; i < s->leaver_cnt; i++) {
		uint64_t ts_ns = s->leavers[i].ended.hdr.ts_ns;

		if (ts_ns < until_ns && now_ns < s->leavers[i].known_ns + HOLD_MAX_NS)
			until_ns = ts_ns;
	}
	return until_ns;
}
