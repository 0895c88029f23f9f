/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of connections: descriptors of processes, and when they were that. */
#include "model/conn_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* ---- processes ---- */

static struct conn_process_key key_of(const struct conn_who *who)
{
	return (struct conn_process_key){.start_ticks = who->start_ns / EV_TICK_NS, .pid = who->pid};
}

static struct conn_process *find_process(const struct conn_table *t, const struct conn_who *who)
{
	struct conn_process_key key = key_of(who);
	struct conn_process *p;

	HASH_FIND(hh, t->processes, &key, sizeof(key), p);
	return p;
}

static struct conn_process *get_process(struct conn_table *t, const struct conn_who *who)
{
	struct conn_process *p = find_process(t, who);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->key = key_of(who);
	p->ended_ns = UINT64_MAX;
	HASH_ADD(hh, t->processes, key, sizeof(p->key), p);
	if (p->hh.tbl)
		return p;
	free(p);
	return NULL;
}

static void free_if_nameless(struct conn_table *t, struct conn_process *p)
{
	if (p->name_cnt)
		return;
	if (p->prev)
		DL_DELETE(t->ended, p);
	HASH_DEL(t->processes, p);
	free(p->pages);
	free(p);
}

size_t conn_process_count(const struct conn_table *t)
{
	return HASH_COUNT(t->processes);
}

/* ---- places by descriptor ---- */

/* NULL: it has, or had, no name there. */
static struct conn_name **place_of(const struct conn_process *p, int32_t fd)
{
	size_t page = (size_t)fd / CONN_PAGE;

	return page < p->page_cnt && p->pages[page] ? &p->pages[page]->newest[fd % CONN_PAGE] : NULL;
}

static int make_pages(struct conn_process *p, size_t cnt)
{
	struct conn_page **pages;

	if (cnt <= p->page_cnt)
		return 0;
	if (cnt < 2 * p->page_cnt)
		cnt = 2 * p->page_cnt;
	pages = realloc(p->pages, cnt * sizeof(struct conn_page *));
	if (!pages)
		return -ENOMEM;
	memset(pages + p->page_cnt, 0, (cnt - p->page_cnt) * sizeof(struct conn_page *));
	p->pages = pages;
	p->page_cnt = cnt;
	return 0;
}

/* NULL: no memory. */
static struct conn_name **make_place(struct conn_process *p, int32_t fd)
{
	size_t page = (size_t)fd / CONN_PAGE;

	if (make_pages(p, page + 1))
		return NULL;
	if (!p->pages[page])
		p->pages[page] = calloc(1, sizeof(**p->pages));
	return place_of(p, fd);
}

static void free_page_if_empty(struct conn_process *p, size_t page)
{
	if (page >= p->page_cnt || !p->pages[page] || p->pages[page]->cnt)
		return;
	free(p->pages[page]);
	p->pages[page] = NULL;
}

/* ---- names ---- */

static uint64_t end_of(const struct conn_name *n)
{
	return n->until_ns < n->process->ended_ns ? n->until_ns : n->process->ended_ns;
}

static bool is_valid(const struct conn_name *n, uint64_t ts_ns)
{
	return n->since_ns <= ts_ns && ts_ns < end_of(n);
}

/* Told of late. */
static bool is_soon_valid(const struct conn_name *n, uint64_t ts_ns)
{
	return n->since_ns > ts_ns && n->since_ns - ts_ns <= CONN_LATE_NS;
}

static void free_name(struct conn_table *t, struct conn_name *n)
{
	struct conn_process *p = n->process;
	struct conn_name **at = place_of(p, n->fd);

	while (*at != n)
		at = &(*at)->older;
	*at = n->older;
	LL_DELETE(n->of->names, n);
	n->of->name_cnt--;
	p->pages[n->fd / CONN_PAGE]->cnt--;
	p->name_cnt--;
	free_page_if_empty(p, (size_t)n->fd / CONN_PAGE);
	free_if_nameless(t, p);
	free(n);
}

void conn_names_del(struct conn_table *t, struct conn_entry *e)
{
	while (e->names)
		free_name(t, e->names);
}

/* Room for one more name, in place of the oldest that is over. false: none is. */
static bool make_room(struct conn_table *t, struct conn_entry *e, uint64_t ts_ns)
{
	struct conn_name *n, *over = NULL;

	if (e->name_cnt < CONN_NAMES_MAX)
		return true;
	LL_FOREACH(e->names, n)
		if (end_of(n) <= ts_ns)
			over = n;
	if (over)
		free_name(t, over);
	return over;
}

/* Behind `newer` (NULL: there is none), and before those that began earlier, which end here. */
static int insert(struct conn_process *p, struct conn_name **at, struct conn_name *newer, struct conn_entry *e, int32_t fd,
	uint64_t ts_ns)
{
	struct conn_name *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->of = e;
	n->process = p;
	n->fd = fd;
	n->since_ns = ts_ns;
	n->until_ns = newer ? newer->since_ns : UINT64_MAX;
	n->older = *at;
	*at = n;
	LL_PREPEND(e->names, n);
	e->name_cnt++;
	p->pages[fd / CONN_PAGE]->cnt++;
	p->name_cnt++;
	return 0;
}

static int add_at(struct conn_process *p, struct conn_name **at, struct conn_entry *e, int32_t fd, uint64_t ts_ns)
{
	struct conn_name *newer = NULL, *older;

	for (; *at && (*at)->since_ns > ts_ns; at = &(*at)->older)
		newer = *at;
	older = *at;
	if (older && older->of == e && is_valid(older, ts_ns))
		return 0;
	if (older && older->until_ns > ts_ns)
		older->until_ns = ts_ns;
	if (newer && newer->of == e) { /* told of late */
		newer->since_ns = ts_ns;
		return 0;
	}
	return insert(p, at, newer, e, fd, ts_ns);
}

static void end_name(struct conn_name *n, uint64_t ts_ns)
{
	if (is_valid(n, ts_ns))
		n->until_ns = ts_ns;
}

/* What is not to be known by that name is not known as what had it before, either. */
static void end_place(const struct conn_table *t, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	const struct conn_process *p = find_process(t, who);
	struct conn_name **at = p ? place_of(p, fd) : NULL;

	if (at && *at)
		end_name(*at, ts_ns);
}

int conn_name_add(struct conn_table *t, struct conn_entry *e, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	struct conn_process *p;
	struct conn_name **at;
	int err;

	if (!make_room(t, e, ts_ns)) {
		end_place(t, who, fd, ts_ns);
		return 0;
	}
	p = get_process(t, who);
	if (!p)
		return -ENOMEM;
	at = make_place(p, fd);
	err = at ? add_at(p, at, e, fd, ts_ns) : -ENOMEM;
	if (err) {
		free_page_if_empty(p, (size_t)fd / CONN_PAGE);
		free_if_nameless(t, p);
	}
	return err;
}

/* What gives way to a new name is none that is valid, so pages and processes that are looked through here stay. */
int conn_fork(struct conn_table *t, const struct conn_who *parent, const struct conn_who *child, uint64_t ts_ns)
{
	struct conn_process *p = find_process(t, parent);
	int err = 0;

	for (size_t i = 0; p && !err && i < p->page_cnt * CONN_PAGE; i++) {
		struct conn_name **at = place_of(p, (int32_t)i);

		if (!at)
			i += CONN_PAGE - 1;
		else if (*at && is_valid(*at, ts_ns))
			err = conn_name_add(t, (*at)->of, child, (int32_t)i, ts_ns);
	}
	return err;
}

void conn_drop(struct conn_table *t, const struct conn *c, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	const struct conn_entry *e = (const struct conn_entry *)conn_find(t, c);
	struct conn_process *p = find_process(t, who);
	struct conn_name *n;

	if (!e || !p)
		return;
	LL_FOREACH(e->names, n)
		if (n->process == p && (n->fd == fd || fd < 0))
			end_name(n, ts_ns);
}

static void free_names_of(struct conn_table *t, struct conn_process *p)
{
	size_t left = p->name_cnt;

	for (size_t i = 0; left; i++) {
		struct conn_name **at = place_of(p, (int32_t)i);

		if (!at)
			i += CONN_PAGE - 1;
		for (struct conn_name *older, *n = at ? *at : NULL; n; n = older, left--) {
			older = n->older;
			free_name(t, n); /* with the last one the process goes */
		}
	}
}

void conn_exec(struct conn_table *t, const struct conn_who *who)
{
	struct conn_process *p = find_process(t, who);

	if (p)
		free_names_of(t, p);
}

void conn_exit(struct conn_table *t, const struct conn_who *who, uint64_t ts_ns)
{
	struct conn_process *p = find_process(t, who);

	if (!p || p->prev)
		return;
	p->ended_ns = ts_ns;
	DL_APPEND(t->ended, p);
}

void conn_names_expire(struct conn_table *t, uint64_t now_ns)
{
	while (t->ended && t->ended->ended_ns + CONN_LINGER_NS <= now_ns)
		free_names_of(t, t->ended);
}

/* ---- questions ---- */

const struct conn *conn_get(const struct conn_table *t, const struct conn_who *who, int32_t fd, uint64_t ts_ns)
{
	const struct conn_process *p = find_process(t, who);
	struct conn_name **at = p && fd >= 0 ? place_of(p, fd) : NULL;
	const struct conn_name *n, *later = NULL;

	for (n = at ? *at : NULL; n; n = n->older) {
		if (is_valid(n, ts_ns))
			return &n->of->conn;
		if (is_soon_valid(n, ts_ns))
			later = n;
	}
	return later ? &later->of->conn : NULL;
}

int32_t conn_fd(const struct conn_table *t, const struct conn *c, const struct conn_who *who, uint64_t ts_ns)
{
	const struct conn_entry *e = (const struct conn_entry *)conn_find(t, c);
	const struct conn_process *p = find_process(t, who);
	const struct conn_name *n, *valid = NULL, *later = NULL;

	if (!e || !p)
		return -1;
	LL_FOREACH(e->names, n) {
		if (n->process != p)
			continue;
		if (is_valid(n, ts_ns) && (!valid || valid->since_ns < n->since_ns))
			valid = n;
		else if (is_soon_valid(n, ts_ns) && (!later || n->since_ns < later->since_ns))
			later = n;
	}
	if (!valid)
		valid = later;
	return valid ? valid->fd : -1;
}
