/* SPDX-License-Identifier: BSD-2-Clause */
/* links: tests/probes/check.c tests/probes/insns.c tests/probes/loops.c tests/probes/flow.c
 * tests/probes/mem.c tests/probes/call.c tests/probes/state.c tests/probes/rules.c src/source/bundle.c
 * src/source/bundle_file.c compat/kver.c src/base/buf.c -lmd */
/* Reads compiled bundles and says, for each program and the kernel version named with its bundle, whether it
 * breaks a rule known of that kernel (rules.h). One TAP line for each bundle's maps and for each of its
 * programs.
 *
 *   audit VERSION BUNDLE [VERSION BUNDLE]...
 *
 * Exit status: 0 no rule is broken, 1 one is or a bundle cannot be read, 2 usage.
 */
#include "compat/kver.h"
#include "source/bundle.h"
#include "tests/probes/check.h"
#include "tests/unit/tap.h"

#include <stdint.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The findings, each as a TAP comment; then they are forgotten. */
static void show(struct check *c)
{
	const char *line = buf_cstr(&c->lines);

	while (*line) {
		int len = (int)strcspn(line, "\n");

		printf("#   %.*s\n", len, line);
		line += len + 1;
	}
	buf_reset(&c->lines);
	c->broken = 0;
}

static void audit_maps(struct check *c, const char *label)
{
	check_maps(c);
	tap_ok(!c->broken && !buf_error(&c->lines), "%s maps break no known rule", label);
	show(c);
}

static void audit_prog(struct check *c, const char *label)
{
	check_prog(c);
	tap_ok(!c->broken && !buf_error(&c->lines), "%s %s breaks no known rule", label, c->prog->name);
	show(c);
}

static void audit_bundle(uint32_t kver, const char *version, const char *path)
{
	struct bundle b = {0};
	struct check c = {.bundle = &b, .kver = kver, .lines = BUF_INIT};
	char label[128], why[128] = "";
	int err = bundle_read(path, &b, why, sizeof(why));

	snprintf(label, sizeof(label), "%s on %s:", base_name(path), version);
	if (err || !b.prog_cnt) {
		tap_ok(false, "%s %s", label, err ? why : "holds no program");
		bundle_free(&b);
		return;
	}
	audit_maps(&c, label);
	for (uint32_t i = 0; i < b.prog_cnt; i++) {
		c.prog = &b.progs[i];
		audit_prog(&c, label);
	}
	buf_free(&c.lines);
	bundle_free(&b);
}

int main(int argc, char **argv)
{
	uint32_t kver;

	if (argc < 3 || argc % 2 == 0) {
		fprintf(stderr, "usage: audit VERSION BUNDLE [VERSION BUNDLE]...\n");
		return 2;
	}
	for (int i = 1; i < argc; i += 2) {
		if (kver_parse(argv[i], &kver)) {
			fprintf(stderr, "audit: '%s' is not a kernel version\n", argv[i]);
			return 2;
		}
		audit_bundle(kver, argv[i], argv[i + 1]);
	}
	return tap_done();
}
