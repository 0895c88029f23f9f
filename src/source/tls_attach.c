/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/tls_attach.h"
#include "source/perf_attach.h"
#include "source/tracefs.h"
#include "base/log.h"
#include "probes/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROG_MAX 64 /* those of the text, and up_log_secret and up_kdf_call* once for each place of the random */
#define LOG_SECRET "up_log_secret"
#define MORE "ur_tls_more"

struct prog {
	const char *name;
	uint64_t random; /* patched into it, 0 where it needs none */
	int fd;
};

struct probe {
	char event[128]; /* name in uprobe_events, "" where nothing stays behind */
	int fd;
};

struct tls_probes {
	struct tls_probes_opts opts;
	struct prog progs[PROG_MAX];
	size_t prog_cnt;
	struct probe *probes;
	size_t cnt;
	int tracefs; /* descriptor or negative errno */
};

struct tls_probes *tls_probes_new(const struct tls_probes_opts *opts)
{
	struct tls_probes *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->opts = *opts;
	t->tracefs = tracefs_open();
	return t;
}

static void detach_to(struct tls_probes *t, size_t cnt)
{
	while (t->cnt > cnt) {
		struct probe *p = &t->probes[--t->cnt];

		perf_detach(t->tracefs, p->fd, p->event);
	}
}

void tls_probes_free(struct tls_probes *t)
{
	if (!t)
		return;
	detach_to(t, 0);
	while (t->prog_cnt)
		close(t->progs[--t->prog_cnt].fd);
	if (t->tracefs >= 0)
		close(t->tracefs);
	free(t->probes);
	free(t);
}

/* Loaded once for each `random`. A descriptor or negative errno. */
static int get_prog(struct tls_probes *t, const char *name, uint64_t random)
{
	const struct load_patch patch = {EV_PATCH_TLS_RANDOM, random};
	int fd;

	for (size_t i = 0; i < t->prog_cnt; i++)
		if (!strcmp(t->progs[i].name, name) && t->progs[i].random == random)
			return t->progs[i].fd;
	if (t->prog_cnt == PROG_MAX)
		return -E2BIG;
	fd = prog_load(t->opts.bundle, t->opts.maps, name, &patch, random ? 1 : 0, t->opts.kern_version);
	if (fd >= 0)
		t->progs[t->prog_cnt++] = (struct prog){name, random, fd};
	return fd;
}

/* Long plaintext is told by a program that calls itself. */
static int need_more(struct tls_probes *t)
{
	int fd = get_prog(t, MORE, 0);

	return fd < 0 ? fd : map_set_prog(maps_fd(t->opts.maps, "m_tls_progs"), 0, fd);
}

static int attach(struct tls_probes *t, int prog_fd, const char *path, uint64_t offset, bool at_return, struct probe *p)
{
	if (feature_has(t->opts.feat, FEAT_PERF_KPROBE)) /* the same release brought both */
		return perf_attach_uprobe(prog_fd, path, offset, at_return);
	if (t->tracefs < 0)
		return t->tracefs;
	return perf_attach_uprobe_event(t->tracefs, prog_fd, path, offset, at_return, p->event, sizeof(p->event));
}

static int add_probe(struct tls_probes *t, const char *path, const char *prog, uint64_t offset, uint64_t random)
{
	struct probe *grown = realloc(t->probes, (t->cnt + 1) * sizeof(*grown)), *p;
	int prog_fd;

	if (!grown)
		return -ENOMEM;
	t->probes = grown;
	p = &grown[t->cnt];
	memset(p, 0, sizeof(*p));
	prog_fd = get_prog(t, prog, random);
	if (prog_fd < 0)
		return prog_fd;
	p->fd = attach(t, prog_fd, path, offset, !strncmp(prog, "ur_", 3), p);
	if (p->fd < 0)
		return p->fd;
	t->cnt++;
	return 0;
}

static const char *remedy(int err)
{
	switch (err) {
	case -EIO:
		return " (below 4.10 a file on an overlay cannot be probed: name the file below it by --libssl)";
	case -EPERM:
	case -EACCES:
		return " (root or CAP_PERFMON is needed)";
	case -EOPNOTSUPP:
	case -ENOENT:
		return " (is this kernel built with CONFIG_UPROBE_EVENTS?)";
	}
	return "";
}

static int add_kdf(struct tls_probes *t, const char *path, const struct tls_kdf *kdf, uint64_t random)
{
	int err = 0;

	for (size_t i = 0; !err && i < kdf->cnt; i++)
		err = add_probe(t, path, kdf->points[i].prog, kdf->points[i].offset, kdf->points[i].random ? random : 0);
	return err;
}

/* All of a file's probes, or none. */
static int settle(struct tls_probes *t, const char *name, size_t before, int err)
{
	if (!err)
		return 0;
	log_err("cannot probe %s: %s%s", name, strerror(-err), remedy(err));
	detach_to(t, before);
	return err;
}

int tls_probes_attach_crypto(struct tls_probes *t, int fd, const char *name, const struct tls_kdf *kdf)
{
	size_t before = t->cnt;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return settle(t, name, before, add_kdf(t, path, kdf, 0));
}

int tls_probes_attach(struct tls_probes *t, int fd, const char *name, const struct tls_points *points)
{
	size_t before = t->cnt;
	char path[32];
	int err = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (points->way == TLS_WAY_KDF)
		err = add_kdf(t, path, &points->kdf, points->random);
	else if (points->way != TLS_WAY_NONE)
		err = add_probe(t, path, LOG_SECRET, points->log_secret, points->random);
	if (!err && t->opts.plaintext)
		err = need_more(t);
	for (size_t i = 0; !err && t->opts.plaintext && i < points->cnt; i++)
		err = add_probe(t, path, points->points[i].prog, points->points[i].offset, 0);
	return settle(t, name, before, err);
}

size_t tls_probes_count(const struct tls_probes *t)
{
	return t->cnt;
}
