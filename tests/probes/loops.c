/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/check.h"
#include "tests/probes/rules.h"

#include <stdlib.h>

/* How far the walk is with an instruction */
enum mark { NEW, OPEN, DONE };

struct walk {
	enum mark *mark;
	uint32_t *path; /* the open instructions, first to last */
	uint32_t depth;
};

/* Opens the next instruction the one at the path's end leads to. False: there is none left. */
static bool descend(struct check *c, struct walk *w, uint32_t at)
{
	int64_t to[2];

	for (int i = check_next(c->prog, at, to); i > 0; i--) {
		uint32_t next = (uint32_t)to[i - 1];

		if (w->mark[next] != NEW)
			continue;
		w->mark[next] = OPEN;
		w->path[w->depth++] = next;
		return true;
	}
	return false;
}

static bool leads_back(struct check *c, const struct walk *w, uint32_t at)
{
	int64_t to[2];
	bool back = false;

	for (int i = check_next(c->prog, at, to); i > 0; i--)
		back |= w->mark[to[i - 1]] == OPEN;
	return back;
}

/* Jumping backward is no loop yet: compilers put blocks in any order, and the verifiers take that. What those
 * below 5.3 refuse is a way from an instruction to itself, found as they find it, by walking depth first. */
void check_loops(struct check *c)
{
	uint32_t cnt = c->prog->insn_cnt;
	struct walk w = {
		.mark = calloc(cnt, sizeof(*w.mark)), .path = calloc(cnt, sizeof(*w.path)), .depth = 1};

	if (!w.mark || !w.path) {
		check_broken(c, 0, "no memory to look for loops");
		goto out;
	}
	w.mark[0] = OPEN;
	while (w.depth) {
		uint32_t at = w.path[w.depth - 1];

		if (descend(c, &w, at))
			continue;
		if (leads_back(c, &w, at))
			check_since(c, at, SINCE_LOOP, "a loop");
		w.mark[at] = DONE;
		w.depth--;
	}
out:
	free(w.mark);
	free(w.path);
}
