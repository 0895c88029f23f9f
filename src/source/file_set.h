/* SPDX-License-Identifier: BSD-2-Clause */
/* Files by the numbers of their mappings. Bounded: when it is full the one that was added first is forgotten. */
#ifndef PIDTAP_SOURCE_FILE_SET_H
#define PIDTAP_SOURCE_FILE_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "source/mappings.h"

#define FILE_SET_MAX 65536

struct file_entry;

/* All zero: empty. */
struct file_set {
	struct file_entry *entries;
};

bool file_set_has(const struct file_set *s, const struct mapped_file *file);

/* Once each. Out of memory: it is not added. */
void file_set_add(struct file_set *s, const struct mapped_file *file);

void file_set_clear(struct file_set *s);
size_t file_set_count(const struct file_set *s);

#endif
