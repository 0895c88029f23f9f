/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/check.h"
#include "tests/probes/rules.h"

#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>

/* Every version asked about ends in .0: patch levels bring no features. */
static void put_version(struct buf *to, uint32_t kver)
{
	buf_printf(to, "%u.%u", kver >> 16, kver >> 8 & 255);
}

static void begin(struct check *c, uint32_t insn)
{
	c->broken++;
	buf_printf(&c->lines, "%s insn %u: ", c->prog->name, insn);
}

void check_broken(struct check *c, uint32_t insn, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	begin(c, insn);
	buf_printf(&c->lines, "%s\n", text);
}

static void put_since(struct check *c, uint32_t since, const char *what)
{
	buf_printf(&c->lines, "%s exists since ", what);
	put_version(&c->lines, since);
	buf_puts(&c->lines, ", not on ");
	put_version(&c->lines, c->kver);
	buf_putc(&c->lines, '\n');
}

bool check_since(struct check *c, uint32_t insn, uint32_t since, const char *what)
{
	if (c->kver >= since)
		return true;
	begin(c, insn);
	put_since(c, since, what);
	return false;
}

int check_map_at(const struct check *c, uint32_t insn)
{
	for (uint32_t i = 0; i < c->prog->reloc_cnt; i++)
		if (c->prog->relocs[i].insn == insn && c->prog->relocs[i].map < c->bundle->map_cnt)
			return (int)c->prog->relocs[i].map;
	return -1;
}

void check_maps(struct check *c)
{
	for (uint32_t i = 0; i < c->bundle->map_cnt; i++) {
		const struct bundle_map *map = &c->bundle->maps[i];
		const struct rule_map *rule = rule_map(map->type);

		if (rule && c->kver >= rule->since)
			continue;
		c->broken++;
		buf_printf(&c->lines, "map %s: ", map->name);
		if (rule)
			put_since(c, rule->since, rule->name);
		else
			buf_printf(&c->lines, "map type %u is not in the table of the audit\n", map->type);
	}
}

int check_next(const struct bundle_prog *prog, uint32_t at, int64_t to[2])
{
	const struct bpf_insn *insn = &prog->insns[at];
	int class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	to[0] = (int64_t)at + (insn->code == (BPF_LD | BPF_IMM | BPF_DW) ? 2 : 1);
	if ((class != BPF_JMP && class != BPF_JMP32) || op == BPF_CALL)
		return 1;
	if (op == BPF_EXIT)
		return 0;
	to[1] = to[0] + (class == BPF_JMP32 && op == BPF_JA ? insn->imm : insn->off);
	if (op != BPF_JA)
		return 2;
	to[0] = to[1];
	return 1;
}

/* What the passes over ways rely on. */
static bool is_closed(struct check *c)
{
	unsigned int before = c->broken;
	int64_t to[2];

	if (!c->prog->insn_cnt)
		check_broken(c, 0, "the program is empty");
	for (uint32_t i = 0; i < c->prog->insn_cnt; i++)
		for (int n = check_next(c->prog, i, to); n > 0; n--)
			if (to[n - 1] < 0 || to[n - 1] >= c->prog->insn_cnt)
				check_broken(c, i, "leaves the program");
	return c->broken == before;
}

/* flow.c does not follow them. Kernels on which the text asks for them (rules.c: sk_fullsock) run in tests. */
static bool uses_sockets(const struct check *c)
{
	for (uint32_t i = 0; i < c->prog->insn_cnt; i++)
		if (c->prog->insns[i].code == (BPF_JMP | BPF_CALL) && !c->prog->insns[i].src_reg &&
			c->prog->insns[i].imm == BPF_FUNC_sk_fullsock)
			return true;
	return false;
}

void check_prog(struct check *c)
{
	const struct rule_prog *rule = rule_prog(c->prog->name);

	if (!rule) {
		check_broken(c, 0, "the prefix of its name is not in the table of the audit");
		return;
	}
	check_since(c, 0, rule->since, rule->what);
	if (!is_closed(c))
		return;
	check_insns(c);
	check_loops(c);
	if (!uses_sockets(c))
		check_flow(c);
}
