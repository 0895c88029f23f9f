/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

/* Lines of one connection: TLS 1.3 has seven, and one more at each key update, where it is logged. */
#define LINES_MAX 64

struct line {
	struct secret secret;
	struct line *prev, *next;
};

struct connection {
	uint8_t random[EV_RANDOM_LEN];
	struct line *lines;
	size_t cnt;
	UT_hash_handle hh;
};

struct secret_table {
	struct connection *connections; /* uthash keeps the order of insertion: the first is the oldest */
	size_t max;
};

struct secret_table *secret_table_new(size_t max)
{
	struct secret_table *t = calloc(1, sizeof(*t));

	if (t)
		t->max = max ? max : 1;
	return t;
}

static void forget(struct secret_table *t, struct connection *c)
{
	struct line *l, *next;

	HASH_DEL(t->connections, c);
	DL_FOREACH_SAFE(c->lines, l, next) {
		explicit_bzero(l, sizeof(*l));
		free(l);
	}
	free(c);
}

void secret_table_free(struct secret_table *t)
{
	if (!t)
		return;
	while (t->connections)
		forget(t, t->connections);
	free(t);
}

static struct connection *find(const struct secret_table *t, const uint8_t random[EV_RANDOM_LEN])
{
	struct connection *c;

	HASH_FIND(hh, t->connections, random, EV_RANDOM_LEN, c);
	return c;
}

static struct connection *get(struct secret_table *t, const uint8_t random[EV_RANDOM_LEN])
{
	struct connection *c = find(t, random);

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	memcpy(c->random, random, EV_RANDOM_LEN);
	HASH_ADD(hh, t->connections, random, EV_RANDOM_LEN, c);
	if (!c->hh.tbl) {
		free(c);
		return NULL;
	}
	if (HASH_COUNT(t->connections) > t->max)
		forget(t, t->connections);
	return c;
}

/* Capital letters, digits and underscores: what stands in a key log, and nothing that could break a line of it. */
static bool is_label(const char label[EV_LABEL_LEN])
{
	size_t len = strnlen(label, EV_LABEL_LEN);

	for (size_t i = 0; i < len; i++)
		if (!(label[i] >= 'A' && label[i] <= 'Z') && !(label[i] >= '0' && label[i] <= '9') && label[i] != '_')
			return false;
	return len && len < EV_LABEL_LEN;
}

static bool is_zero(const uint8_t *data, size_t len)
{
	while (len)
		if (data[--len])
			return false;
	return true;
}

static bool is_sound(const struct ev_secret *ev)
{
	return is_label(ev->label) && ev->secret_len && ev->secret_len <= EV_SECRET_MAX && !is_zero(ev->random, EV_RANDOM_LEN) &&
	       !is_zero(ev->secret, ev->secret_len);
}

static bool is_same(const struct secret *s, const struct ev_secret *ev)
{
	return s->len == ev->secret_len && !strcmp(s->label, ev->label) && !memcmp(s->value, ev->secret, s->len);
}

static bool is_known(const struct connection *c, const struct ev_secret *ev)
{
	const struct line *l;

	DL_FOREACH(c->lines, l)
		if (is_same(&l->secret, ev))
			return true;
	return false;
}

static void fill(struct secret *s, const struct ev_secret *ev)
{
	s->ts_ns = ev->hdr.ts_ns;
	s->pid = ev->pid;
	s->len = ev->secret_len;
	memcpy(s->random, ev->random, EV_RANDOM_LEN);
	memcpy(s->value, ev->secret, s->len);
	memcpy(s->label, ev->label, EV_LABEL_LEN);
}

int secret_add(struct secret_table *t, const struct ev_secret *ev, const struct secret **out)
{
	struct connection *c;
	struct line *l;

	if (!is_sound(ev))
		return -EBADMSG;
	c = get(t, ev->random);
	if (!c)
		return -ENOMEM;
	if (is_known(c, ev))
		return 0;
	if (c->cnt == LINES_MAX)
		return -ENOMEM;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	fill(&l->secret, ev);
	DL_APPEND(c->lines, l);
	c->cnt++;
	if (out)
		*out = &l->secret;
	return 1;
}

static bool has(const struct connection *c, const char *label)
{
	const struct line *l;

	DL_FOREACH(c->lines, l)
		if (!strcmp(l->secret.label, label))
			return true;
	return false;
}

bool secret_complete(const struct secret_table *t, const uint8_t random[EV_RANDOM_LEN])
{
	static const char *const tls13[] = {
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET",
		"CLIENT_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_0",
	};
	const struct connection *c = find(t, random);

	if (!c)
		return false;
	for (size_t i = 0; i < sizeof(tls13) / sizeof(*tls13); i++)
		if (!has(c, tls13[i]))
			return has(c, "CLIENT_RANDOM");
	return true;
}

static int each_of(const struct connection *c, int (*cb)(void *ctx, const struct secret *s), void *ctx)
{
	const struct line *l;
	int err;

	DL_FOREACH(c->lines, l) {
		err = cb(ctx, &l->secret);
		if (err)
			return err;
	}
	return 0;
}

int secret_each(const struct secret_table *t, const uint8_t *random, int (*cb)(void *ctx, const struct secret *s), void *ctx)
{
	const struct connection *c = random ? find(t, random) : t->connections;
	int err = 0;

	if (random)
		return c ? each_of(c, cb, ctx) : 0;
	for (; c && !err; c = c->hh.next)
		err = each_of(c, cb, ctx);
	return err;
}

static char *put_hex(char *to, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*to++ = digits[data[i] >> 4];
		*to++ = digits[data[i] & 15];
	}
	return to;
}

size_t secret_line(const struct secret *s, char line[SECRET_LINE_MAX])
{
	size_t len = strlen(s->label);
	char *at = line;

	memcpy(at, s->label, len);
	at += len;
	*at++ = ' ';
	at = put_hex(at, s->random, EV_RANDOM_LEN);
	*at++ = ' ';
	at = put_hex(at, s->value, s->len);
	*at++ = '\n';
	*at = 0;
	return (size_t)(at - line);
}
