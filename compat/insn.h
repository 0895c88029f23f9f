/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF instructions assembled by hand, for the trial programs of compat/probe.c and for tests. Each macro is
 * the initialiser of one struct bpf_insn, INSN_LD_MAP of two. Registers are BPF_REG_*; offsets are in bytes,
 * those of jumps in instructions. */
#ifndef PIDTAP_COMPAT_INSN_H
#define PIDTAP_COMPAT_INSN_H

#include <linux/bpf.h>

#define INSN(op, dst, src, offset, value)                                                                    \
	{.code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (value)}

#define INSN_MOV_IMM(dst, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define INSN_MOV_REG(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define INSN_ADD_IMM(dst, value) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define INSN_LOAD64(dst, src, off) INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define INSN_STORE64(dst, off, src) INSN(BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define INSN_STORE64_IMM(dst, off, value) INSN(BPF_ST | BPF_MEM | BPF_DW, dst, 0, off, value)
#define INSN_JUMP(off) INSN(BPF_JMP | BPF_JA, 0, 0, off, 0)
#define INSN_JEQ_IMM(dst, value, off) INSN(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, off, value)
#define INSN_CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define INSN_EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define INSN_LD_MAP(dst, fd)                                                                                 \
	INSN(BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)

#endif
