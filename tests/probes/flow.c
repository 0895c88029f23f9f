/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/flow.h"

#include <stdlib.h>
#include <string.h>

void flow_since(struct flow *f, uint32_t since, const char *what)
{
	if (f->report)
		check_since(f->c, f->at, since, what);
}

struct val flow_read(struct flow *f, int reg)
{
	if (f->now.reg[reg].kind == VAL_UNSET)
		flow_broken(f, "reads R%d, which is not set on every path", reg);
	return f->now.reg[reg];
}

static int64_t access_size(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static struct val add(struct flow *f, struct val ptr, const struct val *n, bool minus)
{
	if (ptr.kind == VAL_ITEM_OR_NULL || ptr.kind == VAL_MAP || ptr.kind == VAL_POINTER) {
		flow_broken(f, "arithmetic on %s",
			ptr.kind == VAL_ITEM_OR_NULL ? "a map's value that may be NULL"
						     : "a pointer that takes none");
		return val_any();
	}
	if (n->cnt != 1) {
		ptr.cnt = 0;
		memset(ptr.num, 0, sizeof(ptr.num));
	}
	for (int i = 0; i < ptr.cnt; i++)
		ptr.num[i] += minus ? -n->num[0] : n->num[0];
	return ptr;
}

/* Numbers are not calculated: what must be constant is a constant in the program's text. But for the bounds that a mask gives,
 * and constants added to it: so sizes are made provable. */
static struct val calculate_number(const struct bpf_insn *insn, const struct val *dst, const struct val *src)
{
	struct val v = val_any();
	int64_t c = src->num[0];

	if (BPF_CLASS(insn->code) != BPF_ALU64 || src->cnt != 1 || c <= 0)
		return v;
	if (BPF_OP(insn->code) == BPF_AND) {
		v.max = c;
	} else if (BPF_OP(insn->code) == BPF_ADD && dst->max) {
		v.min = dst->min + c;
		v.max = dst->max + c;
	}
	return v;
}

static struct val calculate(
	struct flow *f, const struct bpf_insn *insn, const struct val *dst, const struct val *src)
{
	int op = BPF_OP(insn->code);

	if (!val_is_pointer(dst) && !val_is_pointer(src))
		return calculate_number(insn, dst, src);
	if (BPF_CLASS(insn->code) == BPF_ALU64 && (op == BPF_ADD || op == BPF_SUB)) {
		if (!val_is_pointer(src))
			return add(f, *dst, src, op == BPF_SUB);
		if (op == BPF_ADD && !val_is_pointer(dst))
			return add(f, *src, dst, false);
		if (op == BPF_SUB && val_is_pointer(dst))
			return val_any();
	}
	flow_broken(f, "arithmetic on a pointer other than adding to it");
	return val_any();
}

/* Copies of a lookup's result are known as such by its id; where paths with different lookups have met, the
 * copy is the beginning of a new one. */
static struct val move(struct flow *f, const struct bpf_insn *insn, struct val src)
{
	struct val *from = &f->now.reg[insn->src_reg];

	if (BPF_CLASS(insn->code) == BPF_ALU)
		return src.kind == VAL_NUM && src.cnt == 1 ? val_const((uint32_t)src.num[0]) : val_any();
	if (src.kind == VAL_ITEM_OR_NULL && !src.id)
		from->id = src.id = f->c->prog->insn_cnt + f->at + 1;
	return src;
}

static void do_alu(struct flow *f, const struct bpf_insn *insn)
{
	struct val *dst = &f->now.reg[insn->dst_reg];
	int op = BPF_OP(insn->code);
	bool has_src = BPF_SRC(insn->code) == BPF_X && op != BPF_END;
	struct val src = has_src ? flow_read(f, insn->src_reg) : val_const(insn->imm);
	struct val old;

	if (insn->dst_reg == BPF_REG_10) {
		flow_broken(f, "writes the frame pointer");
		return;
	}
	if (op == BPF_MOV) {
		*dst = move(f, insn, src);
		return;
	}
	old = flow_read(f, insn->dst_reg);
	*dst = calculate(f, insn, &old, &src);
}

static void do_load64(struct flow *f, const struct bpf_insn *insn)
{
	struct val *dst = &f->now.reg[insn->dst_reg];
	int map = check_map_at(f->c, f->at);

	*dst = val_const((int64_t)((uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm));
	if (insn->src_reg == BPF_PSEUDO_MAP_FD && map >= 0)
		*dst = (struct val){.kind = VAL_MAP, .map = map, .cnt = 1};
}

static void do_load(struct flow *f, const struct bpf_insn *insn)
{
	struct val base = flow_read(f, insn->src_reg);

	f->now.reg[insn->dst_reg] = mem_load(f, &base, insn->off, access_size(insn->code));
}

static void do_store(struct flow *f, const struct bpf_insn *insn)
{
	bool is_reg = BPF_CLASS(insn->code) == BPF_STX;
	struct val base = flow_read(f, insn->dst_reg);
	struct val what = is_reg ? flow_read(f, insn->src_reg) : val_const(insn->imm);
	int64_t size = access_size(insn->code);

	if (is_reg && BPF_MODE(insn->code) == RULE_MODE_ATOMIC) {
		mem_load(f, &base, insn->off, size);
		if (insn->imm & RULE_ATOMIC_FETCH)
			f->now.reg[insn->src_reg] = val_any();
		what = val_any();
	}
	mem_store(f, &base, insn->off, size, &what);
}

static void do_exit(struct flow *f)
{
	if (flow_read(f, BPF_REG_0).kind > VAL_NUM)
		flow_broken(f, "returns a pointer");
}

static void step(struct flow *f, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		do_alu(f, insn);
		break;
	case BPF_LD:
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
			do_load64(f, insn);
		else
			flow_broken(f, "an instruction that is not followed (code 0x%02x)", insn->code);
		break;
	case BPF_LDX:
		do_load(f, insn);
		break;
	case BPF_ST:
	case BPF_STX:
		do_store(f, insn);
		break;
	default:
		if (BPF_OP(insn->code) == BPF_CALL)
			call_helper(f, insn);
		else if (BPF_OP(insn->code) == BPF_EXIT)
			do_exit(f);
		else if (BPF_OP(insn->code) != BPF_JA)
			flow_read(f, insn->dst_reg);
		if (BPF_OP(insn->code) < BPF_CALL && BPF_SRC(insn->code) == BPF_X)
			flow_read(f, insn->src_reg);
	}
}

/* What a test of a lookup's result for NULL tells about it on one of its two ways. False: that way is never
 * taken. */
static bool learn(const struct flow *f, const struct bpf_insn *insn, bool taken, struct state *s)
{
	struct val *v = &s->reg[insn->dst_reg];
	int op = BPF_OP(insn->code);
	bool equal = taken == (op == BPF_JEQ);

	if (BPF_CLASS(insn->code) != BPF_JMP || BPF_SRC(insn->code) != BPF_K ||
		(op != BPF_JEQ && op != BPF_JNE))
		return true;
	if (v->kind == VAL_NUM && v->cnt == 1)
		return val_is(v, insn->imm) == equal;
	if (v->kind != VAL_ITEM_OR_NULL || insn->imm)
		return true;
	if (v->id && f->c->kver >= SINCE_NULL_CHECK_OF_COPY)
		state_settle(s, v->id, equal);
	else
		val_settle(v, equal);
	return true;
}

/* Hands the state on to what follows. True: something before this instruction has changed, a backward jump.
 */
static bool spread(struct flow *f, const struct bpf_insn *insn)
{
	int64_t to[2];
	int cnt = check_next(f->c->prog, f->at, to);
	bool back = false;

	for (int i = 0; i < cnt; i++) {
		struct state next = f->now;

		if (cnt == 2 && !learn(f, insn, i == 1, &next))
			continue;
		back |= state_join(&f->in[to[i]], &next) && to[i] <= f->at;
	}
	return back;
}

static bool follow(struct flow *f)
{
	const struct bundle_prog *prog = f->c->prog;
	bool again = false;

	for (f->at = 0; f->at < prog->insn_cnt; f->at++) {
		if (!f->in[f->at].reached)
			continue;
		f->now = f->in[f->at];
		step(f, &prog->insns[f->at]);
		again |= spread(f, &prog->insns[f->at]);
	}
	return again;
}

void check_flow(struct check *c)
{
	struct flow f = {.c = c};

	f.in = calloc(c->prog->insn_cnt, sizeof(*f.in));
	if (!f.in) {
		check_broken(c, 0, "no memory to follow it");
		return;
	}
	state_enter(&f.in[0]);
	while (follow(&f))
		;
	f.report = true;
	follow(&f);
	free(f.in);
}
