/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng_proc.h"

#include <stdlib.h>
#include <string.h>

/* uthash exits the process when it runs out of memory, unless told otherwise; then it leaves hh.tbl NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "out/fmt.h"
#include "out/pcapng_block.h"

#define PROCS_MAX 16384

struct key {
	uint64_t start_ns;
	uint64_t pid; /* as wide as that, so that there is no padding in the key */
};

struct proc {
	struct key key;
	uint32_t index;
	char comm[EV_COMM_LEN];
	UT_hash_handle hh;
};

struct pcapng_procs {
	struct proc *procs; /* in the order they were added */
	uint32_t blocks;    /* written so far */
};

struct pcapng_procs *pcapng_procs_new(void)
{
	return calloc(1, sizeof(struct pcapng_procs));
}

void pcapng_procs_free(struct pcapng_procs *t)
{
	struct proc *p, *next;

	if (!t)
		return;
	HASH_ITER(hh, t->procs, p, next) {
		HASH_DEL(t->procs, p);
		free(p);
	}
	free(t);
}

static struct proc *add(struct pcapng_procs *t, const struct key *key)
{
	struct proc *p = t->procs;

	if (HASH_COUNT(t->procs) >= PROCS_MAX)
		HASH_DEL(t->procs, p);
	else
		p = malloc(sizeof(*p));
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->key = *key;
	HASH_ADD(hh, t->procs, key, sizeof(p->key), p);
	if (p->hh.tbl)
		return p;
	free(p);
	return NULL;
}

/* Block body: u32 pid, then options. */
static void put_block(struct pcapng_procs *t, struct proc *p, const struct owner *o, struct buf *blocks)
{
	struct buf name = BUF_INIT;
	size_t begin;

	memcpy(p->comm, o->comm, sizeof(p->comm));
	p->index = t->blocks++;
	fmt_escaped(&name, o->comm);
	begin = block_begin(blocks, BLOCK_DPIB);
	buf_u32(blocks, o->pid);
	block_option(blocks, DPIB_NAME, name.data, name.len);
	block_options_end(blocks);
	block_end(blocks, begin);
	buf_free(&name);
}

bool pcapng_procs_index(struct pcapng_procs *t, const struct owner *o, struct buf *blocks, uint32_t *index)
{
	const struct key key = {o->start_ns, o->pid};
	struct proc *p;
	bool is_new;

	HASH_FIND(hh, t->procs, &key, sizeof(key), p);
	is_new = !p;
	if (!p)
		p = add(t, &key);
	if (!p)
		return false;
	if (is_new || strcmp(p->comm, o->comm))
		put_block(t, p, o, blocks);
	*index = p->index;
	return true;
}
