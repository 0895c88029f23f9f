/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections by who holds them, for plaintext: which descriptor a process has for a socket, and which socket a descriptor is. */
#include "session_int.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>

/* Above it the oldest are forgotten: some 250 bytes each, as far as there are so many. */
#define CONNECTIONS_MAX (1U << 20)

/* One that gave way while it was open did not end; nor is told what came after all that is shown. */
static void on_destroyed(void *ctx, const struct conn *c)
{
	struct plain_end end = {.key = c->key, .sock_id = c->sock_id};
	struct session *s = ctx;

	if (c->end_ns == UINT64_MAX)
		return;
	end.ts_ns = clock_realtime_ns(&s->clock, c->end_ns - CONN_LINGER_NS);
	if (!s->full || end.ts_ns <= s->full_ns)
		session_sink_ended(s, &end);
}

int session_open_conns(struct session *s)
{
	const struct conn_opts opts = {.max = CONNECTIONS_MAX, .destroyed = on_destroyed, .ctx = s};

	if (!s->opts->plaintext)
		return 0;
	s->conns = conn_table_new(&opts);
	if (s->conns)
		return 0;
	log_err("out of memory");
	return -ENOMEM;
}

static struct conn conn_of(const struct ev_key *key, uint64_t sock_id, uint64_t ino)
{
	return (struct conn){.key = *key, .sock_id = sock_id, .ino = ino};
}

static struct conn_who who_of(const struct ev_owner_val *val)
{
	return (struct conn_who){.start_ns = val->start_ns, .pid = val->pid};
}

void session_conn_owner(struct session *s, const struct ev_owner *ev)
{
	struct conn c = conn_of(&ev->key, ev->owner.sock_id, ev->ino);
	struct conn_who who = who_of(&ev->owner);

	if (!s->conns || ev->key.proto != IPPROTO_TCP || (ev->kind != EV_OWN_FLOW && ev->kind != EV_OWN_HOLD))
		return;
	if (conn_add(s->conns, &c, &who, who.pid ? ev->fd : -1, ev->hdr.ts_ns) == -ENOMEM)
		s->stats.claims_failed++;
}

void session_conn_release(struct session *s, const struct ev_release *ev)
{
	struct conn c = conn_of(&ev->key, ev->sock_id, ev->ino);
	struct conn_who who = {.start_ns = ev->start_ns, .pid = ev->pid};

	if (s->conns)
		conn_drop(s->conns, &c, &who, ev->fd, ev->hdr.ts_ns);
}

void session_conn_close(struct session *s, const struct ev_close *ev)
{
	struct conn c = conn_of(&ev->key, ev->sock_id, ev->ino);

	if (s->conns)
		conn_del(s->conns, &c, ev->hdr.ts_ns);
}

void session_conn_process(struct session *s, const struct ev_hdr *ev)
{
	const struct ev_proc *p = (const struct ev_proc *)ev;
	struct conn_who who = {.start_ns = p->start_ns, .pid = p->pid};
	struct conn_who parent = {.start_ns = p->parent_start_ns, .pid = p->ppid};

	if (!s->conns)
		return;
	if (ev->type == EV_FORK && conn_fork(s->conns, &parent, &who, ev->ts_ns))
		s->stats.claims_failed++;
	else if (ev->type == EV_EXEC)
		conn_exec(s->conns, &who);
	else if (ev->type == EV_EXIT)
		conn_exit(s->conns, &who, ev->ts_ns);
}

/* The library's own calls say over which socket, the program which descriptor, or both. Of the socket it is looked up: what the
 * program said of the descriptor is as old as its handshake; dup2 may have replaced it. */
void session_conn_plain(struct session *s, const struct ev_tls_data *ev, struct plain *p)
{
	struct conn_who who = who_of(&ev->owner);
	const struct conn *c;

	if (!s->conns)
		return;
	if (!(p->flags & EV_TLS_KEY) && p->fd >= 0) {
		c = conn_get(s->conns, &who, p->fd, ev->hdr.ts_ns);
		if (!c)
			return;
		p->key = c->key;
		p->owner.sock_id = c->sock_id;
		p->flags |= EV_TLS_KEY;
	} else if (p->flags & EV_TLS_KEY) {
		struct conn known = conn_of(&ev->key, ev->owner.sock_id, 0);
		int32_t fd = conn_fd(s->conns, &known, &who, ev->hdr.ts_ns);

		if (fd >= 0)
			p->fd = fd;
	}
}

void session_conn_report(const struct session *s)
{
	if (s->conns)
		log_info("connections: %zu known, of %zu processes, %" PRIu64 " forgotten", conn_count(s->conns),
			conn_process_count(s->conns), conn_evicted(s->conns));
}
