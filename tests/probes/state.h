/* SPDX-License-Identifier: BSD-2-Clause */
/* What the registers and the stack of a BPF program may hold at one instruction, over all paths to it. */
#ifndef PIDTAP_TESTS_PROBES_STATE_H
#define PIDTAP_TESTS_PROBES_STATE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/probes/rules.h"

enum val_kind {
	VAL_UNSET,	  /* nothing, on at least one path */
	VAL_NUM,	  /* a number */
	VAL_STACK,	  /* the frame pointer, and an offset */
	VAL_CTX,	  /* the program's context, and an offset */
	VAL_MAP,	  /* the map itself */
	VAL_ITEM,	  /* a map's value, and an offset */
	VAL_ITEM_OR_NULL, /* what a lookup returned */
	VAL_POINTER,	  /* another pointer, which is not looked through (skb->sk) */
	VAL_MIXED	  /* different kinds on different paths */
};

#define VAL_ALTS 4

/* Paths that meet with different offsets are told apart up to a point, as the verifier does without limit:
 * compilers choose between two buffers by choosing a pointer. */
struct val {
	enum val_kind kind;
	int map;	       /* VAL_MAP, VAL_ITEM, VAL_ITEM_OR_NULL: index into bundle->maps */
	uint32_t id;	       /* of the lookup an item is from: copies have the same. 0: unknown */
	int cnt;	       /* how many values or offsets there may be, 0: any */
	int64_t num[VAL_ALTS]; /* these, ascending; the rest is 0 */
	int64_t min, max;      /* VAL_NUM with cnt 0: the bounds a mask gave it; max 0: none */
};

#define SLOT_BYTES 8
#define SLOT_CNT (RULE_STACK_BYTES / SLOT_BYTES)

/* Eight bytes of stack; slot 0 ends at the frame pointer. */
struct slot {
	struct val val; /* VAL_NUM unless a pointer was stored whole */
	uint8_t set;	/* bit per byte, lowest address first: written on all paths */
};

struct state {
	bool reached;
	struct val reg[MAX_BPF_REG];
	struct slot slot[SLOT_CNT];
};

/* At the program's first instruction. */
void state_enter(struct state *s);

/* Adds the paths that lead here in state `from`. True: `s` has changed. */
bool state_join(struct state *s, const struct state *from);

/* A number that is not known, and one that is. */
struct val val_any(void);
struct val val_const(int64_t num);

bool val_is_pointer(const struct val *v);

/* `num` on all paths? */
bool val_is(const struct val *v, int64_t num);

/* What either of two paths brings. */
struct val val_join(const struct val *a, const struct val *b);

/* The slot of stack offset `off` (-RULE_STACK_BYTES .. -1), and the bit of that byte in slot.set. */
struct slot *state_slot(struct state *s, int64_t off);
uint8_t state_bit(int64_t off);

/* Notes that `size` bytes at `off`, which lie in the stack, have been written with what is no pointer. */
void state_write(struct state *s, int64_t off, int64_t size);

/* The lookup `id` turned out to be NULL, or not to be: so for all copies of its result. */
void state_settle(struct state *s, uint32_t id, bool is_null);

/* One copy only. */
void val_settle(struct val *v, bool is_null);

#endif
