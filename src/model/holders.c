/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define FIRST_ROOM 2

struct shared {
	uint64_t ino;
	uint64_t looked_ns;
	size_t cnt, room;
	struct holder *who; /* in the order they were told of */
	UT_hash_handle hh;
};

struct holders {
	struct shared *sockets;
	size_t max;
};

struct holders *holders_new(size_t max)
{
	struct holders *h = calloc(1, sizeof(*h));

	if (h)
		h->max = max ? max : 1;
	return h;
}

static void drop(struct holders *h, struct shared *s)
{
	HASH_DEL(h->sockets, s);
	free(s->who);
	free(s);
}

void holders_free(struct holders *h)
{
	if (!h)
		return;
	while (h->sockets)
		drop(h, h->sockets);
	free(h);
}

static struct shared *find(const struct holders *h, uint64_t ino)
{
	struct shared *s;

	HASH_FIND(hh, h->sockets, &ino, sizeof(ino), s);
	return s;
}

static struct shared *get(struct holders *h, uint64_t ino)
{
	struct shared *s = find(h, ino);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->ino = ino;
	HASH_ADD(hh, h->sockets, ino, sizeof(s->ino), s);
	if (!s->hh.tbl) {
		free(s);
		return NULL;
	}
	if (HASH_COUNT(h->sockets) > h->max)
		drop(h, h->sockets);
	return s;
}

static void forget(struct shared *s, size_t i)
{
	s->cnt--;
	memmove(&s->who[i], &s->who[i + 1], (s->cnt - i) * sizeof(*s->who));
}

static int make_room(struct shared *s)
{
	size_t room = s->room ? 2 * s->room : FIRST_ROOM;
	struct holder *who;

	if (s->cnt < s->room)
		return 0;
	if (s->cnt == HOLDERS_PER_SOCKET) {
		forget(s, 0);
		return 0;
	}
	who = realloc(s->who, room * sizeof(*who));
	if (!who)
		return -ENOMEM;
	s->who = who;
	s->room = room;
	return 0;
}

static struct holder *find_holder(const struct shared *s, const struct owner *who)
{
	for (size_t i = 0; i < s->cnt; i++)
		if (owner_same_process(&s->who[i].who, who))
			return &s->who[i];
	return NULL;
}

int holders_add(struct holders *h, uint64_t ino, const struct owner *who, uint64_t since_ns, int fd)
{
	struct shared *s = get(h, ino);
	struct holder *known = s ? find_holder(s, who) : NULL;

	if (known && known->since_ns > since_ns)
		known->since_ns = since_ns;
	if (known)
		return 0;
	if (!s || make_room(s))
		return -ENOMEM;
	s->who[s->cnt++] = (struct holder){.who = *who, .since_ns = since_ns, .fd = fd};
	return 0;
}

size_t holders_get(const struct holders *h, uint64_t ino, struct owner *out, size_t max)
{
	const struct shared *s = find(h, ino);
	size_t n = 0;

	for (; s && n < max && n < s->cnt; n++)
		out[n] = s->who[s->cnt - 1 - n].who;
	return n;
}

size_t holders_count(const struct holders *h, uint64_t ino)
{
	const struct shared *s = find(h, ino);

	return s ? s->cnt : 0;
}

struct holder *holders_at(const struct holders *h, uint64_t ino, size_t i)
{
	const struct shared *s = find(h, ino);

	return s && i < s->cnt ? &s->who[i] : NULL;
}

void holders_look(struct holders *h, uint64_t ino, uint64_t told_ns, uint64_t now_ns,
	bool (*has)(void *ctx, struct holder *holder), void *ctx)
{
	struct shared *s = find(h, ino);

	if (!s)
		return;
	s->looked_ns = told_ns;
	for (size_t i = s->cnt; i--;) {
		if (has(ctx, &s->who[i]))
			s->who[i].seen_ns = now_ns;
		else
			forget(s, i);
	}
	if (!s->cnt)
		drop(h, s);
}

uint64_t holders_looked_ns(const struct holders *h, uint64_t ino)
{
	const struct shared *s = find(h, ino);

	return s ? s->looked_ns : 0;
}

static size_t insert(uint32_t *pids, size_t cnt, uint32_t pid)
{
	size_t i = cnt;

	for (; i && pids[i - 1] > pid; i--)
		pids[i] = pids[i - 1];
	pids[i] = pid;
	return cnt + 1;
}

size_t holders_pids(const struct holders *h, uint64_t ino, uint64_t ts_ns, uint32_t *pids, size_t max)
{
	const struct shared *s = find(h, ino);
	size_t n = 0;

	for (size_t i = 0; s && i < s->cnt && n < max; i++)
		if (s->who[i].since_ns <= ts_ns && s->who[i].seen_ns >= ts_ns)
			n = insert(pids, n, s->who[i].who.pid);
	return n;
}
