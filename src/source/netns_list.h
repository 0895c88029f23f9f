/* SPDX-License-Identifier: BSD-2-Clause */
/* Which network namespaces there are: those with a name in /run/netns, and those with a process in them. Others are kept alive by
 * nothing but a mount elsewhere, a descriptor or a thread that is not its process's first: nobody lists these. */
#ifndef PIDTAP_SOURCE_NETNS_LIST_H
#define PIDTAP_SOURCE_NETNS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"
#include "source/netns.h"

struct netns_entry {
	uint32_t inode;
	uint32_t pid; /* of a process in it; 0: it has a name */
	char *name;   /* the first in the alphabet; NULL: it has none */
};

struct netns_list {
	struct netns_entry *all;
	size_t cnt;
};

/* Reads the names and, if asked to, a link a process. The caller frees the list. 0 or -ENOMEM: what cannot be read is not
 * there. */
int netns_list_read(const struct sysroot *root, bool processes, struct netns_list *out);
void netns_list_free(struct netns_list *list);

/* NULL: not in it. Borrowed. */
const struct netns_entry *netns_list_find(const struct netns_list *list, uint32_t inode);

/* As netns_open. -ESTALE: it is gone, and another has its name or process. */
int netns_list_open(const struct sysroot *root, const struct netns_entry *entry, struct netns *out);

#endif
