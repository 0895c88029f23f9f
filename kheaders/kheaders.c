/* SPDX-License-Identifier: BSD-2-Clause */
#include "kheaders/kheaders_int.h"
#include "compat/kver.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define FLAGS_MAX 8

static const struct {
	const char *name;
	int (*look)(const struct kheaders_opts *opts, struct kheaders *out, struct kheaders_finding *f);
} ways[KHEADERS_KIND_CNT] = {
	[KHEADERS_EXPLICIT] = {"--kernel-headers", kh_explicit},
	[KHEADERS_INSTALLED] = {"installed headers", kh_installed},
	[KHEADERS_USR_SRC] = {"/usr/src", kh_usr_src},
	[KHEADERS_TAR] = {"kheaders.tar.xz", kh_tar},
	[KHEADERS_BTF] = {"BTF", kh_btf},
};

int kh_why(struct kheaders_finding *f, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
	/* Names come from files and archives; the clause goes to a terminal. */
	for (char *c = f->why; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return err;
}

const char *kheaders_kind_name(enum kheaders_kind kind)
{
	return ways[kind].name;
}

static int try_way(const struct kheaders_opts *opts, enum kheaders_kind kind, struct kheaders *out)
{
	struct kheaders_finding *f = &out->findings[kind];
	int err;

	f->tried = true;
	err = ways[kind].look(opts, out, f);
	if (err)
		return err;
	f->chosen = true;
	out->kind = kind;
	return 0;
}

static void explain_untried(const struct kheaders_opts *opts, struct kheaders *out)
{
	for (int kind = 0; kind < KHEADERS_KIND_CNT; kind++) {
		struct kheaders_finding *f = &out->findings[kind];

		if (f->tried)
			continue;
		if (opts->skip & 1u << kind)
			kh_why(f, 0, "left out");
		else
			kh_why(f, 0, kind == KHEADERS_EXPLICIT ? "not given" : "not needed");
	}
}

/* The first way that works. What could not be made counts as an error only where no later way works. */
static int resolve_any(const struct kheaders_opts *opts, struct kheaders *out)
{
	int result = -ENOENT;

	for (int kind = KHEADERS_INSTALLED; kind < KHEADERS_KIND_CNT; kind++) {
		int err;

		if (opts->skip & 1u << kind)
			continue;
		err = try_way(opts, kind, out);
		if (!err)
			return 0;
		if (result == -ENOENT)
			result = err;
	}
	return result;
}

int kheaders_resolve(const struct kheaders_opts *opts, struct kheaders *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = opts->explicit_dir ? try_way(opts, KHEADERS_EXPLICIT, out) : resolve_any(opts, out);
	explain_untried(opts, out);
	return err;
}

/* The name of this machine's architecture below arch/, as libbcc's kbuild_helper.cc has it. */
static const char *arch_dir(const char *machine)
{
	static const struct {
		const char *prefix, *dir;
	} archs[] = {
		{"x86_64", "x86"},
		{"i386", "x86"},
		{"i686", "x86"},
		{"aarch64", "arm64"},
		{"arm", "arm"},
		{"s390", "s390"},
		{"ppc", "powerpc"},
		{"mips", "mips"},
		{"riscv", "riscv"},
	};

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		if (!strncmp(machine, archs[i].prefix, strlen(archs[i].prefix)))
			return archs[i].dir;
	return machine;
}

struct flag_list {
	char **items; /* NULL-terminated, room for FLAGS_MAX */
	size_t count;
	int error;
};

static void add_flag(struct flag_list *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add_flag(struct flag_list *l, const char *fmt, ...)
{
	va_list ap;

	if (l->error)
		return;
	va_start(ap, fmt);
	if (vasprintf(&l->items[l->count], fmt, ap) < 0) {
		l->items[l->count] = NULL;
		l->error = -ENOMEM;
	} else {
		l->count++;
	}
	va_end(ap);
}

/* libbcc goes to the common half and looks there by itself; the generated half is what it cannot know of. */
static void add_split_flags(struct flag_list *l, const struct kheaders *kh)
{
	struct utsname un;
	const char *arch;

	uname(&un);
	arch = arch_dir(un.machine);
	add_flag(l, "-I%s/arch/%s/include/generated/uapi", kh->build, arch);
	add_flag(l, "-I%s/arch/%s/include/generated", kh->build, arch);
	add_flag(l, "-I%s/include", kh->build);
	add_flag(l, "-I%s/include/generated/uapi", kh->build);
}

/* From 6.19 on the kernel is compiled with -fms-extensions (its Makefile), and structures hold unnamed ones
 * that have a tag; without it their members are silently left out. In a dump of BTF nobody but us uses the
 * names it reserves. */
static bool needs_ms_extensions(const struct kheaders *kh)
{
	uint32_t code;

	return kh->kind == KHEADERS_BTF || (!kver_parse(kh->release, &code) && code >= KVER(6, 19, 0));
}

int kheaders_flags(const struct kheaders *kh, char ***flags, const char **env_source)
{
	struct flag_list l = {.items = calloc(FLAGS_MAX, sizeof(*l.items))};

	if (!l.items)
		return -ENOMEM;
	if (strcmp(kh->build, kh->source))
		add_split_flags(&l, kh);
	if (needs_ms_extensions(kh)) {
		add_flag(&l, "-fms-extensions");
		add_flag(&l, "-Wno-microsoft-anon-tag");
	}
	if (l.error) {
		kheaders_free_flags(l.items);
		return l.error;
	}
	*flags = l.items;
	*env_source = kh->source;
	return 0;
}

void kheaders_free_flags(char **flags)
{
	for (char **f = flags; f && *f; f++)
		free(*f);
	free(flags);
}
