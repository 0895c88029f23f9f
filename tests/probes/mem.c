/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/flow.h"

#include <stdio.h>

static const char *const kind_names[] = {
	[VAL_UNSET] = "nothing on some path",
	[VAL_NUM] = "a number",
	[VAL_STACK] = "the stack",
	[VAL_CTX] = "the context",
	[VAL_MAP] = "a map",
	[VAL_ITEM] = "a map's value",
	[VAL_ITEM_OR_NULL] = "a map's value that may be NULL",
	[VAL_POINTER] = "a pointer that is not followed",
	[VAL_MIXED] = "different things on different paths",
};

static bool in_stack(struct flow *f, int64_t off, int64_t size)
{
	if (off < -RULE_STACK_BYTES)
		flow_broken(f, "uses more than %d bytes of stack (offset %lld)", RULE_STACK_BYTES,
			(long long)off);
	else if (off + size > 0)
		flow_broken(f, "accesses what lies above the stack (offset %lld)", (long long)off);
	else
		return true;
	return false;
}

static bool in_item(struct flow *f, int map, int64_t off, int64_t size)
{
	uint32_t value_size = f->c->bundle->maps[map].value_size;

	if (off >= 0 && off + size <= value_size)
		return true;
	flow_broken(f, "accesses byte %lld of a map's value of %u", (long long)off, value_size);
	return false;
}

/* May these bytes be accessed, at each offset there may be? */
static bool in_bounds(struct flow *f, const struct val *base, int64_t off, int64_t size)
{
	bool ok = base->cnt > 0;

	if (!ok)
		flow_broken(f, "accesses %s at an unknown offset", kind_names[base->kind]);
	for (int i = 0; i < base->cnt && ok; i++)
		ok = base->kind == VAL_STACK ? in_stack(f, base->num[i] + off, size)
					     : in_item(f, base->map, base->num[i] + off, size);
	return ok;
}

/* In bounds, and as aligned as old kernels want it. */
static bool accessible(struct flow *f, const struct val *base, int64_t off, int64_t size)
{
	if (!in_bounds(f, base, off, size))
		return false;
	for (int i = 0; i < base->cnt; i++) {
		if ((base->num[i] + off) % size == 0)
			continue;
		if (base->kind == VAL_STACK)
			flow_broken(f, "an unaligned access to the stack (offset %lld)",
				(long long)(base->num[i] + off));
		else
			flow_since(f, SINCE_UNALIGNED_MAP_ACCESS, "an unaligned access to a map's value");
		return false;
	}
	return true;
}

static struct val load_stack(struct flow *f, int64_t off, int64_t size)
{
	struct slot *slot = state_slot(&f->now, off);

	for (int64_t i = off; i < off + size; i++) {
		if (!(state_slot(&f->now, i)->set & state_bit(i))) {
			flow_broken(f, "reads stack that is not written on every path (offset %lld)",
				(long long)i);
			return val_any();
		}
	}
	if (size == SLOT_BYTES)
		return slot->val;
	if (val_is_pointer(&slot->val))
		flow_broken(f, "reads a part of a stored pointer (offset %lld)", (long long)off);
	return val_any();
}

static struct val load_skb(struct flow *f, int64_t off, int64_t size)
{
	struct val v = val_any();

	if (off == offsetof(struct __sk_buff, sk))
		flow_since(f, SINCE_SKB_SK, "skb->sk");
	else if (off < 0 || off >= (int64_t)RULE_SKB_FIELDS_4_9)
		flow_broken(f, "the field at %lld of the context is not in the table of the audit",
			(long long)off);
	else if (size != sizeof(uint32_t))
		flow_since(f, SINCE_SKB_NARROW_LOAD, "reading less than a whole field of the context");
	if (off == offsetof(struct __sk_buff, sk) || off == offsetof(struct __sk_buff, data) ||
		off == offsetof(struct __sk_buff, data_end))
		v.kind = VAL_POINTER;
	return v;
}

/* The contexts of the other programs are numbers to the verifier, of any size. */
static struct val load_ctx(struct flow *f, const struct val *base, int64_t off, int64_t size)
{
	if (!val_is(base, 0))
		flow_broken(f, "accesses the context through a pointer that was added to");
	if (off % size)
		flow_broken(f, "an unaligned access to the context (offset %lld)", (long long)off);
	return rule_prog(f->c->prog->name)->class == RULE_TC ? load_skb(f, off, size) : val_any();
}

struct val mem_load(struct flow *f, const struct val *base, int64_t off, int64_t size)
{
	struct val v, got = val_any();

	switch (base->kind) {
	case VAL_CTX:
		return load_ctx(f, base, off, size);
	case VAL_STACK:
		if (!accessible(f, base, off, size))
			break;
		for (int i = 0; i < base->cnt; i++) {
			v = load_stack(f, base->num[i] + off, size);
			got = i ? val_join(&got, &v) : v;
		}
		break;
	case VAL_ITEM:
		accessible(f, base, off, size);
		break;
	default:
		flow_broken(f, "reads memory through %s", kind_names[base->kind]);
	}
	return got;
}

/* One path for each offset there may be; what is written afterwards is what all of them wrote. `what` NULL: a
 * helper writes numbers. */
static void write_stack(
	struct flow *f, const struct val *base, int64_t off, int64_t size, const struct val *what)
{
	const struct state before = f->now;
	struct state after = {.reached = false};

	for (int i = 0; i < base->cnt; i++) {
		f->now = before;
		state_write(&f->now, base->num[i] + off, size);
		if (what)
			state_slot(&f->now, base->num[i] + off)->val = *what;
		state_join(&after, &f->now);
	}
	f->now = after;
}

/* A pointer keeps its kind only if stored whole. A number is forgotten by the stack: below 4.16 all,
 * below 5.3 all but zero (kernel/bpf/verifier.c: cc2b14d51053, f7cf25b2026d). */
static void store_stack(
	struct flow *f, const struct val *base, int64_t off, int64_t size, const struct val *what)
{
	bool remembered = f->c->kver >= (val_is(what, 0) ? KVER(4, 16, 0) : KVER(5, 3, 0));

	if (val_is_pointer(what) && size != SLOT_BYTES)
		flow_broken(f, "stores a part of a pointer");
	if (size == SLOT_BYTES && (val_is_pointer(what) || remembered))
		write_stack(f, base, off, size, what);
	else
		write_stack(f, base, off, size, NULL);
}

void mem_store(struct flow *f, const struct val *base, int64_t off, int64_t size, const struct val *what)
{
	switch (base->kind) {
	case VAL_STACK:
		if (accessible(f, base, off, size))
			store_stack(f, base, off, size, what);
		break;
	case VAL_ITEM:
		accessible(f, base, off, size);
		break;
	default:
		flow_broken(f, "writes memory through %s", kind_names[base->kind]);
	}
}

static void read_by_helper(struct flow *f, int64_t off, int64_t size, const char *what)
{
	bool pointer = false;

	for (int64_t i = off; i < off + size; i++) {
		struct slot *slot = state_slot(&f->now, i);

		pointer |= val_is_pointer(&slot->val);
		if (slot->set & state_bit(i))
			continue;
		flow_broken(f, "%s is not written on every path (stack offset %lld)", what, (long long)i);
		return;
	}
	if (pointer)
		flow_since(f, SINCE_STORED_POINTER, "a stored pointer as data for a helper");
}

void mem_helper(struct flow *f, const struct val *base, int64_t size, bool write, uint32_t in_map_since,
	const char *what)
{
	char text[64];

	switch (base->kind) {
	case VAL_STACK:
		if (!in_bounds(f, base, 0, size))
			break;
		if (write)
			write_stack(f, base, 0, size, NULL);
		for (int i = 0; i < base->cnt && !write; i++)
			read_by_helper(f, base->num[i], size, what);
		break;
	case VAL_ITEM:
		snprintf(text, sizeof(text), "%s in a map's value", what);
		flow_since(f, in_map_since, text);
		in_bounds(f, base, 0, size);
		break;
	default:
		flow_broken(f, "%s is %s", what, kind_names[base->kind]);
	}
}
