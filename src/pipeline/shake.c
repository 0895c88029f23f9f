/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/shake.h"
#include "pipeline/attribute_int.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* uthash would end the program; so an element that found no memory has no table: hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* As many as wait in the queues of some busy listeners (net.core.somaxconn is 4096). */
#define SHAKE_MAX 4096

/* As long as a listener repeats its SYN-ACK (net.ipv4.tcp_synack_retries is 5: 1 + 2 + ... + 32 s): a SYN that comes later is no
 * duplicate of the one that began the handshake. */
#define HANDSHAKE_NS 63000000000ULL

struct choice {
	uint64_t ino; /* 0: none */
	uint64_t ts_ns;
	uint64_t last_ns; /* of the last datagram for which it was the same; else ts_ns */
};

struct shake {
	struct ev_key key;
	struct owner owner; /* attr EV_ATTR_NONE: not known */
	/* Two, because the next handshake of the tuple may be known of before the packets of this one are judged. */
	struct choice chosen, chosen_before;
	uint64_t forgot_ns; /* of the last choice that was forgotten */
	UT_hash_handle hh;  /* tbl is NULL while it is in no table */
};

/* A ring: the oldest one's place is the next one's. */
struct shake_table {
	struct shake *by_key;
	size_t next;
	struct shake shakes[SHAKE_MAX];
};

struct shake_table *shake_table_new(void)
{
	return calloc(1, sizeof(struct shake_table));
}

void shake_table_free(struct shake_table *t)
{
	if (!t)
		return;
	HASH_CLEAR(hh, t->by_key);
	free(t);
}

static struct shake *find(const struct shake_table *t, const struct ev_key *key)
{
	struct shake *s;

	HASH_FIND(hh, t->by_key, key, sizeof(*key), s);
	return s;
}

static void forget(struct shake_table *t, struct shake *s)
{
	if (!s->hh.tbl)
		return;
	HASH_DEL(t->by_key, s);
	s->hh.tbl = NULL;
}

/* The tuple's one, old or new; it is the youngest now. */
static struct shake *renew(struct shake_table *t, const struct ev_key *key)
{
	struct shake *fresh = &t->shakes[t->next], *old = find(t, key), was = {.key = *key};

	t->next = (t->next + 1) % SHAKE_MAX;
	if (old) {
		was = *old;
		forget(t, old);
	}
	forget(t, fresh);
	*fresh = was;
	HASH_ADD(hh, t->by_key, key, sizeof(fresh->key), fresh);
	return fresh;
}

void shake_begin(struct shake_table *t, const struct ev_packet *syn, const struct owner *owner)
{
	struct ev_key key = syn->key;
	struct shake *s = find(t, &key);

	if (s || owner->attr != EV_ATTR_NONE)
		renew(t, &key)->owner = *owner;
}

bool shake_find(const struct shake_table *t, const struct ev_packet *rec, struct owner *out)
{
	struct ev_key key = rec->key;
	const struct shake *s = find(t, &key);

	if (!s || s->owner.attr == EV_ATTR_NONE)
		return false;
	*out = s->owner;
	return true;
}

void shake_chosen(struct shake_table *t, const struct ev_shake *rec)
{
	struct ev_key key = rec->key;
	struct shake *s = find(t, &key);

	if (s && key.proto == IPPROTO_UDP && s->chosen.ino == rec->ino) {
		s->chosen.last_ns = rec->hdr.ts_ns;
		return;
	}
	s = renew(t, &key);
	s->forgot_ns = s->chosen_before.last_ns;
	s->chosen_before = s->chosen;
	s->chosen = (struct choice){rec->ino, rec->hdr.ts_ns, rec->hdr.ts_ns};
}

/* A choice follows the SYN or the datagram that it is made for. A later SYN is its duplicate, or begins a handshake of which nothing
 * was told; a later datagram goes the same way, for some time. */
static uint64_t chosen_for_first(const struct shake *s, uint64_t ts_ns)
{
	if (ts_ns <= s->forgot_ns)
		return 0;
	if (ts_ns <= s->chosen_before.last_ns)
		return s->chosen_before.ino;
	return ts_ns <= s->chosen.last_ns + HANDSHAKE_NS ? s->chosen.ino : 0;
}

uint64_t shake_chose(const struct shake_table *t, const struct ev_packet *rec)
{
	struct ev_key key = rec->key;
	const struct shake *s = find(t, &key);
	uint64_t ts_ns = rec->hdr.ts_ns;

	if (!s)
		return 0;
	if (key.proto == IPPROTO_UDP || is_syn(rec))
		return chosen_for_first(s, ts_ns);
	if (ts_ns >= s->chosen.ts_ns)
		return s->chosen.ino;
	return ts_ns >= s->chosen_before.ts_ns ? s->chosen_before.ino : 0;
}
