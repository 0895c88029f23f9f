/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/code_int.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_TO_CALL 24  /* from loading a string to the call it is for */
#define STEPS_OF_FUNC 64  /* short functions only are followed */
#define PLACES_MAX 32
#define BRANCHES_MAX 4
#define FIELD_BYTES 32	  /* a field that is copied in pieces */

struct code {
	const struct elf_image *img;
	const struct code_machine *m;
	csh cs;
	cs_insn *insn;
};

static const struct code_machine *machine_of(uint16_t elf)
{
	static const struct code_machine *const machines[] = {&code_x86, &code_arm64};

	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i]->elf == elf)
			return machines[i];
	return NULL;
}

int code_open(const struct elf_image *img, struct code **out)
{
	const struct code_machine *m = machine_of(elf_image_machine(img));
	struct code *c;

	if (!m)
		return -EOPNOTSUPP;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->img = img;
	c->m = m;
	if (cs_open(m->arch, m->mode, &c->cs)) {
		free(c);
		return -EOPNOTSUPP;
	}
	cs_option(c->cs, CS_OPT_DETAIL, CS_OPT_ON);
	c->insn = cs_malloc(c->cs);
	if (c->insn) {
		*out = c;
		return 0;
	}
	code_close(c);
	return -ENOMEM;
}

void code_close(struct code *c)
{
	if (!c)
		return;
	if (c->insn)
		cs_free(c->insn, 1);
	cs_close(&c->cs);
	free(c);
}

/* ---- following registers ---- */

struct walk {
	const struct code *c;
	const uint8_t *at;
	size_t left;
	uint64_t addr;
	struct code_value regs[CODE_REGS];
	struct code_step step; /* the last one */
};

static void walk_from(struct walk *w, const struct code *c, uint64_t addr)
{
	struct elf_span span = elf_image_at(c->img, addr);

	memset(w, 0, sizeof(*w));
	w->c = c;
	w->at = span.data;
	w->left = span.len;
	w->addr = addr;
}

static void walk_function(struct walk *w, const struct code *c, uint64_t func)
{
	walk_from(w, c, func);
	for (unsigned int i = 0; i < CODE_ARGS; i++)
		w->regs[c->m->args[i]] = (struct code_value){.kind = CODE_ADDRESS, .arg = i};
}

static struct code_value add(struct code_value v, int64_t imm)
{
	if (v.kind == CODE_CONST)
		v.value += (uint64_t)imm;
	else
		v.inner += (uint32_t)imm;
	return v;
}

static struct code_value load(struct code_value from, int64_t imm)
{
	struct code_value at = add(from, imm);

	if (from.kind != CODE_ADDRESS)
		return (struct code_value){0}; /* one level is enough for what we read */
	return (struct code_value){.kind = CODE_MEMBER, .arg = at.arg, .outer = at.inner};
}

static void apply(struct walk *w)
{
	const struct code_step *s = &w->step;

	switch (s->kind) {
	case STEP_CONST:
		w->regs[s->dst] = (struct code_value){.kind = CODE_CONST, .value = (uint64_t)s->imm};
		break;
	case STEP_ADD:
		w->regs[s->dst] = add(w->regs[s->src], s->imm);
		break;
	case STEP_LOAD:
		w->regs[s->dst] = load(w->regs[s->src], s->imm);
		break;
	default:
		for (unsigned int i = 0; i < CODE_REGS; i++)
			if (s->writes & 1U << i)
				w->regs[i].kind = CODE_UNKNOWN;
	}
}

/* One instruction on; its effect is not applied yet. false: what is there cannot be read. */
static bool walk_step(struct walk *w)
{
	if (!w->at || !cs_disasm_iter(w->c->cs, &w->at, &w->left, &w->addr, w->c->insn))
		return false;
	memset(&w->step, 0, sizeof(w->step));
	w->c->m->step(w->c->cs, w->c->insn, &w->step);
	return true;
}

/* Goes on to the next call or last jump. false: none within `max` instructions, or the function ends before. */
static bool walk_to_call(struct walk *w, unsigned int max)
{
	while (max-- && walk_step(w)) {
		if (w->step.kind == STEP_CALL || w->step.kind == STEP_JUMP)
			return w->step.imm;
		if (w->step.kind == STEP_RETURN)
			return false;
		apply(w);
	}
	return false;
}

/* ---- questions ---- */

/* Called where the string was loaded at text.data + at; 0: not so. */
static uint64_t called_from(const struct code *c, uint64_t addr, uint64_t str, unsigned int arg)
{
	struct walk w;
	const struct code_value *v = &w.regs[c->m->args[arg]];

	walk_from(&w, c, addr);
	if (!walk_to_call(&w, STEPS_TO_CALL) || v->kind != CODE_CONST || v->value != str)
		return 0;
	return (uint64_t)w.step.imm;
}

uint64_t code_called_with(const struct code *c, uint64_t str, unsigned int arg)
{
	uint64_t target = 0;
	struct elf_span text;

	for (size_t i = 0; (text = elf_image_text(c->img, i)).len; i++) {
		for (size_t at = 0; (at = c->m->next_load(&text, at, str)) < text.len; at += c->m->align) {
			uint64_t found = called_from(c, text.addr + at, str, arg);

			if (found && target && found != target)
				return 0;
			target = found ? found : target;
		}
	}
	return target;
}

int code_first_call(const struct code *c, uint64_t func, struct code_call *out)
{
	struct walk w;

	walk_function(&w, c, func);
	if (!walk_to_call(&w, STEPS_TO_CALL))
		return -ENOENT;
	out->target = (uint64_t)w.step.imm;
	for (unsigned int i = 0; i < CODE_ARGS; i++)
		out->args[i] = w.regs[c->m->args[i]];
	return 0;
}

bool code_calls(const struct code *c, uint64_t func, uint64_t target)
{
	unsigned int steps = 0;
	struct walk w;

	for (walk_function(&w, c, func); ++steps <= STEPS_OF_FUNC && walk_step(&w) && w.step.kind != STEP_RETURN;)
		if ((w.step.kind == STEP_CALL || w.step.kind == STEP_JUMP) && (uint64_t)w.step.imm == target)
			return true;
	return false;
}

uint64_t code_stub_of(const struct code *c, uint64_t slot)
{
	struct elf_span stubs;

	for (size_t i = 0; (stubs = elf_image_stubs(c->img, i)).len; i++)
		for (size_t at = 0; at < stubs.len; at += c->m->align)
			if (c->m->is_stub(&stubs, at, slot))
				return stubs.addr + at;
	return 0;
}

struct places {
	struct code_value list[PLACES_MAX];
	size_t cnt;
};

static bool is_in_object(const struct code_value *v)
{
	return (v->kind == CODE_ADDRESS || v->kind == CODE_MEMBER) && !v->arg && (v->inner | v->outer);
}

static void note_place(struct places *p, struct code_value v)
{
	if (is_in_object(&v) && p->cnt < PLACES_MAX)
		p->list[p->cnt++] = v;
}

/* The pointer by which another place is reached is none itself. */
static bool is_way_to_another(const struct places *p, const struct code_value *v)
{
	for (size_t i = 0; v->kind == CODE_ADDRESS && i < p->cnt; i++)
		if (p->list[i].kind == CODE_MEMBER && p->list[i].outer == v->inner)
			return true;
	return false;
}

/* Pieces of one field are one place: the first of them. */
static int one_place(const struct places *p, struct code_value *out)
{
	const struct code_value *first = NULL;

	for (size_t i = 0; i < p->cnt; i++)
		if (!is_way_to_another(p, &p->list[i]) && (!first || p->list[i].inner < first->inner))
			first = &p->list[i];
	for (size_t i = 0; first && i < p->cnt; i++) {
		const struct code_value *v = &p->list[i];

		if (is_way_to_another(p, v))
			continue;
		if (v->kind != first->kind || v->outer != first->outer || v->inner - first->inner >= FIELD_BYTES)
			return -ENOENT;
	}
	if (!first)
		return -ENOENT;
	*out = *first;
	return 0;
}

/* The next instruction of a short function. false: it ends, or leaves. */
static bool walk_in_function(struct walk *w, unsigned int *steps)
{
	if (++*steps > STEPS_OF_FUNC || !walk_step(w))
		return false;
	return w->step.kind != STEP_RETURN && w->step.kind != STEP_CALL && w->step.kind != STEP_JUMP;
}

/* Where a function may go on, and what the registers hold there. */
struct branches {
	struct walk list[BRANCHES_MAX];
	size_t cnt;
};

static void note_branch(struct branches *b, const struct walk *w)
{
	struct walk *at = &b->list[b->cnt];

	if (b->cnt == BRANCHES_MAX || (uint64_t)w->step.imm <= w->addr)
		return;
	walk_from(at, w->c, (uint64_t)w->step.imm);
	memcpy(at->regs, w->regs, sizeof(at->regs));
	b->cnt++;
}

static void note_places(struct places *places, struct walk *w, struct branches *branches)
{
	unsigned int steps = 0;

	for (; walk_in_function(w, &steps); apply(w)) {
		const struct code_step *s = &w->step;

		if ((s->kind == STEP_ADD && s->imm) || s->kind == STEP_LOAD)
			note_place(places, add(w->regs[s->src], s->imm));
		if (s->kind == STEP_BRANCH && branches)
			note_branch(branches, w);
	}
}

int code_read_place(const struct code *c, uint64_t func, struct code_value *place)
{
	struct places places = {.cnt = 0};
	struct branches branches = {.cnt = 0};
	struct walk w;

	walk_function(&w, c, func);
	note_places(&places, &w, &branches);
	for (size_t i = 0; !places.cnt && w.step.kind == STEP_CALL && i < branches.cnt; i++)
		note_places(&places, &branches.list[i], NULL);
	return one_place(&places, place);
}

int code_stored_place(const struct code *c, uint64_t func, unsigned int arg, struct code_value *place)
{
	unsigned int steps = 0;
	struct walk w;

	for (walk_function(&w, c, func); walk_in_function(&w, &steps); apply(&w)) {
		const struct code_step *s = &w.step;
		const struct code_value *at = &w.regs[s->dst];

		if (s->kind != STEP_STORE || s->imm || at->kind != CODE_ADDRESS || at->arg != arg || at->inner)
			continue;
		if (!is_in_object(&w.regs[s->src]))
			return -ENOENT;
		*place = w.regs[s->src];
		return 0;
	}
	return -ENOENT;
}
