/* SPDX-License-Identifier: BSD-2-Clause */
/* Which interfaces are to be captured, of all captured network namespaces: those that -i names.
 *
 *   any        all                       IFACE         those of this name, in whatever namespace
 *   NAME/any   all of one namespace      NAME/IFACE    that one; NAME is as outputs show it, empty for our own
 */
#ifndef PIDTAP_SOURCE_IFACE_SELECT_H
#define PIDTAP_SOURCE_IFACE_SELECT_H

#include <stdbool.h>
#include <stddef.h>

struct iface_select {
	const char **names; /* borrowed */
	size_t cnt;	    /* 0: any */
	bool *found;	    /* of each: an interface was seen that it means */
};

enum iface_wish {
	IFACE_UNWANTED,
	IFACE_WANTED, /* as one of all */
	IFACE_NAMED   /* by itself */
};

/* 0 or -ENOMEM. */
int iface_select_init(struct iface_select *sel, const char **names, size_t cnt);
void iface_select_fini(struct iface_select *sel);

/* An interface of the namespace called `netns` ("": our own) is there: is it wanted? */
enum iface_wish iface_select_match(struct iface_select *sel, const char *netns, const char *iface);

/* Is the namespace one that a name says by itself? */
bool iface_select_has_netns(const struct iface_select *sel, const char *netns);

/* Does nothing but "any" stand there? */
bool iface_select_is_any(const struct iface_select *sel);

/* The first name that meant none of all that were seen. NULL: each did. */
const char *iface_select_missing(const struct iface_select *sel);

#endif
