/* SPDX-License-Identifier: BSD-2-Clause */
/* links: tests/probes/check.c tests/probes/insns.c tests/probes/loops.c tests/probes/flow.c
 * tests/probes/mem.c tests/probes/call.c tests/probes/state.c tests/probes/rules.c src/base/buf.c */
/* The audit of compiled programs can fail: for every rule a program that breaks just this one, and one that
 * does not. */
#include "tap.h"
#include "compat/insn.h"
#include "tests/probes/check.h"
#include "tests/probes/rules.h"

#include <stdlib.h>

enum { MAP_HASH, MAP_PERF, MAP_CNT }; /* what INSN_LD_MAP names here */

static struct bundle_map maps[MAP_CNT] = {
	[MAP_HASH] = {"m_hash", BPF_MAP_TYPE_HASH, 8, 24, 16, 0},
	[MAP_PERF] = {"m_perf", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, 0},
};
static const struct bundle bundle = {.maps = maps, .map_cnt = MAP_CNT};

struct text {
	const struct bpf_insn *insns;
	uint32_t cnt;
};

#define TEXT(...)                                                                                            \
	{                                                                                                    \
		(const struct bpf_insn[]){__VA_ARGS__},                                                      \
			sizeof((struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn)                   \
	}

static uint32_t collect_relocs(const struct text *text, struct bundle_reloc *relocs)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < text->cnt; i++)
		if (text->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) &&
			text->insns[i].src_reg == BPF_PSEUDO_MAP_FD && text->insns[i].imm < MAP_CNT)
			relocs[cnt++] = (struct bundle_reloc){i, (uint32_t)text->insns[i].imm};
	return cnt;
}

/* Returns how many rules are broken; `says` is one that must be among them, or NULL. */
static unsigned int broken(const char *name, const struct text *text, uint32_t kver, const char *says)
{
	struct bundle_reloc relocs[8];
	struct bundle_prog prog = {.insn_cnt = text->cnt, .relocs = relocs};
	struct check c = {.bundle = &bundle, .prog = &prog, .kver = kver, .lines = BUF_INIT};
	const char *lines;

	snprintf(prog.name, sizeof(prog.name), "%s", name);
	prog.insns = malloc((text->cnt + 1) * sizeof(*prog.insns));
	if (text->cnt)
		memcpy(prog.insns, text->insns, text->cnt * sizeof(*prog.insns));
	prog.reloc_cnt = collect_relocs(text, relocs);
	check_prog(&c);
	lines = buf_cstr(&c.lines);
	if (says && !strstr(lines, says))
		c.broken = 0;
	if (*lines)
		printf("# %s", lines);
	buf_free(&c.lines);
	free(prog.insns);
	return c.broken;
}

struct rule_case {
	const char *what;
	const char *prog; /* its name, which says its kind */
	const char *says;
	uint32_t since; /* from here on `bad` is good; 0: not even on 6.18 */
	struct text bad;
	struct text good; /* a program that does it right, on every kernel */
};

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define R3 BPF_REG_3
#define R4 BPF_REG_4
#define R5 BPF_REG_5
#define R6 BPF_REG_6
#define FP BPF_REG_10
#define RETURN_0 INSN_MOV_IMM(R0, 0), INSN_EXIT()
#define STACK_AT(reg, off) INSN_MOV_REG(reg, FP), INSN_ADD_IMM(reg, off)
/* A key of zeros at -8, and the lookup of it: R0 */
#define LOOKUP                                                                                               \
	INSN_STORE64_IMM(FP, -8, 0), INSN_LD_MAP(R1, MAP_HASH), STACK_AT(R2, -8),                            \
		INSN_CALL(BPF_FUNC_map_lookup_elem)
#define RETURN_0_IF_NULL(reg) INSN_JEQ_IMM(reg, 0, 1), INSN_JUMP(2), RETURN_0
#define READ_TO_STACK(helper, size)                                                                          \
	STACK_AT(R1, -16), INSN_MOV_IMM(R2, size), INSN_MOV_IMM(R3, 0), INSN_CALL(helper)
#define OP(code, dst, src, off, imm) INSN(code, dst, src, off, imm)

static const struct text nothing = TEXT(RETURN_0);

/* Single instructions */
static const struct rule_case insn_cases[] = {
	{"a call between BPF functions", "kp_x", "call between BPF functions", SINCE_BPF_CALL,
		TEXT(OP(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 1), INSN_EXIT(), RETURN_0), {0}},
	{"a call of a kernel function", "kp_x", "call of a kernel function", SINCE_KFUNC_CALL,
		TEXT(OP(BPF_JMP | BPF_CALL, 0, 2, 0, 1), INSN_EXIT()), {0}},
	{"a 32-bit comparison", "kp_x", "JMP32", SINCE_JMP32,
		TEXT(OP(BPF_JMP32 | BPF_JEQ | BPF_K, R1, 0, 0, 0), RETURN_0), {0}},
	{"a less-than comparison", "kp_x", "less-than", SINCE_JLT,
		TEXT(OP(BPF_JMP | BPF_JLT | BPF_K, R1, 0, 0, 9), RETURN_0), {0}},
	{"a signed less-or-equal comparison", "kp_x", "less-than", SINCE_JLT,
		TEXT(OP(BPF_JMP | BPF_JSLE | BPF_K, R1, 0, 0, 9), RETURN_0), {0}},
	{"an atomic add that fetches", "kp_x", "atomic", SINCE_ATOMIC,
		TEXT(INSN_STORE64_IMM(FP, -8, 0), INSN_MOV_IMM(R1, 1),
			OP(BPF_STX | BPF_DW | 0xc0, FP, R1, -8, BPF_ADD | 1), RETURN_0),
		{0}},
	{"an atomic operation that is no add", "kp_x", "atomic", SINCE_ATOMIC,
		TEXT(INSN_STORE64_IMM(FP, -8, 0), INSN_MOV_IMM(R1, 1),
			OP(BPF_STX | BPF_DW | 0xc0, FP, R1, -8, BPF_OR), RETURN_0),
		TEXT(INSN_STORE64_IMM(FP, -8, 0), INSN_MOV_IMM(R1, 1),
			OP(BPF_STX | BPF_DW | 0xc0, FP, R1, -8, BPF_ADD), RETURN_0)},
	{"a signed division", "kp_x", "CPU v4", SINCE_CPU_V4,
		TEXT(INSN_MOV_IMM(R0, 8), OP(BPF_ALU64 | BPF_DIV | BPF_K, R0, 0, 1, 2), INSN_EXIT()), {0}},
	{"an unconditional byte swap", "kp_x", "CPU v4", SINCE_CPU_V4,
		TEXT(INSN_MOV_IMM(R0, 8), OP(BPF_ALU64 | BPF_END, R0, 0, 0, 16), INSN_EXIT()), {0}},
	{"a sign-extending load", "kp_x", "sign-extending", SINCE_CPU_V4,
		TEXT(OP(BPF_LDX | BPF_W | 0x80, R0, R1, 0, 0), INSN_EXIT()), {0}},
	{"a long jump", "kp_x", "32-bit offset", SINCE_CPU_V4,
		TEXT(OP(BPF_JMP32 | BPF_JA, 0, 0, 0, 0), RETURN_0), {0}},
	{"global data", "kp_x", "global data", SINCE_MAP_VALUE,
		TEXT(OP(BPF_LD | BPF_IMM | BPF_DW, R1, BPF_PSEUDO_MAP_VALUE, 0, 0), OP(0, 0, 0, 0, 0),
			RETURN_0),
		{0}},
	{"an immediate load of another kind", "kp_x", "not in the table", 0,
		TEXT(OP(BPF_LD | BPF_IMM | BPF_DW, R1, 5, 0, 0), OP(0, 0, 0, 0, 0), RETURN_0),
		TEXT(OP(BPF_LD | BPF_IMM | BPF_DW, R1, 0, 0, 7), OP(0, 0, 0, 0, 9), RETURN_0)},
	{"a map without a relocation", "kp_x", "no relocation names", 0, TEXT(INSN_LD_MAP(R1, 77), RETURN_0),
		TEXT(INSN_LD_MAP(R1, MAP_HASH), RETURN_0)},
	{"a load from the packet by LD_ABS", "tc_x", "not followed", 0,
		TEXT(OP(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), RETURN_0), TEXT(RETURN_0)},
};

/* Helpers, by version and kind of program */
static const struct rule_case helper_cases[] = {
	{"probe_read_kernel", "kp_x", "helper 113 (probe_read_kernel)", KVER(5, 5, 0),
		TEXT(READ_TO_STACK(BPF_FUNC_probe_read_kernel, 8), RETURN_0), {0}},
	{"probe_read_str", "kp_x", "helper 45 (probe_read_str) exists since 4.11", KVER(4, 11, 0),
		TEXT(READ_TO_STACK(BPF_FUNC_probe_read_str, 8), RETURN_0), {0}},
	{"get_socket_cookie", "tc_x", "get_socket_cookie", KVER(4, 12, 0),
		TEXT(INSN_CALL(BPF_FUNC_get_socket_cookie), RETURN_0), {0}},
	{"probe_read in a tc program", "tc_x", "not for tc programs", 0,
		TEXT(READ_TO_STACK(BPF_FUNC_probe_read, 8), RETURN_0),
		TEXT(INSN_MOV_IMM(R2, 0), STACK_AT(R3, -16), INSN_MOV_IMM(R4, 8),
			INSN_CALL(BPF_FUNC_skb_load_bytes), RETURN_0)},
	{"skb_load_bytes in a kprobe program", "kp_x", "not for kprobe programs", 0,
		TEXT(INSN_MOV_IMM(R2, 0), STACK_AT(R3, -16), INSN_MOV_IMM(R4, 8),
			INSN_CALL(BPF_FUNC_skb_load_bytes), RETURN_0),
		TEXT(READ_TO_STACK(BPF_FUNC_probe_read, 8), RETURN_0)},
	{"a helper nobody has looked up", "kp_x", "helper 999 is not in the table", 0,
		TEXT(INSN_CALL(999), RETURN_0), TEXT(INSN_CALL(BPF_FUNC_ktime_get_ns), RETURN_0)},
};

/* What helpers are given */
static const struct rule_case arg_cases[] = {
	{"a buffer in a map's value", "kp_x", "in a map's value exists since 4.11", SINCE_MEM_IN_MAP,
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_MOV_REG(R1, R0), INSN_MOV_IMM(R2, 8),
			INSN_MOV_IMM(R3, 0), INSN_CALL(BPF_FUNC_probe_read), RETURN_0),
		{0}},
	{"a comm that goes to a map's value", "kp_x", "in a map's value exists since 4.11", SINCE_MEM_IN_MAP,
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_MOV_REG(R1, R0), INSN_ADD_IMM(R1, 8),
			INSN_MOV_IMM(R2, 16), INSN_CALL(BPF_FUNC_get_current_comm), RETURN_0),
		{0}},
	{"a record in a map's value", "kp_x", "in a map's value exists since 4.11", SINCE_MEM_IN_MAP,
		TEXT(INSN_MOV_REG(R6, R1), LOOKUP, RETURN_0_IF_NULL(R0), INSN_MOV_REG(R1, R6),
			INSN_LD_MAP(R2, MAP_PERF), INSN_MOV_IMM(R3, 0), INSN_MOV_REG(R4, R0),
			INSN_MOV_IMM(R5, 24), INSN_CALL(BPF_FUNC_perf_event_output), RETURN_0),
		{0}},
	{"a buffer that exceeds a map's value", "kp_x", "accesses byte 16 of a map's value of 24", 0,
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_MOV_REG(R1, R0), INSN_ADD_IMM(R1, 16),
			INSN_MOV_IMM(R2, 16), INSN_MOV_IMM(R3, 0), INSN_CALL(BPF_FUNC_probe_read), RETURN_0),
		{0}},
	{"a key in a map's value", "kp_x", "a map's key in a map's value exists since 4.18", SINCE_KEY_IN_MAP,
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_LD_MAP(R1, MAP_HASH), INSN_MOV_REG(R2, R0),
			INSN_CALL(BPF_FUNC_map_delete_elem), RETURN_0),
		{0}},
	{"a new value in a map's value", "kp_x", "the new value of a map in a map's value", SINCE_KEY_IN_MAP,
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_LD_MAP(R1, MAP_HASH), STACK_AT(R2, -8),
			INSN_MOV_REG(R3, R0), INSN_MOV_IMM(R4, 0), INSN_CALL(BPF_FUNC_map_update_elem),
			RETURN_0),
		{0}},
	{"a key that may be NULL", "kp_x", "a map's key is a map's value that may be NULL", 0,
		TEXT(LOOKUP, INSN_LD_MAP(R1, MAP_HASH), INSN_MOV_REG(R2, R0),
			INSN_CALL(BPF_FUNC_map_lookup_elem), RETURN_0),
		TEXT(LOOKUP, INSN_LD_MAP(R1, MAP_HASH), STACK_AT(R2, -8), INSN_CALL(BPF_FUNC_map_lookup_elem),
			RETURN_0)},
	{"a size that is not constant", "kp_x", "is not provably constant", SINCE_SIZE_MAY_BE_0,
		TEXT(INSN_LOAD64(R2, R1, 0), STACK_AT(R1, -16), INSN_MOV_IMM(R3, 0),
			INSN_CALL(BPF_FUNC_probe_read), RETURN_0),
		{0}},
	{"a size with a bound, into a map", "kp_x", "is not provably constant", SINCE_SIZE_MAY_VARY,
		TEXT(LOOKUP, INSN_JEQ_IMM(R0, 0, 6), INSN_MOV_REG(R1, R0), INSN_LOAD64(R2, R0, 0),
			INSN(BPF_ALU64 | BPF_AND | BPF_K, R2, 0, 0, 3), INSN_ADD_IMM(R2, 1), INSN_MOV_IMM(R3, 0),
			INSN_CALL(BPF_FUNC_probe_read), RETURN_0),
		{0}},
	{"a bound that allows 0", "kp_x", "is not provably constant and above 0", SINCE_SIZE_MAY_BE_0,
		TEXT(LOOKUP, INSN_JEQ_IMM(R0, 0, 5), INSN_MOV_REG(R1, R0), INSN_LOAD64(R2, R0, 0),
			INSN(BPF_ALU64 | BPF_AND | BPF_K, R2, 0, 0, 3), INSN_MOV_IMM(R3, 0),
			INSN_CALL(BPF_FUNC_probe_read), RETURN_0),
		{0}},
	{"a size of 0", "kp_x", "is not provably constant and above 0", SINCE_SIZE_MAY_BE_0,
		TEXT(READ_TO_STACK(BPF_FUNC_probe_read, 0), RETURN_0), {0}},
	{"a socket's address as a key", "tc_x", "a stored pointer as data for a helper", SINCE_STORED_POINTER,
		TEXT(INSN_LOAD64(R1, R1, offsetof(struct __sk_buff, sk)), INSN_STORE64(FP, -8, R1),
			INSN_LD_MAP(R1, MAP_HASH), STACK_AT(R2, -8), INSN_CALL(BPF_FUNC_map_lookup_elem),
			RETURN_0),
		{0}},
	{"a key that is not written", "kp_x", "a map's key is not written on every path", 0,
		TEXT(INSN_LD_MAP(R1, MAP_HASH), STACK_AT(R2, -8), INSN_CALL(BPF_FUNC_map_lookup_elem),
			RETURN_0),
		TEXT(LOOKUP, RETURN_0)},
	{"a key written by a helper", "kp_x", "a map's key is not written on every path", 0,
		TEXT(READ_TO_STACK(BPF_FUNC_probe_read, 7), INSN_LD_MAP(R1, MAP_HASH), STACK_AT(R2, -16),
			INSN_CALL(BPF_FUNC_map_lookup_elem), RETURN_0),
		TEXT(READ_TO_STACK(BPF_FUNC_probe_read, 8), INSN_LD_MAP(R1, MAP_HASH), STACK_AT(R2, -16),
			INSN_CALL(BPF_FUNC_map_lookup_elem), RETURN_0)},
	{"a context that is none", "tc_x", "is not the context", 0,
		TEXT(INSN_ADD_IMM(R1, 4), INSN_MOV_IMM(R2, 0), INSN_CALL(BPF_FUNC_skb_pull_data), RETURN_0),
		TEXT(INSN_MOV_IMM(R2, 0), INSN_CALL(BPF_FUNC_skb_pull_data), RETURN_0)},
	{"a map that is none", "kp_x", "is not one known map", 0,
		TEXT(INSN_MOV_IMM(R1, 3), STACK_AT(R2, -8), INSN_CALL(BPF_FUNC_map_lookup_elem), RETURN_0),
		TEXT(LOOKUP, RETURN_0)},
};

/* Memory */
static const struct rule_case mem_cases[] = {
	{"more than 512 bytes of stack", "kp_x", "uses more than 512 bytes", 0,
		TEXT(INSN_STORE64_IMM(FP, -520, 0), RETURN_0), TEXT(INSN_STORE64_IMM(FP, -512, 0), RETURN_0)},
	{"a buffer beyond 512 bytes of stack", "kp_x", "uses more than 512 bytes", 0,
		TEXT(STACK_AT(R1, -520), INSN_MOV_IMM(R2, 8), INSN_MOV_IMM(R3, 0),
			INSN_CALL(BPF_FUNC_probe_read), RETURN_0),
		TEXT(STACK_AT(R1, -512), INSN_MOV_IMM(R2, 8), INSN_MOV_IMM(R3, 0),
			INSN_CALL(BPF_FUNC_probe_read), RETURN_0)},
	{"an access above the stack", "kp_x", "lies above the stack", 0,
		TEXT(INSN_STORE64_IMM(FP, 0, 0), RETURN_0), TEXT(INSN_STORE64_IMM(FP, -8, 0), RETURN_0)},
	{"an unaligned access to the stack", "kp_x", "unaligned access to the stack", 0,
		TEXT(INSN_STORE64_IMM(FP, -12, 0), RETURN_0),
		TEXT(OP(BPF_ST | BPF_MEM | BPF_W, FP, 0, -12, 0), RETURN_0)},
	{"stack that is not written on every path", "kp_x", "reads stack that is not written", 0,
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_JEQ_IMM(R2, 0, 1), INSN_STORE64_IMM(FP, -8, 0),
			INSN_LOAD64(R2, FP, -8), RETURN_0),
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_JEQ_IMM(R2, 0, 2), INSN_STORE64_IMM(FP, -8, 0),
			INSN_JUMP(1), INSN_STORE64_IMM(FP, -8, 1), INSN_LOAD64(R2, FP, -8), RETURN_0)},
	{"a part of a stored pointer", "kp_x", "reads a part of a stored pointer", 0,
		TEXT(INSN_STORE64(FP, -8, R1), OP(BPF_LDX | BPF_MEM | BPF_W, R2, FP, -8, 0), RETURN_0),
		TEXT(INSN_STORE64(FP, -8, R1), INSN_LOAD64(R2, FP, -8), INSN_LOAD64(R3, R2, 0), RETURN_0)},
	{"storing a part of a pointer", "kp_x", "stores a part of a pointer", 0,
		TEXT(OP(BPF_STX | BPF_MEM | BPF_W, FP, R1, -8, 0), RETURN_0),
		TEXT(INSN_MOV_IMM(R2, 5), OP(BPF_STX | BPF_MEM | BPF_W, FP, R2, -8, 0), RETURN_0)},
	{"one of two places on the stack, one not written", "kp_x", "reads stack that is not written", 0,
		TEXT(INSN_STORE64_IMM(FP, -8, 0), STACK_AT(R3, -8), INSN_LOAD64(R2, R1, 0),
			INSN_JEQ_IMM(R2, 0, 1), INSN_ADD_IMM(R3, -8), INSN_LOAD64(R2, R3, 0), RETURN_0),
		TEXT(INSN_STORE64_IMM(FP, -8, 0), INSN_STORE64_IMM(FP, -16, 0), STACK_AT(R3, -8),
			INSN_LOAD64(R2, R1, 0), INSN_JEQ_IMM(R2, 0, 1), INSN_ADD_IMM(R3, -8),
			INSN_LOAD64(R2, R3, 0), RETURN_0)},
	{"the stack at an unknown offset", "kp_x", "accesses the stack at an unknown offset", 0,
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_MOV_REG(R3, FP),
			OP(BPF_ALU64 | BPF_ADD | BPF_X, R3, R2, 0, 0), INSN_STORE64_IMM(R3, 0, 0), RETURN_0),
		{0}},
	{"a lookup's result without a test for NULL", "kp_x", "a map's value that may be NULL", 0,
		TEXT(LOOKUP, INSN_LOAD64(R1, R0, 0), RETURN_0),
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_LOAD64(R1, R0, 0), RETURN_0)},
	{"a test for NULL on another copy", "kp_x", "a map's value that may be NULL",
		SINCE_NULL_CHECK_OF_COPY,
		TEXT(LOOKUP, INSN_MOV_REG(R6, R0), RETURN_0_IF_NULL(R0), INSN_LOAD64(R1, R6, 0), RETURN_0),
		{0}},
	{"a lookup or NULL, untested", "kp_x", "a map's value that may be NULL", 0,
		TEXT(INSN_LOAD64(R6, R1, 0), INSN_MOV_IMM(R0, 0), INSN_JEQ_IMM(R6, 0, 6), LOOKUP,
			INSN_LOAD64(R1, R0, 0), RETURN_0),
		TEXT(INSN_LOAD64(R6, R1, 0), INSN_MOV_IMM(R0, 0), INSN_JEQ_IMM(R6, 0, 6), LOOKUP,
			RETURN_0_IF_NULL(R0), INSN_LOAD64(R1, R0, 0), RETURN_0)},
	{"arithmetic before the test for NULL", "kp_x", "arithmetic on a map's value that may be NULL", 0,
		TEXT(LOOKUP, INSN_MOV_REG(R6, R0), INSN_ADD_IMM(R6, 8), RETURN_0),
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_ADD_IMM(R0, 8), INSN_LOAD64(R1, R0, 8), RETURN_0)},
	{"an access beyond a map's value", "kp_x", "accesses byte 24 of a map's value of 24", 0,
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_STORE64_IMM(R0, 24, 0), RETURN_0),
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_STORE64_IMM(R0, 16, 0), RETURN_0)},
	{"an unaligned access to a map's value", "kp_x", "unaligned access to a map's value",
		SINCE_UNALIGNED_MAP_ACCESS,
		TEXT(LOOKUP, RETURN_0_IF_NULL(R0), INSN_LOAD64(R1, R0, 4), RETURN_0), {0}},
	{"reading through a number", "kp_x", "reads memory through a number", 0,
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_LOAD64(R2, R2, 0), RETURN_0),
		TEXT(INSN_LOAD64(R2, R1, 0), RETURN_0)},
	{"writing to the context", "kp_x", "writes memory through the context", 0,
		TEXT(INSN_STORE64_IMM(R1, 0, 0), RETURN_0), TEXT(INSN_LOAD64(R2, R1, 0), RETURN_0)},
	{"a context that was added to", "kp_x", "that was added to", 0,
		TEXT(INSN_ADD_IMM(R1, 8), INSN_LOAD64(R2, R1, 0), RETURN_0),
		TEXT(INSN_LOAD64(R2, R1, 8), RETURN_0)},
	{"an unaligned access to the context", "kp_x", "unaligned access to the context", 0,
		TEXT(INSN_LOAD64(R2, R1, 4), RETURN_0), TEXT(INSN_LOAD64(R2, R1, 8), RETURN_0)},
	{"skb->sk", "tc_x", "skb->sk exists since 5.1", SINCE_SKB_SK,
		TEXT(INSN_LOAD64(R1, R1, offsetof(struct __sk_buff, sk)), RETURN_0), {0}},
	{"half a field of the context", "tc_x", "less than a whole field", SINCE_SKB_NARROW_LOAD,
		TEXT(OP(BPF_LDX | BPF_MEM | BPF_H, R2, R1, offsetof(struct __sk_buff, vlan_tci), 0),
			RETURN_0),
		{0}},
	{"a field of the context that 4.9 lacks", "tc_x", "is not in the table", 0,
		TEXT(OP(BPF_LDX | BPF_MEM | BPF_W, R2, R1, offsetof(struct __sk_buff, gso_segs), 0),
			RETURN_0),
		TEXT(OP(BPF_LDX | BPF_MEM | BPF_W, R2, R1, offsetof(struct __sk_buff, ifindex), 0),
			RETURN_0)},
};

/* Registers */
static const struct rule_case reg_cases[] = {
	{"a register that is not set on every path", "kp_x", "reads R6, which is not set", 0,
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_JEQ_IMM(R2, 0, 1), INSN_MOV_IMM(R6, 0),
			INSN_MOV_REG(R0, R6), RETURN_0),
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_MOV_IMM(R6, 1), INSN_JEQ_IMM(R2, 0, 1), INSN_MOV_IMM(R6, 0),
			INSN_MOV_REG(R0, R6), INSN_EXIT())},
	{"an argument register after a call", "kp_x", "reads R1, which is not set", 0,
		TEXT(INSN_CALL(BPF_FUNC_ktime_get_ns), INSN_MOV_REG(R2, R1), RETURN_0),
		TEXT(INSN_MOV_REG(R6, R1), INSN_CALL(BPF_FUNC_ktime_get_ns), INSN_MOV_REG(R2, R6), RETURN_0)},
	{"no result", "kp_x", "reads R0, which is not set", 0, TEXT(INSN_EXIT()), TEXT(RETURN_0)},
	{"a pointer as a result", "kp_x", "returns a pointer", 0, TEXT(INSN_MOV_REG(R0, R1), INSN_EXIT()),
		TEXT(RETURN_0)},
	{"a pointer multiplied", "kp_x", "arithmetic on a pointer", 0,
		TEXT(OP(BPF_ALU64 | BPF_MUL | BPF_K, R1, 0, 0, 2), RETURN_0),
		TEXT(INSN_MOV_IMM(R2, 3), OP(BPF_ALU64 | BPF_MUL | BPF_K, R2, 0, 0, 2), RETURN_0)},
	{"a socket's address added to", "tc_x", "arithmetic on a pointer that takes none", 0,
		TEXT(INSN_LD_MAP(R1, MAP_HASH), INSN_ADD_IMM(R1, 8), RETURN_0),
		TEXT(INSN_LD_MAP(R1, MAP_HASH), RETURN_0)},
	{"a number on one path, a pointer on the other", "kp_x", "different things on different paths", 0,
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_JEQ_IMM(R2, 0, 1), INSN_MOV_IMM(R1, 5),
			INSN_LOAD64(R2, R1, 0), RETURN_0),
		TEXT(INSN_LOAD64(R2, R1, 0), INSN_JEQ_IMM(R2, 0, 1), INSN_MOV_REG(R3, R1),
			INSN_LOAD64(R2, R1, 0), RETURN_0)},
	{"the frame pointer written", "kp_x", "writes the frame pointer", 0,
		TEXT(INSN_ADD_IMM(FP, -8), RETURN_0), TEXT(STACK_AT(R1, -8), RETURN_0)},
};

/* The program as a whole */
static const struct rule_case prog_cases[] = {
	{"a loop", "kp_x", "a loop exists since 5.3", SINCE_LOOP,
		TEXT(INSN_LOAD64(R0, R1, 0), INSN_JEQ_IMM(R0, 0, -2), INSN_EXIT()), {0}},
	{"a jump to itself", "kp_x", "a loop exists since 5.3", SINCE_LOOP,
		TEXT(INSN_LOAD64(R0, R1, 0), INSN_JEQ_IMM(R0, 7, -1), INSN_EXIT()), {0}},
	{"a raw tracepoint program", "rt_x", "raw tracepoint exists since 4.17", KVER(4, 17, 0),
		TEXT(RETURN_0), {0}},
	{"a system call tracepoint program", "tp_x", "system call tracepoint exists since 4.14",
		KVER(4, 14, 0), TEXT(RETURN_0), {0}},
	{"a program of an unknown kind", "xx_x", "prefix", 0, TEXT(RETURN_0), {0}},
	{"a jump out of the program", "kp_x", "leaves the program", 0, TEXT(INSN_JUMP(5), RETURN_0),
		TEXT(INSN_JUMP(0), RETURN_0)},
	{"a jump before the program", "kp_x", "leaves the program", 0, TEXT(INSN_JUMP(-3), RETURN_0),
		TEXT(INSN_JUMP(2), RETURN_0, INSN_JUMP(-3))}, /* backward, yet no loop */
	{"an end that is no exit", "kp_x", "leaves the program", 0, TEXT(INSN_MOV_IMM(R0, 0)),
		TEXT(RETURN_0)},
	{"an empty program", "kp_x", "the program is empty", 0, {0}, TEXT(RETURN_0)},
};

static void run_case(const struct rule_case *k)
{
	uint32_t before = k->since ? k->since - 1 : KVER(6, 18, 0);

	tap_is_int(broken(k->prog, &k->bad, before, k->says), 1, "%s breaks one rule", k->what);
	if (k->since)
		tap_is_int(broken(k->prog, &k->bad, k->since, NULL), 0, "%s breaks none later", k->what);
	if (k->good.cnt) {
		tap_is_int(broken(k->prog, &k->good, KVER(4, 9, 0), NULL), 0, "%s: the good one on 4.9",
			k->what);
		tap_is_int(broken(k->prog, &k->good, KVER(6, 18, 0), NULL), 0, "%s: the good one on 6.18",
			k->what);
	}
}

#define RUN(cases)                                                                                           \
	for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++)                                      \
	run_case(&(cases)[i])

static void test_size(void)
{
	struct bpf_insn *insns = calloc(RULE_INSNS_OLD + 1, sizeof(*insns));
	struct text text = {insns, RULE_INSNS_OLD};

	for (uint32_t i = 0; i < RULE_INSNS_OLD + 1; i++)
		insns[i] = (struct bpf_insn)INSN_MOV_IMM(R0, 0);
	insns[RULE_INSNS_OLD - 1] = (struct bpf_insn)INSN_EXIT();
	tap_is_int(broken("kp_x", &text, KVER(4, 9, 0), NULL), 0, "4096 instructions are good on 4.9");
	insns[RULE_INSNS_OLD - 1] = (struct bpf_insn)INSN_MOV_IMM(R0, 0);
	insns[RULE_INSNS_OLD] = (struct bpf_insn)INSN_EXIT();
	text.cnt++;
	tap_is_int(broken("kp_x", &text, SINCE_LARGE_PROG - 1, "more than 4096"), 1, "4097 are not on 5.1");
	tap_is_int(broken("kp_x", &text, SINCE_LARGE_PROG, NULL), 0, "4097 are good on 5.2");
	free(insns);
}

static unsigned int broken_maps(uint32_t type, uint32_t kver)
{
	struct bundle_map map = {"m_one", type, 4, 4, 1, 0};
	const struct bundle one = {.maps = &map, .map_cnt = 1};
	struct check c = {.bundle = &one, .kver = kver, .lines = BUF_INIT};

	check_maps(&c);
	buf_free(&c.lines);
	return c.broken;
}

static void test_maps(void)
{
	tap_is_int(broken_maps(BPF_MAP_TYPE_HASH, KVER(4, 9, 0)), 0, "a hash on 4.9");
	tap_is_int(broken_maps(BPF_MAP_TYPE_LRU_HASH, KVER(4, 9, 0)), 1, "no LRU hash on 4.9");
	tap_is_int(broken_maps(BPF_MAP_TYPE_LRU_HASH, KVER(4, 10, 0)), 0, "an LRU hash on 4.10");
	tap_is_int(broken_maps(BPF_MAP_TYPE_RINGBUF, KVER(6, 18, 0)), 1, "a type nobody has looked up");
}

int main(void)
{
	tap_is_int(broken("kp_x", &nothing, KVER(4, 9, 0), NULL), 0,
		"the program that does nothing breaks nothing");
	test_size();
	test_maps();
	RUN(prog_cases);
	RUN(insn_cases);
	RUN(helper_cases);
	RUN(arg_cases);
	RUN(mem_cases);
	RUN(reg_cases);
	return tap_done();
}
