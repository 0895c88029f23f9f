/* SPDX-License-Identifier: BSD-2-Clause */
/* AArch64 instructions as steps. Registers are x0 .. x30; 31, the stack pointer or zero by context, is never followed. */
#include "source/code_int.h"

#include <elf.h>
#include <string.h>

static int number_of(unsigned int reg)
{
	if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
		return (int)(reg - ARM64_REG_X0);
	if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
		return (int)(reg - ARM64_REG_W0);
	return reg == ARM64_REG_X29 ? 29 : reg == ARM64_REG_X30 ? 30 : -1;
}

static bool is_wide(unsigned int reg)
{
	return number_of(reg) >= 0 && !(reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30);
}

static bool is_plain_imm(const cs_arm64_op *op)
{
	return op->type == ARM64_OP_IMM;
}

static int64_t shifted(const cs_arm64_op *op)
{
	return op->shift.type == ARM64_SFT_LSL ? (int64_t)((uint64_t)op->imm << op->shift.value) : op->imm;
}

static void step_mov(const cs_arm64_op *ops, struct code_step *out)
{
	if (is_plain_imm(&ops[1])) {
		out->kind = STEP_CONST;
		out->imm = shifted(&ops[1]);
	} else if (ops[1].type == ARM64_OP_REG && is_wide(ops[1].reg) && is_wide(ops[0].reg)) {
		out->kind = STEP_ADD;
		out->src = (unsigned int)number_of(ops[1].reg);
	}
}

static void step_add(const cs_arm64_op *ops, struct code_step *out)
{
	if (!is_wide(ops[0].reg) || ops[1].type != ARM64_OP_REG || !is_wide(ops[1].reg) || !is_plain_imm(&ops[2]))
		return;
	out->kind = STEP_ADD;
	out->src = (unsigned int)number_of(ops[1].reg);
	out->imm = shifted(&ops[2]);
}

/* "ldr x1, [x2, #imm]", "str x1, [x2, #imm]" */
static bool simple_mem(const cs_arm64 *a)
{
	const arm64_op_mem *mem = &a->operands[1].mem;

	return a->op_count == 2 && is_wide(a->operands[0].reg) && a->operands[1].type == ARM64_OP_MEM && !a->writeback &&
	       mem->index == ARM64_REG_INVALID && is_wide(mem->base);
}

static void step_ldr(const cs_arm64 *a, struct code_step *out)
{
	if (!simple_mem(a))
		return;
	out->kind = STEP_LOAD;
	out->src = (unsigned int)number_of(a->operands[1].mem.base);
	out->imm = a->operands[1].mem.disp;
}

static void step_str(const cs_arm64 *a, struct code_step *out)
{
	if (!simple_mem(a))
		return;
	out->kind = STEP_STORE;
	out->dst = (unsigned int)number_of(a->operands[1].mem.base);
	out->src = (unsigned int)number_of(a->operands[0].reg);
	out->imm = a->operands[1].mem.disp;
}

static void step_assign(const cs_insn *insn, const cs_arm64 *a, struct code_step *out)
{
	switch (insn->id) {
	case ARM64_INS_ADR:
	case ARM64_INS_ADRP:
		out->kind = STEP_CONST;
		out->imm = a->operands[1].imm;
		break;
	case ARM64_INS_MOV:
	case ARM64_INS_MOVZ:
		step_mov(a->operands, out);
		break;
	case ARM64_INS_ADD:
		step_add(a->operands, out);
		break;
	case ARM64_INS_LDR:
	case ARM64_INS_LDUR:
		step_ldr(a, out);
		break;
	}
}

/* Every instruction of the base set that has a result writes its first operand, but for stores, whose registers are forgotten
 * without need; pairs write two, and the base with write-back. */
static uint32_t written(const cs_arm64 *a)
{
	uint32_t mask = 0;

	for (uint8_t i = 0; i < a->op_count; i++) {
		const cs_arm64_op *op = &a->operands[i];
		int n = op->type == ARM64_OP_REG ? number_of(op->reg) : op->type == ARM64_OP_MEM ? number_of(op->mem.base) : -1;

		if (n >= 0 && (i < 2 || a->writeback) && (op->type == ARM64_OP_REG || a->writeback))
			mask |= 1U << n;
	}
	return mask;
}

static bool writes_first_only(unsigned int id)
{
	return id != ARM64_INS_LDP && id != ARM64_INS_STP && id != ARM64_INS_LDPSW;
}

static bool writes_none(unsigned int id)
{
	switch (id) {
	case ARM64_INS_CMP:
	case ARM64_INS_CMN:
	case ARM64_INS_TST:
	case ARM64_INS_CCMP:
	case ARM64_INS_CBZ:
	case ARM64_INS_CBNZ:
	case ARM64_INS_TBZ:
	case ARM64_INS_TBNZ:
	case ARM64_INS_STRB:
	case ARM64_INS_STRH:
		return true;
	}
	return false;
}

static void step(csh cs, const cs_insn *insn, struct code_step *out)
{
	const cs_arm64 *a = &insn->detail->arm64;
	bool direct = a->op_count == 1 && is_plain_imm(&a->operands[0]);
	int dst = a->op_count && a->operands[0].type == ARM64_OP_REG ? number_of(a->operands[0].reg) : -1;

	if (insn->id == ARM64_INS_RET) {
		out->kind = STEP_RETURN;
	} else if (insn->id == ARM64_INS_BL || insn->id == ARM64_INS_BLR) {
		out->kind = STEP_CALL;
		out->imm = direct ? a->operands[0].imm : 0;
	} else if ((insn->id == ARM64_INS_B && (a->cc == ARM64_CC_INVALID || a->cc == ARM64_CC_AL)) || insn->id == ARM64_INS_BR) {
		out->kind = STEP_JUMP;
		out->imm = direct ? a->operands[0].imm : 0;
	} else if (cs_insn_group(cs, insn, CS_GRP_JUMP)) { /* b.eq, cbz, tbz ...: where to stands last */
		const cs_arm64_op *to = a->op_count ? &a->operands[a->op_count - 1] : NULL;

		out->kind = STEP_BRANCH;
		out->imm = to && is_plain_imm(to) ? to->imm : 0;
	} else if (insn->id == ARM64_INS_STR || insn->id == ARM64_INS_STUR) {
		step_str(a, out);
	} else if (dst >= 0 && !writes_none(insn->id)) {
		out->dst = (unsigned int)dst;
		step_assign(insn, a, out);
		if (out->kind == STEP_OTHER)
			out->writes = writes_first_only(insn->id) && !a->writeback ? 1U << dst : written(a);
	}
	if (a->writeback && out->kind == STEP_OTHER)
		out->writes |= written(a);
}

/* "adrp xN, page" of the value's page, "adr xN, value". */
static bool may_load(const struct elf_span *text, size_t at, uint64_t value)
{
	uint64_t pc = text->addr + at;
	uint32_t insn;
	int64_t imm;

	if (text->len - at < 4)
		return false;
	memcpy(&insn, text->data + at, sizeof(insn));
	imm = (int64_t)((uint64_t)(insn >> 5 & 0x7ffff) << 45) >> 43 | (insn >> 29 & 3);
	if ((insn & 0x9f000000) == 0x90000000)
		return (pc & ~0xfffULL) + ((uint64_t)imm << 12) == (value & ~0xfffULL);
	return (insn & 0x9f000000) == 0x10000000 && pc + (uint64_t)imm == value;
}

static size_t next_load(const struct elf_span *text, size_t at, uint64_t value)
{
	while (at < text->len && !may_load(text, at, value))
		at += 4;
	return at;
}

/* "adrp x16, page; ldr x17, [x16, #offset]", then add and br: with `bti c` before it, or not. */
static bool is_stub(const struct elf_span *text, size_t at, uint64_t slot)
{
	uint32_t ldr;

	if (text->len - at < 8 || !may_load(text, at, slot))
		return false;
	memcpy(&ldr, text->data + at + 4, sizeof(ldr));
	return (ldr & 0xffc003ff) == 0xf9400211 && (ldr >> 10 & 0xfff) * 8 == (slot & 0xfff);
}

const struct code_machine code_arm64 = {
	.elf = EM_AARCH64,
	.arch = CS_ARCH_ARM64,
	.mode = CS_MODE_ARM,
	.args = {0, 1, 2, 3, 4, 5},
	.step = step,
	.next_load = next_load,
	.is_stub = is_stub,
	.align = 4,
};
