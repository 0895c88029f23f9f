/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe_check_tls.h"
#include "base/clock.h"
#include "source/tls_find.h"
#include "source/tls_points.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_NS (3 * NSEC_PER_SEC)
#define PROCESSES_AT_ONCE 16

struct listing {
	struct sysroot root;
	size_t cnt;
};

static void print_library(const struct tls_file *file, const struct tls_points *points)
{
	printf("  %-3s %s", points->way == TLS_WAY_NONE ? "no" : "yes", file->name);
	if (file->pid)
		printf(" (process %u)", file->pid);
	printf(": %s, ", tls_kind_name(points->kind));
	if (points->way == TLS_WAY_NONE)
		printf("no secrets: %s", points->why);
	else
		printf("secrets by %s", tls_way_name(points->way));
	if (points->way == TLS_WAY_KDF)
		printf(" (QUIC not tried%s)", points->inner ? "" : ", not TLS 1.3 by BIO_f_ssl");
	printf("; plaintext by %zu probes\n", points->cnt);
}

static enum tls_answer on_file(void *ctx, const struct tls_file *file)
{
	struct listing *l = ctx;
	struct tls_points points;
	int err = tls_points_find(file->fd, &l->root, file->dir, &points);

	if (!err && points.kind != TLS_NONE) {
		print_library(file, &points);
		l->cnt++;
	} else if (file->named) {
		printf("  no  %s: %s\n", file->name, tls_points_refusal(err));
	}
	return TLS_FILE_NONE;
}

static void look_at_processes(struct tls_find *find)
{
	uint64_t until_ns = clock_mono_ns() + LOOK_NS;

	while (!tls_find_some(find, PROCESSES_AT_ONCE))
		if (clock_mono_ns() > until_ns) {
			printf("  ... not all processes were looked at\n");
			return;
		}
}

void probe_check_tls(const struct options *opts)
{
	struct listing l = {.root = {""}};
	struct tls_find *find = tls_find_new(&l.root, on_file, &l);

	printf("\nTLS libraries\n");
	for (size_t i = 0; find && i < opts->libssl_cnt; i++) {
		int err = tls_find_path(find, opts->libssl[i]);

		if (err)
			printf("  no  %s: %s\n", opts->libssl[i], strerror(-err));
	}
	if (find) {
		tls_find_system(find);
		look_at_processes(find);
	}
	if (!l.cnt)
		printf("  none found\n");
	if (geteuid())
		printf("  (of other users' processes only root can tell)\n");
	tls_find_free(find);
}
