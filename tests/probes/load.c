/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/load.c src/source/bundle.c src/source/bundle_file.c compat/kver.c compat/cpus.c src/base/buf.c
 * src/base/log.c src/base/patient.c src/base/clock.c src/base/sysroot.c -lbcc_bpf -lmd */
/* Loads every program of compiled bundles into the running kernel, as a capture would, and attaches none. One TAP line
 * for each. A type of program this kernel was built without is skipped.
 *
 *   load BUNDLE...
 *
 * Exit status: 0 all load, 1 one is refused or a bundle cannot be read, 2 usage.
 */
#include "base/log.h"
#include "compat/kver.h"
#include "probes/events.h"
#include "source/bundle.h"
#include "source/load.h"
#include "tests/unit/tap.h"

#include <linux/bpf.h>
#include <stdint.h>
#include <unistd.h>

static const struct load_patch patches[] = {
	{EV_PATCH_NETNS, 1},
	{EV_PATCH_SNAPLEN, EV_CAPLEN_MAX},
	{EV_PATCH_FLAGS, EV_RUN_L3 | EV_RUN_PID | EV_RUN_UID},
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_tc(const char *name)
{
	return !strncmp(name, "tc_", 3);
}

static int load(const struct bundle *b, const struct maps *m, const char *name, uint32_t kver)
{
	size_t cnt = is_tc(name) ? sizeof(patches) / sizeof(*patches) : 0;
	int fd = prog_load(b, m, name, patches, cnt, kver);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* Does the kernel take "return 0" as a program of this kind? */
static bool has_type(const char *name, uint32_t kver)
{
	struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0}, {.code = BPF_JMP | BPF_EXIT}};
	struct bundle_prog empty = {.insns = insns, .insn_cnt = 2};
	const struct bundle b = {.license = "GPL", .progs = &empty, .prog_cnt = 1};
	int fd;

	snprintf(empty.name, sizeof(empty.name), "%.3s", name);
	log_init("load", LOG_QUIET);
	fd = prog_load(&b, NULL, empty.name, NULL, 0, kver);
	log_init("load", LOG_INFO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void load_bundle(const char *path, uint32_t kver)
{
	struct bundle b = {0};
	struct maps *m = NULL;
	char why[128] = "";
	int err = bundle_read(path, &b, why, sizeof(why));

	tap_ok(!err && b.prog_cnt, "%s: %s", base_name(path), err ? why : "is a bundle");
	if (err)
		return;
	tap_is_int(maps_create(&b, NULL, 0, &m), 0, "%s: its maps", base_name(path));
	for (uint32_t i = 0; m && i < b.prog_cnt; i++) {
		const char *name = b.progs[i].name;

		if (has_type(name, kver))
			tap_ok(load(&b, m, name, kver) >= 0, "%s: %s loads", base_name(path), name);
		else
			printf("ok %d - %s: %s # SKIP kernel lacks programs of this type\n", ++tap_ran,
				base_name(path), name);
	}
	maps_free(m);
	bundle_free(&b);
}

int main(int argc, char **argv)
{
	uint32_t kver;

	if (argc < 2) {
		fprintf(stderr, "usage: load BUNDLE...\n");
		return 2;
	}
	tap_is_int(kver_running(&kver), 0, "the running kernel's version");
	for (int i = 1; i < argc; i++)
		load_bundle(argv[i], kver);
	return tap_done();
}
