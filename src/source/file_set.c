/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/file_set.h"

#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct file_entry {
	struct mapped_file file;
	UT_hash_handle hh;
};

bool file_set_has(const struct file_set *s, const struct mapped_file *file)
{
	struct file_entry *e;

	HASH_FIND(hh, s->entries, file, sizeof(*file), e);
	return e;
}

void file_set_add(struct file_set *s, const struct mapped_file *file)
{
	struct file_entry *e;

	if (file_set_has(s, file))
		return;
	if (file_set_count(s) >= FILE_SET_MAX) {
		e = s->entries;
		HASH_DEL(s->entries, e);
	} else {
		e = malloc(sizeof(*e));
	}
	if (!e)
		return;
	e->file = *file;
	HASH_ADD(hh, s->entries, file, sizeof(e->file), e);
	if (!e->hh.tbl)
		free(e);
}

void file_set_clear(struct file_set *s)
{
	struct file_entry *e, *next;

	HASH_ITER(hh, s->entries, e, next) {
		HASH_DEL(s->entries, e);
		free(e);
	}
}

size_t file_set_count(const struct file_set *s)
{
	return HASH_COUNT(s->entries);
}
