/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/frag.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* uthash would end the program; so an element that found no memory has no table: hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Packets whose fragments may be under way at a time. */
#define FRAG_MAX 4096

/* A receiver gives up on a packet, and its identification may mean another one: Linux after 30 s of IPv4 (IP_FRAG_TIME,
 * include/net/ip.h; RFC 791 section 3.2 leaves it open), after 60 s of IPv6 (RFC 8200 section 4.5). */
#define FRAG_V4_NS 30000000000ULL
#define FRAG_V6_NS 60000000000ULL

/* What the fragments of a packet have in common. */
struct frag_key {
	uint8_t laddr[16];
	uint8_t raddr[16];
	uint32_t netns;
	uint32_t id;
	uint8_t proto; /* IPv4's; of IPv6 only the first fragment's counts (RFC 8200 section 4.5), so 0 */
	uint8_t dir;
	uint8_t pad[2];
};

struct frag {
	struct frag_key key;
	struct owner owner;
	uint64_t ts_ns;
	UT_hash_handle hh; /* tbl is NULL while it is in no table */
};

/* A ring: the oldest one's place is the next one's. */
struct frag_table {
	struct frag *by_key;
	size_t next;
	struct frag frags[FRAG_MAX];
};

struct frag_table *frag_table_new(void)
{
	return calloc(1, sizeof(struct frag_table));
}

void frag_table_free(struct frag_table *t)
{
	if (!t)
		return;
	HASH_CLEAR(hh, t->by_key);
	free(t);
}

static bool is_v4(const struct ev_packet *rec)
{
	return IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)rec->key.raddr);
}

static struct frag_key key_of(const struct ev_packet *rec)
{
	struct frag_key key = {.netns = rec->netns, .id = rec->frag_id, .dir = rec->dir};

	memcpy(key.laddr, rec->key.laddr, sizeof(key.laddr));
	memcpy(key.raddr, rec->key.raddr, sizeof(key.raddr));
	key.proto = is_v4(rec) ? rec->key.proto : 0;
	return key;
}

static struct frag *find(const struct frag_table *t, const struct frag_key *key)
{
	struct frag *f;

	HASH_FIND(hh, t->by_key, key, sizeof(*key), f);
	return f;
}

static void forget(struct frag_table *t, struct frag *f)
{
	HASH_DEL(t->by_key, f);
	f->hh.tbl = NULL;
}

void frag_first(struct frag_table *t, const struct ev_packet *rec, const struct owner *owner)
{
	struct frag_key key = key_of(rec);
	struct frag *f = find(t, &key);

	if (f)
		forget(t, f); /* an identification used again, or the same packet on another interface */
	if (owner->attr == EV_ATTR_NONE)
		return;
	f = &t->frags[t->next];
	t->next = (t->next + 1) % FRAG_MAX;
	if (f->hh.tbl)
		forget(t, f);
	f->key = key;
	f->owner = *owner;
	f->ts_ns = rec->hdr.ts_ns;
	HASH_ADD(hh, t->by_key, key, sizeof(f->key), f);
}

bool frag_find(const struct frag_table *t, const struct ev_packet *rec, struct owner *out)
{
	struct frag_key key = key_of(rec);
	const struct frag *f = find(t, &key);

	if (!f || f->ts_ns > rec->hdr.ts_ns || rec->hdr.ts_ns - f->ts_ns >= (is_v4(rec) ? FRAG_V4_NS : FRAG_V6_NS))
		return false;
	*out = f->owner;
	return true;
}
