/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/socks.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

int socks_add(struct socks *s, const struct sock_seen *one)
{
	if (s->cnt == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		struct sock_seen *list = realloc(s->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->list = list;
		s->room = room;
	}
	s->list[s->cnt++] = *one;
	return 0;
}

void socks_free(struct socks *s)
{
	free(s->list);
	memset(s, 0, sizeof(*s));
}

static int by_ino_and_key(const void *a, const void *b)
{
	const struct sock_seen *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

void socks_sort(struct socks *s)
{
	size_t n = 0;

	if (!s->cnt)
		return;
	qsort(s->list, s->cnt, sizeof(*s->list), by_ino_and_key);
	for (size_t i = 1; i < s->cnt; i++)
		if (by_ino_and_key(&s->list[n], &s->list[i]))
			s->list[++n] = s->list[i];
	s->cnt = n + 1;
}

bool socks_has(const struct socks *s, const struct sock_seen *one)
{
	return s->cnt && bsearch(one, s->list, s->cnt, sizeof(*s->list), by_ino_and_key);
}

size_t socks_find_ino(const struct socks *s, uint64_t ino)
{
	size_t low = 0, high = s->cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->list[mid].ino < ino)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->cnt && s->list[low].ino == ino ? low : s->cnt;
}

uint8_t sock_seen_kind(const struct sock_seen *one)
{
	if (one->key.proto == IPPROTO_TCP)
		return one->state == TCP_LISTEN ? EV_OWN_LISTEN : EV_OWN_FLOW;
	return one->state == TCP_ESTABLISHED ? EV_OWN_FLOW : EV_OWN_PORT;
}
