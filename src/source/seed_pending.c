/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that wait in the queue of a listener. */
#include "source/seed_join.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

/* The listeners, by namespace and port: indices into the list of sockets. */
struct listeners {
	const struct socks *socks;
	size_t *at;
	size_t cnt;
};

static int by_port(const struct ev_key *a, const struct ev_key *b)
{
	if (a->netns != b->netns)
		return a->netns < b->netns ? -1 : 1;
	return a->lport < b->lport ? -1 : a->lport > b->lport;
}

static int by_port_of(const void *a, const void *b, void *socks)
{
	const struct sock_seen *list = ((const struct socks *)socks)->list;

	return by_port(&list[*(const size_t *)a].key, &list[*(const size_t *)b].key);
}

static int find_listeners(const struct socks *socks, struct listeners *out)
{
	out->socks = socks;
	out->cnt = 0;
	out->at = malloc((socks->cnt + 1) * sizeof(*out->at));
	if (!out->at)
		return -ENOMEM;
	for (size_t i = 0; i < socks->cnt; i++)
		if (sock_seen_kind(&socks->list[i]) == EV_OWN_LISTEN)
			out->at[out->cnt++] = i;
	qsort_r(out->at, out->cnt, sizeof(*out->at), by_port_of, (void *)socks);
	return 0;
}

/* The first on this port; l->cnt where there is none. */
static size_t first_on_port(const struct listeners *l, const struct ev_key *key)
{
	size_t low = 0, high = l->cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_port(&l->socks->list[l->at[mid]].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->cnt && !by_port(&l->socks->list[l->at[low]].key, key) ? low : l->cnt;
}

/* How well a listener fits, in the order in which the kernel asks: its very address, any address of the packet's family, any
 * address of an IPv6 socket that takes IPv4 (compute_score, net/ipv4/inet_hashtables.c). 0: not at all. */
static int fit(const struct sock_seen *listener, const struct ev_key *key)
{
	static const uint8_t any[16];
	bool v4 = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)key->laddr), v6_socket = listener->flags & EV_OWN_V6;

	if (!memcmp(listener->key.laddr, key->laddr, sizeof(any)))
		return v6_socket && v4 ? 3 : 4;
	if (memcmp(listener->key.laddr, any, sizeof(any)))
		return 0;
	if (v4 != v6_socket)
		return 2;
	return v4 && !(listener->flags & EV_OWN_V6ONLY) ? 1 : 0;
}

/* Who listens for it: one process, or JOIN_NOBODY. */
static uint32_t listener_of(const struct join *j, const struct listeners *l, size_t first, const struct ev_key *key)
{
	uint32_t who = JOIN_NOBODY;
	int best = 0;

	for (size_t i = first; i < l->cnt && !by_port(&l->socks->list[l->at[i]].key, key); i++) {
		int n = fit(&l->socks->list[l->at[i]], key);

		if (n > best)
			who = j->of[l->at[i]].owner;
		else if (n && n == best && who != j->of[l->at[i]].owner)
			who = JOIN_NOBODY;
		best = n > best ? n : best;
	}
	return who;
}

/* A socket that its process gave up is in none of these: tcp_close goes on to another state before it lets go. */
static bool is_pending(const struct sock_seen *one)
{
	return !one->ino && (one->state == TCP_ESTABLISHED || one->state == TCP_CLOSE_WAIT || one->state == TCP_SYN_RECV);
}

int join_pending(struct join *j)
{
	struct listeners l;
	int err = find_listeners(j->socks, &l);

	for (size_t i = 0; !err && i < j->socks->cnt; i++) {
		const struct sock_seen *one = &j->socks->list[i];
		struct join_sock *of = &j->of[i];
		size_t first;

		if (one->key.proto != IPPROTO_TCP || of->owner != JOIN_NOBODY)
			continue;
		first = first_on_port(&l, &one->key);
		if (is_pending(one))
			of->owner = listener_of(j, &l, first, &one->key);
		of->pending = of->owner != JOIN_NOBODY;
		of->guarded = !of->pending && first < l.cnt;
	}
	free(l.at);
	return err;
}
