/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/holders.h"

#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Of one socket: a prefork server's children are rarely more, and the others are found by looking for them. */
#define PER_SOCKET 16

struct shared {
	uint64_t ino;
	size_t cnt; /* ever told; the slot of the next is cnt % PER_SOCKET */
	struct owner who[PER_SOCKET];
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

static size_t filled(const struct shared *s)
{
	return s->cnt < PER_SOCKET ? s->cnt : PER_SOCKET;
}

int holders_add(struct holders *h, uint64_t ino, const struct owner *who)
{
	struct shared *s = get(h, ino);

	if (!s)
		return -ENOMEM;
	for (size_t i = 0; i < filled(s); i++)
		if (owner_same_process(&s->who[i], who))
			return 0;
	s->who[s->cnt++ % PER_SOCKET] = *who;
	return 0;
}

size_t holders_get(const struct holders *h, uint64_t ino, struct owner *out, size_t max)
{
	const struct shared *s = find(h, ino);
	size_t n = 0;

	for (; s && n < max && n < filled(s); n++)
		out[n] = s->who[(s->cnt - 1 - n) % PER_SOCKET];
	return n;
}
