/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/conn_int.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

struct conn_table *conn_table_new(const struct conn_opts *opts)
{
	struct conn_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->opts = *opts;
	if (!t->opts.max)
		t->opts.max = 1;
	return t;
}

/* ---- which one is it ---- */

static bool is_open(const struct conn_entry *e)
{
	return e->conn.end_ns == UINT64_MAX;
}

static bool may_be_equal(uint64_t a, uint64_t b)
{
	return !a || !b || a == b;
}

/* Of the same tuple. The kernel's map forgets sockets that are open: then one file has another sock_id when it acts again. Without
 * sock_id only one that is open can be meant: a tuple is one open socket's at a time. */
static bool is_same(const struct conn_entry *e, const struct conn *c)
{
	if (e->conn.sock_id && c->sock_id)
		return e->conn.sock_id == c->sock_id || (is_open(e) && c->ino && e->conn.ino == c->ino);
	return is_open(e) && may_be_equal(e->conn.ino, c->ino);
}

static struct conn_entry *find(const struct conn_table *t, const struct conn *c)
{
	struct conn_entry *e;

	for (e = conn_newest(t, &c->key); e; e = e->older)
		if (is_same(e, c))
			return e;
	return NULL;
}

const struct conn *conn_find(const struct conn_table *t, const struct conn *c)
{
	const struct conn_entry *e = find(t, c);

	return e ? &e->conn : NULL;
}

/* ---- its end ---- */

/* Ends come nearly in order of time. */
static void schedule(struct conn_table *t, struct conn_entry *e, uint64_t ts_ns)
{
	struct conn_entry *before = t->closing ? t->closing->prev : NULL;

	if (!is_open(e))
		return;
	e->conn.end_ns = ts_ns + CONN_LINGER_NS;
	while (before && before->conn.end_ns > e->conn.end_ns)
		before = before == t->closing ? NULL : before->prev;
	if (before)
		DL_APPEND_ELEM(t->closing, before, e);
	else
		DL_PREPEND(t->closing, e);
}

static void release(struct conn_table *t, struct conn_entry *e)
{
	if (e->prev)
		DL_DELETE(t->closing, e);
	conn_names_del(t, e);
	t->cnt--;
	if (t->opts.destroyed)
		t->opts.destroyed(t->opts.ctx, &e->conn);
	free(e);
}

/* An older one of its tuple stays known by the newest; with that it goes, too. */
static void forget(struct conn_table *t, struct conn_entry *e)
{
	struct conn_entry *newest = conn_newest(t, &e->conn.key), *older;

	if (newest == e) {
		HASH_DEL(t->conns, e);
		for (; e; e = older) {
			older = e->older;
			release(t, e);
		}
		return;
	}
	while (newest->older != e)
		newest = newest->older;
	newest->older = e->older;
	release(t, e);
}

void conn_table_free(struct conn_table *t)
{
	if (!t)
		return;
	t->opts.destroyed = NULL;
	while (t->conns)
		forget(t, t->conns);
	free(t);
}

void conn_del(struct conn_table *t, const struct conn *c, uint64_t ts_ns)
{
	struct conn_entry *e = find(t, c);

	if (e)
		schedule(t, e, ts_ns);
}

size_t conn_expire(struct conn_table *t, uint64_t now_ns)
{
	size_t before = t->cnt;

	while (t->closing && t->closing->conn.end_ns <= now_ns)
		forget(t, t->closing);
	conn_names_expire(t, now_ns);
	return before - t->cnt;
}

/* ---- its beginning ---- */

static void make_room(struct conn_table *t)
{
	while (t->cnt >= t->opts.max) {
		size_t before = t->cnt;

		forget(t, t->closing ? t->closing : t->conns);
		t->evicted += before - t->cnt;
	}
}

/* Puts `e` where the newest of its tuple is looked for, in front of those there are. false: no memory; then those are gone, too. */
static bool put(struct conn_table *t, struct conn_entry *e)
{
	struct conn_entry *older = conn_newest(t, &e->conn.key);

	if (older)
		HASH_DEL(t->conns, older);
	HASH_ADD(hh, t->conns, conn.key, sizeof(e->conn.key), e);
	if (e->hh.tbl) {
		e->older = older;
		t->cnt++;
		return true;
	}
	for (struct conn_entry *next; older; older = next) {
		next = older->older;
		release(t, older);
	}
	return false;
}

/* Whoever had this tuple is over. */
static struct conn_entry *begin(struct conn_table *t, const struct conn *c, uint64_t ts_ns)
{
	struct conn_entry *e, *old;

	make_room(t);
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->conn = *c;
	e->conn.end_ns = UINT64_MAX;
	old = conn_newest(t, &c->key);
	if (old)
		schedule(t, old, ts_ns);
	if (put(t, e))
		return e;
	free(e);
	return NULL;
}

/* A record of one that was replaced already, and is known no longer, comes late. */
static bool is_outdated(const struct conn_table *t, const struct conn *c)
{
	const struct conn_entry *newest = conn_newest(t, &c->key);

	return newest && c->sock_id && newest->conn.sock_id > c->sock_id;
}

static bool is_connection(const struct conn *c)
{
	return c->key.proto && c->key.lport && c->key.rport;
}

int conn_add(struct conn_table *t, const struct conn *c, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	struct conn_entry *e;

	if (!is_connection(c))
		return -EINVAL;
	e = find(t, c);
	if (!e && is_outdated(t, c))
		return 0;
	if (!e)
		e = begin(t, c, ts_ns);
	if (!e)
		return -ENOMEM;
	if (e->conn.sock_id < c->sock_id)
		e->conn.sock_id = c->sock_id;
	if (c->ino)
		e->conn.ino = c->ino;
	return fd < 0 || fd >= CONN_FD_MAX ? 0 : conn_name_add(t, e, who, fd, ts_ns);
}

size_t conn_count(const struct conn_table *t)
{
	return t->cnt;
}

uint64_t conn_evicted(const struct conn_table *t)
{
	return t->evicted;
}
