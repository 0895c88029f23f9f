/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/build.c src/source/build_headers.c src/source/bundle.c src/source/bundle_file.c src/base/buf.c
 * src/base/log.c src/base/patient.c src/base/clock.c -lmd */
/* Which header tree is compiled against, and which bundle is found again: kheaders/, the cache and the compiler are
 * played by this file. A machine has trees by some ways; of these some do not compile. */
#include "base/log.h"
#include "source/build_int.h"
#include "stderr.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

#define WAY(kind) (1u << (kind))

const char build_bpf_text[] = "the text\n";
const size_t build_bpf_text_len = sizeof(build_bpf_text) - 1;

static struct {
	unsigned int trees;    /* ways that lead to a tree */
	unsigned int broken;   /* of these: do not compile */
	unsigned int compiled; /* were tried by the compiler */
	int runs;
	int compiler_err;      /* what the compiler fails with besides */
	struct bundle_key kept[8];
	size_t kept_cnt;
} machine;

static char words[4096];

static const char *const names[KHEADERS_KIND_CNT] = {"explicit", "installed", "usr-src", "tar", "btf"};

const char *kheaders_kind_name(enum kheaders_kind kind)
{
	return names[kind];
}

void kheaders_remedy(const struct sysroot *root, const char *release, char *out, size_t size)
{
	(void)root, (void)release;
	snprintf(out, size, "install them");
}

int kheaders_resolve(const struct kheaders_opts *opts, struct kheaders *out)
{
	int first = opts->explicit_dir ? KHEADERS_EXPLICIT : KHEADERS_INSTALLED;
	int last = opts->explicit_dir ? KHEADERS_EXPLICIT : KHEADERS_BTF;

	memset(out, 0, sizeof(*out));
	for (int kind = first; kind <= last; kind++) {
		if (first != KHEADERS_EXPLICIT && opts->skip & WAY(kind))
			continue;
		out->findings[kind].tried = true;
		strcpy(out->findings[kind].why, "not there");
		if (!(machine.trees & WAY(kind)))
			continue;
		out->kind = kind;
		strcpy(out->build, names[kind]);
		strcpy(out->release, "6.1.0");
		strcpy(out->identity, names[kind]);
		return 0;
	}
	return -ENOENT;
}

int kheaders_flags(const struct kheaders *kh, char ***flags, const char **env_source)
{
	*flags = calloc(1, sizeof(**flags));
	*env_source = kh->build;
	return *flags ? 0 : -ENOMEM;
}

void kheaders_free_flags(char **flags)
{
	for (char **f = flags; f && *f; f++)
		free(*f);
	free(flags);
}

size_t feature_defines(struct features *f, char out[FEAT_CNT][40])
{
	(void)f;
	strcpy(out[0], "-DHAVE_LRU_HASH=1");
	return 1;
}

void build_key_machine(const struct sysroot *root, struct bundle_key *key)
{
	(void)root;
	strcpy(key->release, "6.1.0");
}

void build_key_flags(char *const *flags, struct bundle_key *key)
{
	key->flags[0] = 0;
	for (; *flags; flags++)
		strncat(key->flags, *flags, sizeof(key->flags) - strlen(key->flags) - 1);
}

void build_key_compiler(const char *path, struct bundle_key *key)
{
	strcpy(key->compiler, path);
}

int build_cc_find(const struct build_opts *opts, char path[PATH_MAX])
{
	(void)opts;
	strcpy(path, "/cc");
	return 0;
}

int build_cc_run(const struct build_cc *cc, struct bundle *out, struct buf *to)
{
	machine.runs++;
	machine.compiled |= WAY(cc->kh->kind);
	if (machine.compiler_err)
		return machine.compiler_err;
	if (machine.broken & WAY(cc->kh->kind)) {
		buf_printf(to, "%s: error: no\n", cc->kh->build);
		return -ENOEXEC;
	}
	memset(out, 0, sizeof(*out));
	return 0;
}

void build_cc_report(const struct kheaders *kh, struct buf *said)
{
	log_err("%s: %s", kh->build, buf_cstr(said));
}

int build_cache_open(const char *dir)
{
	(void)dir;
	return 0;
}

int build_cache_get(const char *dir, const struct bundle_key *key, struct bundle *out)
{
	(void)dir;
	for (size_t i = 0; i < machine.kept_cnt; i++) {
		if (memcmp(&machine.kept[i], key, sizeof(*key)))
			continue;
		memset(out, 0, sizeof(*out));
		out->key = *key;
		return 0;
	}
	return -ENOENT;
}

void build_cache_put(const char *dir, const struct bundle *b)
{
	(void)dir;
	machine.kept[machine.kept_cnt++] = b->key;
}

int build_tmp_make(char path[PATH_MAX])
{
	strcpy(path, "/tmp/none");
	return 0;
}

void build_tmp_remove(const char *path)
{
	(void)path;
}

static void machine_is(unsigned int trees, unsigned int broken)
{
	memset(&machine, 0, sizeof(machine));
	machine.trees = trees;
	machine.broken = broken;
}

/* Builds, and takes what is said meanwhile. */
static int build(const struct build_opts *opts, struct bundle *out, enum build_how *how)
{
	struct features feat = {0};
	struct caught c;
	int err;

	machine.runs = 0;
	machine.compiled = 0;
	catch_begin(&c, stderr);
	err = build_bundle(opts, &feat, out, how);
	catch_end(&c, words, sizeof(words));
	return err;
}

static const struct build_opts plain = {.cache_dir = "/cache", .backend = "kprobe"};

static void test_first_way(void)
{
	enum build_how how = BUILD_CACHED;
	struct bundle b;

	machine_is(WAY(KHEADERS_INSTALLED) | WAY(KHEADERS_BTF), 0);
	tap_is_int(build(&plain, &b, &how), 0, "the first tree compiles");
	tap_ok(how == BUILD_COMPILED && machine.compiled == WAY(KHEADERS_INSTALLED), "and is the only one tried");
	tap_is_str(b.key.headers, "installed", "the key is of it");
	tap_is_str(b.key.flags, "-DBACKEND_KPROBE=1-DHAVE_LRU_HASH=1", "and of the flags, each once");
	tap_is_int(build(&plain, &b, &how), 0, "a warm start");
	tap_ok(how == BUILD_CACHED && !machine.runs, "compiles nothing");
	tap_is_str(words, "", "and says nothing");
}

static void test_next_way(void)
{
	enum build_how how = BUILD_CACHED;
	struct bundle b;

	machine_is(WAY(KHEADERS_INSTALLED) | WAY(KHEADERS_USR_SRC) | WAY(KHEADERS_BTF),
		WAY(KHEADERS_INSTALLED) | WAY(KHEADERS_USR_SRC));
	tap_is_int(build(&plain, &b, &how), 0, "the last of three trees compiles");
	tap_is_int(machine.runs, 3, "each was tried once");
	tap_is_str(b.key.headers, "btf", "the key is of the tree that was used");
	tap_is_str(b.key.flags, "-DBACKEND_KPROBE=1-DHAVE_LRU_HASH=1", "and its flags alone");
	tap_is_str(words,
		"pidtap: compiling the BPF text for kernel 6.1.0 (once; kept in /cache) ...\n"
		"pidtap: installed: installed does not compile with this libbcc\n"
		"pidtap: usr-src: usr-src does not compile with this libbcc\n",
		"a line for each that does not, the failure itself is not shown");
	how = BUILD_COMPILED;
	tap_is_int(build(&plain, &b, &how), 0, "a warm start");
	tap_ok(how == BUILD_CACHED && !machine.runs, "tries no tree again");
	tap_is_str(b.key.headers, "btf", "and takes the bundle of the last way");
	machine.trees = WAY(KHEADERS_BTF);
	tap_is_int(build(&plain, &b, &how), 0, "without the headers that do not compile");
	tap_ok(how == BUILD_CACHED && !machine.runs, "the bundle is the same");
}

static void test_no_way(void)
{
	enum build_how how;
	struct bundle b;

	machine_is(WAY(KHEADERS_INSTALLED) | WAY(KHEADERS_BTF), WAY(KHEADERS_INSTALLED) | WAY(KHEADERS_BTF));
	tap_ok(build(&plain, &b, &how) < 0, "no tree compiles");
	tap_is_int(machine.runs, 2, "both were tried");
	tap_ok(strstr(words, "pidtap: installed: installed: error: no"), "the first one's failure is shown: %s", words);
	tap_ok(!strstr(words, "btf: error"), "and no other");
	tap_is_int((long)machine.kept_cnt, 0, "nothing is kept");

	machine_is(WAY(KHEADERS_INSTALLED), WAY(KHEADERS_INSTALLED));
	tap_ok(build(&plain, &b, &how) < 0, "one tree, and it does not compile");
	tap_ok(strstr(words, "installed: error: no") && strstr(words, "btf: not there"), "is shown, with what the rest lacked");
	tap_ok(!strstr(words, "no headers for kernel"), "headers were found");

	machine_is(0, 0);
	tap_is_int(build(&plain, &b, &how), -ENOENT, "no tree at all");
	tap_ok(!machine.runs && strstr(words, "no headers for kernel 6.1.0: install them"), "is another sentence");

	machine_is(WAY(KHEADERS_INSTALLED) | WAY(KHEADERS_BTF), 0);
	machine.compiler_err = -EIO;
	tap_is_int(build(&plain, &b, &how), -EIO, "a compiler that cannot run");
	tap_is_int(machine.runs, 1, "runs no better with another tree");
}

static void test_explicit(void)
{
	struct build_opts opts = plain;
	enum build_how how;
	struct bundle b;

	opts.kernel_headers = "/my/tree";
	machine_is(WAY(KHEADERS_EXPLICIT) | WAY(KHEADERS_BTF), WAY(KHEADERS_EXPLICIT));
	tap_is_int(build(&opts, &b, &how), -ENOEXEC, "the tree that was named does not compile");
	tap_is_int(machine.runs, 1, "no other is tried");
	tap_ok(strstr(words, "pidtap: explicit: explicit: error: no"), "its failure is shown");
	machine.broken = 0;
	opts.no_cache = true;
	tap_is_int(build(&opts, &b, &how), 0, "without a cache");
	tap_ok(how == BUILD_COMPILED && !machine.kept_cnt, "nothing is kept");
}

int main(void)
{
	log_init("pidtap", LOG_VERBOSE);
	test_first_way();
	test_next_way();
	test_no_way();
	test_explicit();
	return tap_done();
}
