/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process claimed, and what it leaves behind when it ends. */
#include "model/flow_hold.h"
#include "model/flow_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct actor_entry *find_actor(const struct flow_table *t, uint32_t pid)
{
	struct actor_entry *a;

	HASH_FIND(hh, t->actors, &pid, sizeof(pid), a);
	return a;
}

static struct actor_entry *get_actor(struct flow_table *t, uint32_t pid)
{
	struct actor_entry *a = find_actor(t, pid);

	if (a)
		return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->pid = pid;
	HASH_ADD(hh, t->actors, pid, sizeof(a->pid), a);
	if (a->hh.tbl)
		return a;
	free(a);
	return NULL;
}

int flow_actor_add(struct flow_table *t, struct claim *c)
{
	c->actor = get_actor(t, c->owner.pid);
	if (!c->actor)
		return -ENOMEM;
	DL_APPEND2(c->actor->claims, c, actor_prev, actor_next);
	return 0;
}

void flow_actor_del(struct flow_table *t, struct claim *c)
{
	DL_DELETE2(c->actor->claims, c, actor_prev, actor_next);
	if (c->actor->claims)
		return;
	HASH_DEL(t->actors, c->actor);
	free(c->actor);
}

static bool is_by(const struct claim *c, const struct ev_proc *ended)
{
	return owner_is_process(&c->owner, ended->pid, ended->start_ns);
}

/* Was it closed by the end of that process, or after it? Then nobody has it now. It is told of the FIN, too. */
static bool is_closed(const struct sock_entry *s, const struct ev_proc *ended)
{
	const struct claim *c;

	if (s->closed_ns != UINT64_MAX)
		return true;
	DL_FOREACH2(s->claims, c, sock_next)
		if (c->since_ns > ended->hdr.ts_ns && is_by(c, ended))
			return true;
	return false;
}

static bool is_left(const struct claim *c, const struct ev_proc *ended)
{
	return is_by(c, ended) && c->since_ns <= ended->hdr.ts_ns && c->until_ns > ended->hdr.ts_ns;
}

/* Of several claims through one socket the first speaks for all. */
static bool is_first_left(const struct claim *claim, const struct ev_proc *ended)
{
	const struct claim *c;

	DL_FOREACH2(claim->sock->claims, c, sock_next)
		if (is_left(c, ended))
			return c == claim && !is_closed(c->sock, ended);
	return false;
}

static void put_release(const struct claim *c, const struct ev_proc *ended, struct ev_release *out)
{
	out->hdr.ts_ns = ended->hdr.ts_ns;
	out->sk = c->sock->sk;
	out->sock_id = c->sock->sock_id;
	out->key = c->flow->key;
	out->ino = c->sock->ino;
	out->start_ns = ended->start_ns;
	out->pid = ended->pid;
}

int flow_left_by(const struct flow_table *t, const struct ev_proc *ended, struct ev_release **out, size_t *cnt)
{
	const struct actor_entry *a = find_actor(t, ended->pid);
	struct ev_release *list;
	const struct claim *c;
	size_t n = 0;

	*out = NULL;
	*cnt = 0;
	if (!a)
		return 0;
	DL_FOREACH2(a->claims, c, actor_next)
		n += is_first_left(c, ended);
	list = n ? calloc(n, sizeof(*list)) : NULL;
	if (n && !list)
		return -ENOMEM;
	*out = list;
	DL_FOREACH2(a->claims, c, actor_next)
		if (is_first_left(c, ended))
			put_release(c, ended, &list[(*cnt)++]);
	return 0;
}
