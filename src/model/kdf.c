/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/kdf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *label; /* what it is derived with */
	const char *line;  /* what it is called in a key log */
} names[] = {
	{"c hs traffic", "CLIENT_HANDSHAKE_TRAFFIC_SECRET"},
	{"s hs traffic", "SERVER_HANDSHAKE_TRAFFIC_SECRET"},
	{"c ap traffic", "CLIENT_TRAFFIC_SECRET_0"},
	{"s ap traffic", "SERVER_TRAFFIC_SECRET_0"},
	{"exp master", "EXPORTER_SECRET"},
	{"c e traffic", "CLIENT_EARLY_TRAFFIC_SECRET"},
	{"e exp master", "EARLY_EXPORTER_SECRET"},
	{"key expansion", "CLIENT_RANDOM"},
};

#define UPDATE "traffic upd"

static const char *line_of(const char *label)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i].label, label))
			return names[i].line;
	return NULL;
}

struct search {
	const struct ev_kdf *ev;
	const char *line;
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Is it the secret the new one was made from? */
static int look_at(void *ctx, const struct secret *s)
{
	struct search *search = ctx;

	if (s->len != search->ev->secret_len || memcmp(s->value, search->ev->key, s->len))
		return 0;
	if (begins(s->label, "CLIENT_TRAFFIC_SECRET_"))
		search->line = "CLIENT_TRAFFIC_SECRET_N";
	else if (begins(s->label, "SERVER_TRAFFIC_SECRET_"))
		search->line = "SERVER_TRAFFIC_SECRET_N";
	return 0;
}

static const char *updated(const struct secret_table *t, const struct ev_kdf *ev)
{
	struct search search = {.ev = ev};

	secret_each(t, ev->random, look_at, &search);
	return search.line;
}

int kdf_secret(const struct secret_table *t, const struct ev_kdf *ev, struct ev_secret *out)
{
	bool update = !strcmp(ev->label, UPDATE);
	const char *line = line_of(ev->label);

	if (!line && !update)
		return 0;
	if (!ev->secret_len)
		return -ENOENT;
	if (update && !(ev->flags & EV_KDF_UPDATES))
		return 0;
	if (update)
		line = updated(t, ev);
	if (!line)
		return -ENOENT;
	memset(out, 0, sizeof(*out));
	out->hdr = ev->hdr;
	out->ssl = ev->ssl;
	out->pid = ev->pid;
	out->tid = ev->tid;
	out->secret_len = ev->secret_len;
	memcpy(out->random, ev->random, sizeof(out->random));
	memcpy(out->secret, ev->secret, sizeof(out->secret));
	snprintf(out->label, sizeof(out->label), "%s", line);
	return 1;
}
