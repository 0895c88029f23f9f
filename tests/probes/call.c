/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/flow.h"

#include <stdio.h>

static void check_buffer(struct flow *f, const struct rule_helper *rule, int arg)
{
	bool write = rule->args[arg] == RULE_OUT;
	struct val base = flow_read(f, BPF_REG_1 + arg), size = flow_read(f, BPF_REG_1 + arg + 1);
	char what[64];

	snprintf(what, sizeof(what), "the buffer of helper %d (%s)", rule->id, rule->name);
	if (size.kind == VAL_NUM && size.cnt == 1 && size.num[0] > 0)
		mem_helper(f, &base, size.num[0], write, SINCE_MEM_IN_MAP, what);
	else if (size.kind == VAL_NUM && size.min > 0 && f->c->kver >= SINCE_SIZE_MAY_VARY)
		mem_helper(f, &base, size.max, write, SINCE_MEM_IN_MAP, what);
	else if (f->c->kver < SINCE_SIZE_MAY_BE_0)
		flow_broken(f, "the size of %s is not provably constant and above 0", what);
	else if (base.kind != VAL_STACK && base.kind != VAL_ITEM)
		flow_broken(f, "%s is neither on the stack nor in a map's value", what);
}

static void check_arg(struct flow *f, const struct rule_helper *rule, int arg, const struct bundle_map *map)
{
	struct val v;

	if (rule->args[arg] == RULE_NONE)
		return;
	v = flow_read(f, BPF_REG_1 + arg);
	switch (rule->args[arg]) {
	case RULE_CTX:
		if (v.kind != VAL_CTX || !val_is(&v, 0))
			flow_broken(f, "argument %d of %s is not the context", arg + 1, rule->name);
		break;
	case RULE_MAP:
		if (!map)
			flow_broken(f, "argument %d of %s is not one known map", arg + 1, rule->name);
		break;
	case RULE_KEY:
		if (map)
			mem_helper(f, &v, map->key_size, false, SINCE_KEY_IN_MAP, "a map's key");
		break;
	case RULE_VALUE:
		if (map)
			mem_helper(f, &v, map->value_size, false, SINCE_KEY_IN_MAP, "the new value of a map");
		break;
	case RULE_IN:
	case RULE_OUT:
		check_buffer(f, rule, arg);
		break;
	default:
		break;
	}
}

/* The map a call is about: the same on all paths, or NULL. */
static const struct bundle_map *map_of(struct flow *f, const struct rule_helper *rule, int *index)
{
	*index = -1;
	for (int i = 0; i < RULE_ARG_CNT; i++)
		if (rule->args[i] == RULE_MAP && f->now.reg[BPF_REG_1 + i].kind == VAL_MAP)
			*index = f->now.reg[BPF_REG_1 + i].map;
	return *index < 0 ? NULL : &f->c->bundle->maps[*index];
}

void call_helper(struct flow *f, const struct bpf_insn *insn)
{
	const struct rule_helper *rule = insn->src_reg ? NULL : rule_helper(insn->imm);
	struct val result = val_any();
	int map_index = -1;

	if (rule) {
		const struct bundle_map *map = map_of(f, rule, &map_index);

		for (int i = 0; i < RULE_ARG_CNT; i++)
			check_arg(f, rule, i, map);
	}
	for (int i = BPF_REG_1; i <= BPF_REG_5; i++)
		f->now.reg[i] = (struct val){.map = -1};
	if (rule && rule->id == BPF_FUNC_map_lookup_elem && map_index >= 0)
		result = (struct val){.kind = VAL_ITEM_OR_NULL, .map = map_index, .id = f->at + 1, .cnt = 1};
	f->now.reg[BPF_REG_0] = result;
}
