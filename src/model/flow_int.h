/* SPDX-License-Identifier: BSD-2-Clause */
/* How the table of flow.h holds what it knows: flow.c keeps it, flow_claim.c and flow_close.c begin and end what is in it,
 * flow_find.c and flow_hold.c ask it. */
#ifndef PIDTAP_MODEL_FLOW_INT_H
#define PIDTAP_MODEL_FLOW_INT_H

#include "model/flow.h"

/* uthash would end the program; so an element that found no memory has no table: hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct sock_entry;

/* All that is claimed by processes of one number. It goes with its last claim. */
struct actor_entry {
	uint32_t pid;
	struct claim *claims;
	UT_hash_handle hh;
};

struct claim {
	struct owner owner;
	uint64_t since_ns;
	uint64_t until_ns; /* ended by a later claim or a restart; UINT64_MAX: not */
	uint8_t kind;
	uint8_t flags; /* EV_OWN_* */
	bool given_up; /* at until_ns, and it is not known to whom */
	struct flow *flow;
	struct sock_entry *sock;
	struct claim *prev, *next;	     /* in the flow, newest first; of the same time: the last told first */
	struct claim *sock_prev, *sock_next; /* in the socket */
	struct actor_entry *actor;
	struct claim *actor_prev, *actor_next; /* in the actor */
};

/* A key and who claimed it; it goes with its last claim. */
struct flow {
	struct ev_key key;
	struct claim *claims;
	size_t cnt;
	uint64_t known_ns; /* claims ended up to here were forgotten; 0: none, UINT64_MAX: open ones, too */
	struct flow *any_prev, *any_next; /* in flow_table.any */
	UT_hash_handle hh;
};

/* One generation of a socket. A seed is known by its inode number, until a hook tells its sock_id. */
struct sock_entry {
	uint64_t sock_id;   /* 0: a seed */
	uint64_t sk;	    /* its kernel address; 0 in a seed */
	uint64_t ino;	    /* of its file; 0: not known */
	uint64_t closed_ns; /* UINT64_MAX: open */
	struct claim *claims;
	struct sock_entry *prev, *next; /* in the queue of the closed, oldest first; prev is NULL while open */
	UT_hash_handle hh; /* in socks by sock_id; without one in seeds by ino; without both in neither */
	UT_hash_handle hh_sk; /* in flow_table.open; tbl is NULL while it is not */
};

/* uthash keeps the order of insertion: the first is the oldest. */
struct flow_table {
	struct flow *flows; /* EV_OWN_FLOW */
	struct flow *bound; /* EV_OWN_PORT and EV_OWN_LISTEN: few, and not to be pushed out by the many */
	struct sock_entry *socks;
	struct actor_entry *actors;
	struct sock_entry *seeds;
	struct sock_entry *closed;
	struct sock_entry *open; /* by kernel address, where that is known */
	struct flow **any; /* both, by what their keys are without the namespace: lists; a power of two of them */
	size_t any_cnt;
	size_t max_keys; /* of flows, and of bound */
	uint64_t evicted;
	/* A bit a port: one of its holders was forgotten, so nobody is its only one. */
	uint8_t unsure_ports[65536 / 8];
};

/* flow.c: takes the claim off its socket and its flow; either goes with its last claim. */
void flow_free_claim(struct flow_table *t, struct claim *c);

/* flow_claim.c: the claim that a record makes, or another one for the socket of `like`; not in a flow yet. NULL: out of memory. */
struct claim *flow_make_claim(struct flow_table *t, const struct ev_owner *ev);
struct claim *flow_new_claim(struct flow_table *t, const struct claim *like, const struct owner *owner, uint64_t since_ns);

/* Puts a claim into its place in the flow; it ends what it replaces. */
void flow_insert_claim(struct flow *f, struct claim *fresh);

/* flow_sock.c: NULL where it is not known. */
struct sock_entry *flow_find_sock(const struct flow_table *t, uint64_t sock_id);
struct sock_entry *flow_find_seed(const struct flow_table *t, uint64_t ino);
struct sock_entry *flow_find_open(const struct flow_table *t, uint64_t sk);

/* Made where it is not known. NULL: out of memory. */
struct sock_entry *flow_get_sock(struct flow_table *t, uint64_t sock_id, uint64_t ino);

/* It was acted on, at its address s->sk. */
void flow_note_open(struct flow_table *t, struct sock_entry *s);
void flow_close_sock(struct flow_table *t, struct sock_entry *s, uint64_t ts_ns);

/* No claim is made through it any more. */
void flow_free_sock(struct flow_table *t, struct sock_entry *s);

static inline uint64_t claim_end_ns(const struct claim *c)
{
	return c->until_ns < c->sock->closed_ns ? c->until_ns : c->sock->closed_ns;
}

/* NULL where nobody claimed it. */
static inline struct flow *flow_lookup(struct flow *flows, const struct ev_key *key)
{
	struct flow *f;

	HASH_FIND(hh, flows, key, sizeof(*key), f);
	return f;
}

/* flow_actor.c: the claims of a process. -ENOMEM. */
int flow_actor_add(struct flow_table *t, struct claim *c);
void flow_actor_del(struct flow_table *t, struct claim *c);

/* flow_any.c: the lists of flow_table.any. -ENOMEM. */
int flow_any_init(struct flow_table *t);
void flow_any_add(struct flow_table *t, struct flow *f);
void flow_any_del(struct flow_table *t, struct flow *f);

/* The list that has all flows and bound ports with this key in whatever namespace, and others. */
struct flow *flow_any_list(const struct flow_table *t, const struct ev_key *key);

/* But for the namespace. */
bool flow_any_same(const struct ev_key *a, const struct ev_key *b);

enum holders { NOBODY, ONE, SEVERAL };

/* flow_find_port, that tells nobody from several. Of ONE *match says how. */
enum holders flow_port_holders(const struct flow_table *t, const struct ev_key *key, uint8_t kind, uint64_t ts_ns,
	enum flow_match *match, struct owner *out);

#endif
