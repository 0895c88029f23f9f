/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two machines have in common: an instruction as a step that code.c can follow. */
#ifndef PIDTAP_SOURCE_CODE_INT_H
#define PIDTAP_SOURCE_CODE_INT_H

#include <capstone/capstone.h>

#include "source/code.h"

#define CODE_REGS 32 /* general registers, numbered as the machine does; narrower names are the same register */

enum step_kind {
	STEP_OTHER,  /* `writes` are unknown after it */
	STEP_CONST,  /* dst = imm */
	STEP_ADD,    /* dst = src + imm; a move with imm 0 */
	STEP_LOAD,   /* dst = 8 bytes at src + imm */
	STEP_STORE,  /* 8 bytes at dst + imm = src */
	STEP_CALL,   /* to imm; 0: not known where */
	STEP_JUMP,   /* likewise, always taken */
	STEP_BRANCH, /* likewise, taken or not */
	STEP_RETURN
};

struct code_step {
	enum step_kind kind;
	unsigned int dst, src;
	int64_t imm;
	uint32_t writes; /* a bit a register: STEP_OTHER */
};

struct code_machine {
	uint16_t elf;
	cs_arch arch;
	cs_mode mode;
	unsigned int args[CODE_ARGS]; /* the registers of the arguments */
	/* A whole instruction of `insn` with details. */
	void (*step)(csh cs, const cs_insn *insn, struct code_step *out);
	/* The first place from `at` on where an instruction that ends up with `value` in a register could begin; text->len: none. */
	size_t (*next_load)(const struct elf_span *text, size_t at, uint64_t value);
	/* Is at text.data + at the instruction of a stub that jumps through `slot`? */
	bool (*is_stub)(const struct elf_span *text, size_t at, uint64_t slot);
	size_t align; /* of instructions */
};

extern const struct code_machine code_x86;
extern const struct code_machine code_arm64;

#endif
