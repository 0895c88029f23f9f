/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/iface.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct slot {
	struct iface iface;
	struct {
		uint32_t netns, ifindex;
	} key;
	UT_hash_handle hh;
};

struct iface_table {
	struct slot *by_key; /* the newest interface of each (netns, ifindex) */
	struct slot **by_id;
	size_t cnt;
};

struct iface_table *iface_table_new(void)
{
	return calloc(1, sizeof(struct iface_table));
}

void iface_table_free(struct iface_table *t)
{
	if (!t)
		return;
	HASH_CLEAR(hh, t->by_key);
	for (size_t i = 0; i < t->cnt; i++)
		free(t->by_id[i]);
	free(t->by_id);
	free(t);
}

static struct slot *find_slot(const struct iface_table *t, uint32_t netns, uint32_t ifindex)
{
	struct slot probe = {.key = {netns, ifindex}}, *found;

	HASH_FIND(hh, t->by_key, &probe.key, sizeof(probe.key), found);
	return found;
}

static struct slot *append(struct iface_table *t)
{
	struct slot **grown = realloc(t->by_id, (t->cnt + 1) * sizeof(*grown));
	struct slot *s;

	if (!grown)
		return NULL;
	t->by_id = grown;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->iface.id = (uint32_t)t->cnt;
	t->by_id[t->cnt++] = s;
	return s;
}

struct iface *iface_add(struct iface_table *t, uint32_t netns, uint32_t ifindex, const char *name, bool l3)
{
	struct slot *s = find_slot(t, netns, ifindex);

	if (s && !strcmp(s->iface.name, name) && s->iface.l3 == l3) {
		s->iface.gone = false;
		return &s->iface;
	}
	if (s)
		HASH_DEL(t->by_key, s); /* the index has a new bearer; the old one stays known by its id */
	s = append(t);
	if (!s)
		return NULL;
	s->key.netns = s->iface.netns = netns;
	s->key.ifindex = s->iface.ifindex = ifindex;
	s->iface.l3 = l3;
	snprintf(s->iface.name, sizeof(s->iface.name), "%s", name);
	HASH_ADD(hh, t->by_key, key, sizeof(s->key), s);
	return &s->iface;
}

struct iface *iface_find(const struct iface_table *t, uint32_t netns, uint32_t ifindex)
{
	struct slot *s = find_slot(t, netns, ifindex);

	return s ? &s->iface : NULL;
}

size_t iface_count(const struct iface_table *t)
{
	return t->cnt;
}

struct iface *iface_at(const struct iface_table *t, uint32_t id)
{
	return id < t->cnt ? &t->by_id[id]->iface : NULL;
}
