/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/iface_select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int iface_select_init(struct iface_select *sel, const char **names, size_t cnt)
{
	*sel = (struct iface_select){.names = names, .cnt = cnt, .found = calloc(cnt + 1, sizeof(*sel->found))};
	return sel->found ? 0 : -ENOMEM;
}

void iface_select_fini(struct iface_select *sel)
{
	free(sel->found);
	*sel = (struct iface_select){0};
}

/* The names of interfaces hold no slash (dev_valid_name, net/core/dev.c), nor do those of namespaces. */
static bool says_netns(const char *name, const char *netns)
{
	size_t len = strlen(netns);

	return !strncmp(name, netns, len) && name[len] == '/';
}

static enum iface_wish match_one(const char *name, const char *netns, const char *iface)
{
	const char *slash = strchr(name, '/');

	if (slash && !says_netns(name, netns))
		return IFACE_UNWANTED;
	name = slash ? slash + 1 : name;
	if (!strcmp(name, "any"))
		return IFACE_WANTED;
	return strcmp(name, iface) ? IFACE_UNWANTED : IFACE_NAMED;
}

enum iface_wish iface_select_match(struct iface_select *sel, const char *netns, const char *iface)
{
	enum iface_wish wish = sel->cnt ? IFACE_UNWANTED : IFACE_WANTED;

	for (size_t i = 0; i < sel->cnt; i++) {
		enum iface_wish one = match_one(sel->names[i], netns, iface);

		sel->found[i] |= one != IFACE_UNWANTED;
		if (wish != IFACE_WANTED && one != IFACE_UNWANTED)
			wish = one;
	}
	return wish;
}

bool iface_select_has_netns(const struct iface_select *sel, const char *netns)
{
	for (size_t i = 0; i < sel->cnt; i++)
		if (says_netns(sel->names[i], netns))
			return true;
	return false;
}

bool iface_select_is_any(const struct iface_select *sel)
{
	for (size_t i = 0; i < sel->cnt; i++)
		if (!strcmp(sel->names[i], "any"))
			return true;
	return !sel->cnt;
}

const char *iface_select_missing(const struct iface_select *sel)
{
	for (size_t i = 0; i < sel->cnt; i++)
		if (!sel->found[i] && strcmp(sel->names[i], "any"))
			return sel->names[i];
	return NULL;
}
