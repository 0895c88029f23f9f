/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/check.h"
#include "tests/probes/rules.h"

#include <linux/bpf.h>
#include <stdio.h>

static bool is_load64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static void check_helper(struct check *c, uint32_t at, int id)
{
	const struct rule_prog *prog = rule_prog(c->prog->name);
	const struct rule_helper *rule = rule_helper(id);
	char what[96];

	if (!rule) {
		check_broken(c, at, "helper %d is not in the table of the audit", id);
		return;
	}
	snprintf(what, sizeof(what), "helper %d (%s)", id, rule->name);
	if (rule->since[prog->class] == SINCE_NEVER)
		check_broken(c, at, "%s is not for %s programs", what, prog->what);
	else
		check_since(c, at, rule->since[prog->class], what);
}

static void check_call(struct check *c, uint32_t at, const struct bpf_insn *insn)
{
	if (insn->src_reg == BPF_PSEUDO_CALL)
		check_since(c, at, SINCE_BPF_CALL, "a call between BPF functions");
	else if (insn->src_reg == RULE_PSEUDO_KFUNC_CALL)
		check_since(c, at, SINCE_KFUNC_CALL, "a call of a kernel function");
	else
		check_helper(c, at, insn->imm);
}

static void check_jump(struct check *c, uint32_t at, const struct bpf_insn *insn)
{
	int op = BPF_OP(insn->code);

	if (BPF_CLASS(insn->code) == BPF_JMP32 && op == BPF_JA)
		check_since(c, at, SINCE_CPU_V4, "a jump with a 32-bit offset");
	else if (BPF_CLASS(insn->code) == BPF_JMP32)
		check_since(c, at, SINCE_JMP32, "a 32-bit comparison (JMP32)");
	if (op == BPF_JLT || op == BPF_JLE || op == BPF_JSLT || op == BPF_JSLE)
		check_since(c, at, SINCE_JLT, "a less-than comparison");
}

/* Sign-extending moves, signed division and unconditional byte swaps reuse codes that older kernels know. */
static void check_alu(struct check *c, uint32_t at, const struct bpf_insn *insn)
{
	if (insn->off || (BPF_CLASS(insn->code) == BPF_ALU64 && BPF_OP(insn->code) == BPF_END))
		check_since(c, at, SINCE_CPU_V4, "an arithmetic instruction of CPU v4");
}

static void check_store(struct check *c, uint32_t at, const struct bpf_insn *insn)
{
	if (BPF_MODE(insn->code) == RULE_MODE_ATOMIC && insn->imm != BPF_ADD)
		check_since(c, at, SINCE_ATOMIC, "an atomic operation other than a plain add");
}

static void check_load64(struct check *c, uint32_t at, const struct bpf_insn *insn)
{
	if (insn->src_reg == BPF_PSEUDO_MAP_VALUE)
		check_since(c, at, SINCE_MAP_VALUE, "global data (BPF_PSEUDO_MAP_VALUE)");
	else if (insn->src_reg > BPF_PSEUDO_MAP_VALUE)
		check_broken(c, at, "an immediate load of kind %d is not in the table of the audit",
			insn->src_reg);
	else if (insn->src_reg == BPF_PSEUDO_MAP_FD && check_map_at(c, at) < 0)
		check_broken(c, at, "loads a map that no relocation names");
}

static void check_insn(struct check *c, uint32_t at, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		if (is_load64(insn))
			check_load64(c, at, insn);
		break;
	case BPF_LDX:
		if (BPF_MODE(insn->code) == RULE_MODE_MEMSX)
			check_since(c, at, SINCE_CPU_V4, "a sign-extending load");
		break;
	case BPF_ST:
		break;
	case BPF_STX:
		check_store(c, at, insn);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		if (BPF_OP(insn->code) == BPF_CALL)
			check_call(c, at, insn);
		else
			check_jump(c, at, insn);
		break;
	default:
		check_alu(c, at, insn);
	}
}

void check_insns(struct check *c)
{
	const struct bpf_insn *insns = c->prog->insns;

	if (c->prog->insn_cnt > RULE_INSNS_OLD)
		check_since(c, RULE_INSNS_OLD, SINCE_LARGE_PROG, "a program of more than 4096 instructions");
	for (uint32_t i = 0; i < c->prog->insn_cnt; i += is_load64(&insns[i]) ? 2 : 1)
		check_insn(c, i, &insns[i]);
}
