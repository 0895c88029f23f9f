/* SPDX-License-Identifier: BSD-2-Clause */
/* x86-64 instructions as steps. Registers are numbered 0 .. 15 as in their encoding's order of our own: rax ... r15. */
#include "source/code_int.h"

#include <elf.h>
#include <string.h>

/* Each with its narrower names. */
static const x86_reg names[16][4] = {
	{X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL},
	{X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL},
	{X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL},
	{X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL},
	{X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
	{X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL},
	{X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
	{X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
	{X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B},
	{X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B},
	{X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B},
	{X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B},
	{X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B},
	{X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B},
	{X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B},
	{X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B},
};

static int number_of(unsigned int reg)
{
	for (int i = 0; i < 16; i++)
		for (int j = 0; j < 4; j++)
			if (names[i][j] == reg)
				return i;
	return -1;
}

static bool is_wide(unsigned int reg)
{
	int n = number_of(reg);

	return n >= 0 && names[n][0] == reg;
}

/* base + displacement, nothing else: false for an index, a segment, no base. */
static bool simple_mem(const x86_op_mem *mem)
{
	return mem->base != X86_REG_INVALID && mem->base != X86_REG_RIP && mem->index == X86_REG_INVALID &&
	       mem->segment == X86_REG_INVALID && number_of(mem->base) >= 0;
}

static void step_lea(const cs_insn *insn, const cs_x86_op *ops, struct code_step *out)
{
	const x86_op_mem *mem = &ops[1].mem;

	if (mem->base == X86_REG_RIP && mem->index == X86_REG_INVALID) {
		out->kind = STEP_CONST;
		out->imm = (int64_t)(insn->address + insn->size + (uint64_t)mem->disp);
	} else if (simple_mem(mem)) {
		out->kind = STEP_ADD;
		out->src = (unsigned int)number_of(mem->base);
		out->imm = mem->disp;
	}
}

static void step_mov(const cs_x86_op *ops, struct code_step *out)
{
	if (ops[1].type == X86_OP_IMM) {
		out->kind = STEP_CONST; /* a 32-bit move clears the upper half */
		out->imm = is_wide(ops[0].reg) ? ops[1].imm : (int64_t)(uint32_t)ops[1].imm;
	} else if (!is_wide(ops[0].reg)) {
		return;
	} else if (ops[1].type == X86_OP_REG && is_wide(ops[1].reg)) {
		out->kind = STEP_ADD;
		out->src = (unsigned int)number_of(ops[1].reg);
	} else if (ops[1].type == X86_OP_MEM && simple_mem(&ops[1].mem)) {
		out->kind = STEP_LOAD;
		out->src = (unsigned int)number_of(ops[1].mem.base);
		out->imm = ops[1].mem.disp;
	}
}

static void step_add(const cs_x86_op *ops, struct code_step *out)
{
	if (ops[1].type != X86_OP_IMM || !is_wide(ops[0].reg))
		return;
	out->kind = STEP_ADD;
	out->src = out->dst;
	out->imm = ops[1].imm;
}

static void step_store(const cs_x86_op *ops, struct code_step *out)
{
	if (!simple_mem(&ops[0].mem) || ops[1].type != X86_OP_REG || !is_wide(ops[1].reg))
		return;
	out->kind = STEP_STORE;
	out->dst = (unsigned int)number_of(ops[0].mem.base);
	out->src = (unsigned int)number_of(ops[1].reg);
	out->imm = ops[0].mem.disp;
}

static uint32_t written(csh cs, const cs_insn *insn)
{
	cs_regs reads, writes;
	uint8_t read_cnt = 0, write_cnt = 0;
	uint32_t mask = 0;

	if (cs_regs_access(cs, insn, reads, &read_cnt, writes, &write_cnt))
		return UINT32_MAX;
	for (uint8_t i = 0; i < write_cnt; i++)
		if (number_of(writes[i]) >= 0)
			mask |= 1U << number_of(writes[i]);
	return mask;
}

static void step(csh cs, const cs_insn *insn, struct code_step *out)
{
	const cs_x86 *x86 = &insn->detail->x86;
	const cs_x86_op *ops = x86->operands;
	bool direct = x86->op_count == 1 && ops[0].type == X86_OP_IMM;
	int dst = x86->op_count == 2 && ops[0].type == X86_OP_REG ? number_of(ops[0].reg) : -1;

	if (insn->id == X86_INS_CALL || insn->id == X86_INS_JMP) {
		out->kind = insn->id == X86_INS_CALL ? STEP_CALL : STEP_JUMP;
		out->imm = direct ? ops[0].imm : 0;
		return;
	}
	if (insn->id == X86_INS_RET) {
		out->kind = STEP_RETURN;
		return;
	}
	if (direct && cs_insn_group(cs, insn, CS_GRP_JUMP)) {
		out->kind = STEP_BRANCH;
		out->imm = ops[0].imm;
		return;
	}
	if (insn->id == X86_INS_MOV && x86->op_count == 2 && ops[0].type == X86_OP_MEM) {
		step_store(ops, out);
	} else if (dst >= 0) {
		out->dst = (unsigned int)dst;
		if (insn->id == X86_INS_LEA && is_wide(ops[0].reg))
			step_lea(insn, ops, out);
		else if (insn->id == X86_INS_MOV || insn->id == X86_INS_MOVABS)
			step_mov(ops, out);
		else if (insn->id == X86_INS_ADD)
			step_add(ops, out);
		else if (insn->id == X86_INS_XOR && ops[1].type == X86_OP_REG && ops[1].reg == ops[0].reg)
			out->kind = STEP_CONST;
	}
	if (out->kind == STEP_OTHER)
		out->writes = written(cs, insn);
}

/* "lea disp32(%rip), %reg" (REX.W 8D /r, mod 00, rm 101) */
static bool is_lea_of(const struct elf_span *text, size_t at, uint64_t value)
{
	const uint8_t *p = text->data + at;
	int32_t disp;

	if (text->len - at < 7 || (p[0] & 0xfb) != 0x48 || p[1] != 0x8d || (p[2] & 0xc7) != 0x05)
		return false;
	memcpy(&disp, p + 3, sizeof(disp));
	return text->addr + at + 7 + (uint64_t)(int64_t)disp == value;
}

/* "mov $imm32, %reg" (B8+r) of programs at a fixed address */
static bool is_mov_of(const struct elf_span *text, size_t at, uint64_t value)
{
	const uint8_t *p = text->data + at;
	uint32_t imm;

	if (text->len - at < 5 || (p[0] & 0xf8) != 0xb8)
		return false;
	memcpy(&imm, p + 1, sizeof(imm));
	return imm == value;
}

/* The first of one kind. Its second byte is known, and memchr() finds that many times faster than all places are looked at. */
static size_t next_of(const struct elf_span *text, size_t at, uint64_t value, uint8_t second,
	bool (*is)(const struct elf_span *text, size_t at, uint64_t value))
{
	const uint8_t *found;

	for (; at < text->len; at++) {
		found = memchr(text->data + at + 1, second, text->len - at - 1);
		if (!found)
			break;
		at = (size_t)(found - text->data) - 1;
		if (is(text, at, value))
			return at;
	}
	return text->len;
}

static size_t next_load(const struct elf_span *text, size_t at, uint64_t value)
{
	size_t lea = next_of(text, at, value, 0x8d, is_lea_of), mov = next_of(text, at, value, (uint8_t)value, is_mov_of);

	return lea < mov ? lea : mov;
}

/* "jmp *disp32(%rip)": FF /4, mod 00, rm 101; endbr64 and bnd may stand before it. */
static bool is_stub(const struct elf_span *text, size_t at, uint64_t slot)
{
	const uint8_t *p = text->data + at;
	int32_t disp;

	if (text->len - at < 6 || p[0] != 0xff || p[1] != 0x25)
		return false;
	memcpy(&disp, p + 2, sizeof(disp));
	return text->addr + at + 6 + (uint64_t)(int64_t)disp == slot;
}

const struct code_machine code_x86 = {
	.elf = EM_X86_64,
	.arch = CS_ARCH_X86,
	.mode = CS_MODE_64,
	.args = {7, 6, 2, 1, 8, 9}, /* rdi, rsi, rdx, rcx, r8, r9 */
	.step = step,
	.next_load = next_load,
	.is_stub = is_stub,
	.align = 1,
};
