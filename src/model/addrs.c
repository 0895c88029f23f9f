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
	uint32_t netns;
	uint32_t ifindex;
	struct bearer *next;
};

struct addr {
	uint8_t addr[16];
	struct bearer *bearers; /* it goes with the last */
	UT_hash_handle hh;
};

/* A namespace of which something is known. */
struct space {
	uint32_t netns;
	size_t cnt; /* bearers in it; it goes with the last */
	UT_hash_handle hh;
};

struct addrs {
	struct addr *addrs;
	struct space *spaces;
	bool partial;
};

struct addrs *addrs_new(void)
{
	return calloc(1, sizeof(struct addrs));
}

static struct addr *find_addr(const struct addrs *a, const uint8_t addr[16])
{
	struct addr *found;

	HASH_FIND(hh, a->addrs, addr, sizeof(found->addr), found);
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

static struct addr *new_addr(struct addrs *a, const uint8_t addr[16])
{
	struct addr *at = calloc(1, sizeof(*at));

	if (!at)
		return NULL;
	memcpy(at->addr, addr, sizeof(at->addr));
	HASH_ADD(hh, a->addrs, addr, sizeof(at->addr), at);
	if (at->hh.tbl)
		return at;
	free(at);
	return NULL;
}

static void free_unborne(struct addrs *a, struct addr *at)
{
	if (at->bearers)
		return;
	HASH_DEL(a->addrs, at);
	free(at);
}

static struct bearer *find_bearer(const struct addr *at, uint32_t netns, uint32_t ifindex)
{
	struct bearer *b;

	LL_FOREACH(at->bearers, b)
		if (b->netns == netns && b->ifindex == ifindex)
			break;
	return b;
}

static void free_bearer(struct addrs *a, struct addr *at, struct bearer *b)
{
	count_out(a, b->netns);
	LL_DELETE(at->bearers, b);
	free(b);
}

static int add_bearer(struct addrs *a, struct addr *at, uint32_t netns, uint32_t ifindex)
{
	struct bearer *b = calloc(1, sizeof(*b));

	if (!b || count_in(a, netns)) {
		free(b);
		return -ENOMEM;
	}
	b->netns = netns;
	b->ifindex = ifindex;
	LL_PREPEND(at->bearers, b);
	return 0;
}

int addrs_add(struct addrs *a, uint32_t netns, uint32_t ifindex, const uint8_t addr[16])
{
	struct addr *at = find_addr(a, addr);
	int err;

	if (at && find_bearer(at, netns, ifindex))
		return 0;
	at = at ? at : new_addr(a, addr);
	if (!at)
		return -ENOMEM;
	err = add_bearer(a, at, netns, ifindex);
	free_unborne(a, at);
	return err;
}

void addrs_del(struct addrs *a, uint32_t netns, uint32_t ifindex, const uint8_t addr[16])
{
	struct addr *at = find_addr(a, addr);
	struct bearer *b = at ? find_bearer(at, netns, ifindex) : NULL;

	if (!b)
		return;
	free_bearer(a, at, b);
	free_unborne(a, at);
}

void addrs_del_netns(struct addrs *a, uint32_t netns)
{
	struct bearer *b, *next_bearer;
	struct addr *at, *next;

	HASH_ITER(hh, a->addrs, at, next) {
		LL_FOREACH_SAFE(at->bearers, b, next_bearer)
			if (b->netns == netns)
				free_bearer(a, at, b);
		free_unborne(a, at);
	}
}

void addrs_free(struct addrs *a)
{
	struct bearer *b, *next_bearer;
	struct addr *at, *next;

	if (!a)
		return;
	HASH_ITER(hh, a->addrs, at, next) {
		LL_FOREACH_SAFE(at->bearers, b, next_bearer)
			free_bearer(a, at, b);
		free_unborne(a, at);
	}
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

bool addrs_has(const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	const struct addr *at = find_addr(a, addr);
	const struct bearer *b = NULL;

	if (at)
		LL_SEARCH_SCALAR(at->bearers, b, netns, netns);
	return b;
}

bool addrs_is_local(const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	return is_common(addr) || !find_space(a, netns) || addrs_has(a, netns, addr);
}

bool addrs_has_other(const struct addrs *a, uint32_t netns, const uint8_t addr[16])
{
	const struct addr *at = find_addr(a, addr);
	const struct bearer *b;

	if (at)
		LL_FOREACH(at->bearers, b)
			if (b->netns != netns)
				return true;
	return false;
}

void addrs_set_partial(struct addrs *a)
{
	a->partial = true;
}

bool addrs_is_partial(const struct addrs *a)
{
	return a->partial;
}
