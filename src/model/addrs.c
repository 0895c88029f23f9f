/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/addrs.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* uthash would end the program; so an element that found no memory has no table: hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* An interface that has the address. */
struct bearer {
	uint32_t ifindex;
	struct bearer *next;
};

struct addr {
	struct addr_key {
		uint8_t addr[16];
		uint32_t netns;
	} key;
	struct bearer *bearers;
	UT_hash_handle hh;
};

/* A namespace of which something is known. */
struct space {
	uint32_t netns;
	size_t cnt; /* addresses; it goes with the last */
	UT_hash_handle hh;
};

struct addrs {
	struct addr *addrs;
	struct space *spaces;
};

struct addrs *addrs_new(void)
{
	return calloc(1, sizeof(struct addrs));
}

static struct addr *find_addr(const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	struct addr_key key = {.netns = netns};
	struct addr *found;

	memcpy(key.addr, addr, sizeof(key.addr));
	HASH_FIND(hh, a->addrs, &key, sizeof(key), found);
	return found;
}

static struct space *find_space(const struct addrs *a, uint32_t netns)
{
	struct space *found;

	HASH_FIND(hh, a->spaces, &netns, sizeof(netns), found);
	return found;
}

static int count_in(struct addrs *a, uint32_t netns)
{
	struct space *s = find_space(a, netns);

	if (s) {
		s->cnt++;
		return 0;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->netns = netns;
	s->cnt = 1;
	HASH_ADD(hh, a->spaces, netns, sizeof(s->netns), s);
	if (s->hh.tbl)
		return 0;
	free(s);
	return -ENOMEM;
}

static void count_out(struct addrs *a, uint32_t netns)
{
	struct space *s = find_space(a, netns);

	if (--s->cnt)
		return;
	HASH_DEL(a->spaces, s);
	free(s);
}

static void free_addr(struct addrs *a, struct addr *at)
{
	struct bearer *b, *next;

	LL_FOREACH_SAFE(at->bearers, b, next)
		free(b);
	count_out(a, at->key.netns);
	HASH_DEL(a->addrs, at);
	free(at);
}

static struct addr *new_addr(struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	struct addr *at = calloc(1, sizeof(*at));

	if (!at)
		return NULL;
	memcpy(at->key.addr, addr, sizeof(at->key.addr));
	at->key.netns = netns;
	HASH_ADD(hh, a->addrs, key, sizeof(at->key), at);
	if (at->hh.tbl && !count_in(a, netns))
		return at;
	if (at->hh.tbl)
		HASH_DEL(a->addrs, at);
	free(at);
	return NULL;
}

static struct bearer *find_bearer(const struct addr *at, uint32_t ifindex)
{
	struct bearer *b;

	LL_SEARCH_SCALAR(at->bearers, b, ifindex, ifindex);
	return b;
}

int addrs_add(struct addrs *a, uint32_t netns, uint32_t ifindex, const uint8_t addr[16])
{
	struct addr *at = find_addr(a, netns, addr);
	struct bearer *b;

	if (at && find_bearer(at, ifindex))
		return 0;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->ifindex = ifindex;
	at = at ? at : new_addr(a, netns, addr);
	if (!at) {
		free(b);
		return -ENOMEM;
	}
	LL_PREPEND(at->bearers, b);
	return 0;
}

void addrs_del(struct addrs *a, uint32_t netns, uint32_t ifindex, const uint8_t addr[16])
{
	struct addr *at = find_addr(a, netns, addr);
	struct bearer *b = at ? find_bearer(at, ifindex) : NULL;

	if (!b)
		return;
	LL_DELETE(at->bearers, b);
	free(b);
	if (!at->bearers)
		free_addr(a, at);
}

void addrs_del_netns(struct addrs *a, uint32_t netns)
{
	struct addr *at, *next;

	HASH_ITER(hh, a->addrs, at, next)
		if (at->key.netns == netns)
			free_addr(a, at);
}

void addrs_free(struct addrs *a)
{
	struct addr *at, *next;

	if (!a)
		return;
	HASH_ITER(hh, a->addrs, at, next)
		free_addr(a, at);
	free(a);
}

/* Those that are every namespace's own (RFC 6890, RFC 4291), or nobody's alone. */
static bool is_common(const uint8_t addr[16])
{
	const struct in6_addr *v6 = (const struct in6_addr *)addr;

	if (!IN6_IS_ADDR_V4MAPPED(v6))
		return addr[0] == 0xff || IN6_IS_ADDR_LOOPBACK(v6) || IN6_IS_ADDR_UNSPECIFIED(v6);
	return addr[12] == 127 || (addr[12] & 0xf0) == 0xe0 || !memcmp(addr + 12, "\0\0\0\0", 4) ||
	       !memcmp(addr + 12, "\xff\xff\xff\xff", 4);
}

bool addrs_is_local(const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	return is_common(addr) || !find_space(a, netns) || find_addr(a, netns, addr);
}

bool addrs_has(const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	return find_addr(a, netns, addr);
}
