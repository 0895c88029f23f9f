/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/state.h"

#include <string.h>

struct val val_any(void)
{
	return (struct val){.kind = VAL_NUM, .map = -1};
}

struct val val_const(int64_t num)
{
	return (struct val){.kind = VAL_NUM, .map = -1, .cnt = 1, .num = {num}};
}

bool val_is_pointer(const struct val *v)
{
	return v->kind != VAL_UNSET && v->kind != VAL_NUM;
}

bool val_is(const struct val *v, int64_t num)
{
	return v->cnt == 1 && v->num[0] == num;
}

void state_enter(struct state *s)
{
	memset(s, 0, sizeof(*s));
	s->reached = true;
	for (int i = 0; i < MAX_BPF_REG; i++)
		s->reg[i].map = -1;
	for (int i = 0; i < SLOT_CNT; i++)
		s->slot[i].val = val_any();
	s->reg[BPF_REG_1] = (struct val){.kind = VAL_CTX, .map = -1, .cnt = 1};
	s->reg[BPF_REG_10] = (struct val){.kind = VAL_STACK, .map = -1, .cnt = 1};
}

static bool same(const struct val *a, const struct val *b)
{
	return a->kind == b->kind && a->map == b->map && a->id == b->id && a->cnt == b->cnt &&
	       !memcmp(a->num, b->num, sizeof(a->num)) && a->min == b->min && a->max == b->max;
}

static bool is_item(const struct val *v)
{
	return v->kind == VAL_ITEM_OR_NULL || (v->kind == VAL_ITEM && val_is(v, 0));
}

/* A lookup's result and NULL, or a checked and an unchecked one, are again a lookup's result. */
static bool join_items(const struct val *a, const struct val *b, struct val *out)
{
	const struct val *item = is_item(a) ? a : b, *other = item == a ? b : a;
	bool null = other->kind == VAL_NUM && val_is(other, 0);

	if (!is_item(item) || (!null && (!is_item(other) || other->map != item->map)))
		return false;
	*out = *item;
	out->kind = VAL_ITEM_OR_NULL;
	if (!null && other->id != item->id)
		out->id = 0;
	return true;
}

/* The union of both sets of numbers; one that is too large says nothing. */
static void join_nums(const struct val *a, const struct val *b, struct val *out)
{
	int i = 0, j = 0, cnt = 0;

	memset(out->num, 0, sizeof(out->num));
	out->cnt = 0;
	if (!a->cnt || !b->cnt)
		return;
	while (i < a->cnt || j < b->cnt) {
		int64_t next = j == b->cnt || (i < a->cnt && a->num[i] <= b->num[j]) ? a->num[i] : b->num[j];

		if (cnt == VAL_ALTS) {
			memset(out->num, 0, sizeof(out->num));
			return;
		}
		out->num[cnt++] = next;
		i += i < a->cnt && a->num[i] == next;
		j += j < b->cnt && b->num[j] == next;
	}
	out->cnt = cnt;
}

static void join_bounds(const struct val *a, const struct val *b, struct val *out)
{
	bool both = !out->cnt && a->max && b->max;

	out->min = both ? (a->min < b->min ? a->min : b->min) : 0;
	out->max = both ? (a->max > b->max ? a->max : b->max) : 0;
}

struct val val_join(const struct val *a, const struct val *b)
{
	struct val out = {.map = -1};

	if (same(a, b))
		return *a;
	if (a->kind == VAL_UNSET || b->kind == VAL_UNSET)
		return out;
	if (a->kind == b->kind && a->map == b->map) {
		out = *a;
		join_nums(a, b, &out);
		join_bounds(a, b, &out);
		out.id = a->id == b->id ? a->id : 0;
		return out;
	}
	if (!join_items(a, b, &out))
		out.kind = VAL_MIXED;
	return out;
}

static bool join_into(struct val *v, const struct val *from)
{
	struct val old = *v;

	*v = val_join(v, from);
	return !same(v, &old);
}

bool state_join(struct state *s, const struct state *from)
{
	bool changed = false;

	if (!s->reached) {
		*s = *from;
		return true;
	}
	for (int i = 0; i < MAX_BPF_REG; i++)
		changed |= join_into(&s->reg[i], &from->reg[i]);
	for (int i = 0; i < SLOT_CNT; i++) {
		uint8_t set = s->slot[i].set & from->slot[i].set;

		changed |= set != s->slot[i].set;
		s->slot[i].set = set;
		changed |= join_into(&s->slot[i].val, &from->slot[i].val);
	}
	return changed;
}

struct slot *state_slot(struct state *s, int64_t off)
{
	return &s->slot[(-off - 1) / SLOT_BYTES];
}

uint8_t state_bit(int64_t off)
{
	return (uint8_t)(1u << ((off + RULE_STACK_BYTES) % SLOT_BYTES));
}

void state_write(struct state *s, int64_t off, int64_t size)
{
	for (int64_t i = off; i < off + size; i++) {
		state_slot(s, i)->val = val_any();
		state_slot(s, i)->set |= state_bit(i);
	}
}

void val_settle(struct val *v, bool null)
{
	if (null)
		*v = val_const(0);
	else
		v->kind = VAL_ITEM;
}

static void settle_copy(struct val *v, uint32_t id, bool null)
{
	if (v->kind == VAL_ITEM_OR_NULL && v->id == id)
		val_settle(v, null);
}

void state_settle(struct state *s, uint32_t id, bool null)
{
	for (int i = 0; i < MAX_BPF_REG; i++)
		settle_copy(&s->reg[i], id, null);
	for (int i = 0; i < SLOT_CNT; i++)
		settle_copy(&s->slot[i].val, id, null);
}
