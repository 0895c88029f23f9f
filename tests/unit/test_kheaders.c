/* SPDX-License-Identifier: BSD-2-Clause */
/* links: kheaders/kheaders.c kheaders/installed.c kheaders/tree.c kheaders/path.c kheaders/remedy.c
 * kheaders/tar.c kheaders/btf.c kheaders/btf_dump.c kheaders/btf_text.c kheaders/made.c compat/kver.c
 * src/base/sysroot.c src/base/buf.c -larchive -lbpf -lmd */
/* The order of the ways, and trees that are there already: captured ones of several distributions. */
#include "tap.h"
#include "tmpdir.h"
#include "kheaders/kheaders_int.h"

#include <errno.h>
#include <unistd.h>

#define TREES "tests/sysroot/"

static char cache[PATH_MAX];

static int resolve(const char *tree, const char *release, struct kheaders *kh)
{
	char prefix[PATH_MAX];
	struct kheaders_opts opts = {.root = {prefix}, .release = release, .cache_dir = cache};

	snprintf(prefix, sizeof(prefix), TREES "%s", tree);
	return kheaders_resolve(&opts, kh);
}

/* A tree that is found: by which way, and its halves below the sysroot. */
static void finds(const char *tree, const char *release, enum kheaders_kind kind, const char *build,
	const char *source, const char *why)
{
	char want[PATH_MAX];
	struct kheaders kh;

	tap_is_int(resolve(tree, release, &kh), 0, "%s: found", tree);
	tap_is_int(kh.kind, kind, "%s: by the right way", tree);
	snprintf(want, sizeof(want), TREES "%s%s", tree, build);
	tap_is_str(kh.build, want, "%s: generated half", tree);
	snprintf(want, sizeof(want), TREES "%s%s", tree, source);
	tap_is_str(kh.source, want, "%s: common half", tree);
	tap_is_str(kh.release, release, "%s: its release", tree);
	tap_is_str(kh.findings[kind].why, why, "%s: what is said of it", tree);
	tap_ok(kh.findings[kind].chosen, "%s: chosen", tree);
	tap_is_int(strlen(kh.identity), 64, "%s: has an identity", tree);
}

/* A tree where nothing serves, and the clause of one way. */
static void lacks(const char *tree, const char *release, enum kheaders_kind kind, const char *why)
{
	struct kheaders kh;

	tap_is_int(resolve(tree, release, &kh), -ENOENT, "%s: nothing found", tree);
	tap_is_str(kh.findings[kind].why, why, "%s: what %s lacked", tree, kheaders_kind_name(kind));
	tap_ok(kh.findings[kind].tried && !kh.findings[kind].chosen, "%s: tried, not chosen", tree);
}

static void test_found(void)
{
	finds("debian11", "5.10.0-32-amd64", KHEADERS_INSTALLED, "/usr/src/linux-headers-5.10.0-32-amd64",
		"/usr/src/linux-headers-5.10.0-32-common",
		"/lib/modules/5.10.0-32-amd64/build (release 5.10.0-32-amd64)");
	finds("debian12", "6.1.0-27-amd64", KHEADERS_INSTALLED, "/usr/src/linux-headers-6.1.0-27-amd64",
		"/usr/src/linux-headers-6.1.0-27-common",
		"/lib/modules/6.1.0-27-amd64/build (release 6.1.0-27-amd64)");
	finds("ubuntu2204-plain", "5.15.0-91-generic", KHEADERS_INSTALLED,
		"/usr/src/linux-headers-5.15.0-91-generic", "/usr/src/linux-headers-5.15.0-91-generic",
		"/lib/modules/5.15.0-91-generic/build (release 5.15.0-91-generic)");
	finds("fedora", "6.5.6-300.fc39.x86_64", KHEADERS_INSTALLED, "/usr/src/kernels/6.5.6-300.fc39.x86_64",
		"/usr/src/kernels/6.5.6-300.fc39.x86_64",
		"/lib/modules/6.5.6-300.fc39.x86_64/build (release 6.5.6-300.fc39.x86_64)");
	finds("arch", "6.6.7-arch1-1", KHEADERS_INSTALLED, "/usr/lib/modules/6.6.7-arch1-1/build",
		"/usr/lib/modules/6.6.7-arch1-1/build",
		"/lib/modules/6.6.7-arch1-1/build (release 6.6.7-arch1-1)");
	finds("objtree", "6.7.0-rc1+", KHEADERS_INSTALLED, "/home/dev/obj", "/home/dev/linux",
		"/lib/modules/6.7.0-rc1+/build (release 6.7.0-rc1+)");
	finds("usr-src", "6.1.0-27-amd64", KHEADERS_USR_SRC, "/usr/src/linux-headers-6.1.0-27-amd64",
		"/usr/src/linux-headers-6.1.0-27-common",
		"/usr/src/linux-headers-6.1.0-27-amd64 (release 6.1.0-27-amd64)");
}

static void test_lacking(void)
{
	lacks("dangling", "6.1.0-27-amd64", KHEADERS_INSTALLED,
		"/lib/modules/6.1.0-27-amd64/build points to /usr/src/linux-headers-6.1.0-27-amd64, which "
		"does not "
		"exist: apt-get install linux-headers-6.1.0-27-amd64");
	lacks("mismatch", "6.1.0-27-amd64", KHEADERS_INSTALLED,
		"/lib/modules/6.1.0-27-amd64/build is of kernel 6.1.0-28-amd64, not 6.1.0-27-amd64");
	lacks("unprepared", "6.8.0", KHEADERS_INSTALLED,
		"/lib/modules/6.8.0/build is not prepared (no include/generated/autoconf.h): run make "
		"modules_prepare "
		"there");
	lacks("fedora", "6.5.7-300.fc39.x86_64", KHEADERS_INSTALLED,
		"/lib/modules/6.5.7-300.fc39.x86_64/build does not exist: dnf install "
		"kernel-devel-6.5.7-300.fc39.x86_64");
	lacks("arch", "6.6.8-arch1-1", KHEADERS_INSTALLED,
		"/lib/modules/6.6.8-arch1-1/build does not exist: pacman -S linux-headers");
	lacks("nothing", "6.1.0-27-amd64", KHEADERS_USR_SRC,
		"/usr/src has no tree named after 6.1.0-27-amd64");
	lacks("nothing", "6.1.0-27-amd64", KHEADERS_TAR,
		"/sys/kernel/kheaders.tar.xz does not exist (kernel built without CONFIG_IKHEADERS, or with "
		"it as a "
		"module: modprobe kheaders)");
	lacks("nothing", "6.1.0-27-amd64", KHEADERS_BTF,
		"/sys/kernel/btf/vmlinux does not exist (kernel older than 5.4 or built without "
		"CONFIG_DEBUG_INFO_BTF)");
	tap_is_int(tmpdir_count(cache), 0, "trees that are there leave nothing in the cache");
}

static void test_order(void)
{
	struct kheaders_opts opts = {
		.root = {TREES "debian12"}, .release = "6.1.0-27-amd64", .cache_dir = cache};
	struct kheaders kh;

	tap_is_int(kheaders_resolve(&opts, &kh), 0, "debian12 again");
	tap_is_str(kh.findings[KHEADERS_EXPLICIT].why, "not given", "no directory was given");
	tap_is_str(
		kh.findings[KHEADERS_BTF].why, "not needed", "what comes after the chosen one is not tried");
	tap_ok(!kh.findings[KHEADERS_BTF].tried, "and says so");

	opts.skip = 1u << KHEADERS_INSTALLED;
	tap_is_int(kheaders_resolve(&opts, &kh), 0, "without the installed headers");
	tap_is_int(kh.kind, KHEADERS_USR_SRC, "the next way serves");
	tap_is_str(kh.findings[KHEADERS_INSTALLED].why, "left out", "the one left out says so");
}

/* An explicit directory is of this machine, not below the sysroot. */
static void test_explicit(void)
{
	struct kheaders_opts opts = {
		.root = {TREES "nothing"}, .release = "5.10.0-32-amd64", .cache_dir = cache};
	char here[PATH_MAX], want[2 * PATH_MAX];
	struct kheaders kh;

	tap_ok(getcwd(here, sizeof(here)) != NULL, "we are somewhere");
	opts.explicit_dir = TREES "debian11/usr/src/linux-headers-5.10.0-32-amd64";
	tap_is_int(kheaders_resolve(&opts, &kh), 0, "a Debian build directory unpacked somewhere");
	tap_is_int(kh.kind, KHEADERS_EXPLICIT, "is the explicit one");
	snprintf(want, sizeof(want), "%s/" TREES "debian11/usr/src/linux-headers-5.10.0-32-common", here);
	tap_is_str(kh.source, want, "its common half is found beside it, not at the Makefile's path");

	opts.release = "6.1.0-27-amd64";
	tap_is_int(kheaders_resolve(&opts, &kh), -EINVAL, "of another kernel it is refused");
	tap_ok(strstr(kh.findings[KHEADERS_EXPLICIT].why,
		       "is of kernel 5.10.0-32-amd64, not 6.1.0-27-amd64") != NULL,
		"saying of which");
	tap_ok(!kh.findings[KHEADERS_INSTALLED].tried, "and nothing else is tried");
	opts.allow_mismatch = true;
	tap_is_int(kheaders_resolve(&opts, &kh), 0, "unless told otherwise");
	tap_ok(strstr(kh.findings[KHEADERS_EXPLICIT].why,
		       "(release 5.10.0-32-amd64, not 6.1.0-27-amd64: forced)") != NULL,
		"which is said");
	tap_is_str(kh.release, "5.10.0-32-amd64", "the release is the tree's own");

	opts.explicit_dir = TREES "debian11/usr/src/linux-headers-5.10.0-32-common";
	tap_is_int(kheaders_resolve(&opts, &kh), -EINVAL, "the common half alone is no tree");
	opts.explicit_dir = TREES "nothing/etc";
	tap_is_int(kheaders_resolve(&opts, &kh), -EINVAL, "nor is a directory without headers");
	tap_ok(strstr(kh.findings[KHEADERS_EXPLICIT].why, "has no include/linux/kconfig.h") != NULL,
		"saying why");
	opts.explicit_dir = TREES "nothing/etc/os-release";
	tap_is_int(kheaders_resolve(&opts, &kh), -EINVAL, "nor is a file");
	opts.explicit_dir = "/nonexistent";
	tap_is_int(kheaders_resolve(&opts, &kh), -EINVAL, "nor is nothing");
	tap_is_str(
		kh.findings[KHEADERS_EXPLICIT].why, "/nonexistent: No such file or directory", "saying so");
}

static void flags_are(const struct kheaders *kh, const char *want, const char *what)
{
	char got[8192] = "", **flags;
	const char *env = NULL;

	tap_is_int(kheaders_flags(kh, &flags, &env), 0, "flags of %s", what);
	for (char **f = flags; *f; f++) {
		strcat(got, f == flags ? "" : " ");
		strcat(got, *f);
	}
	tap_is_str(got, want, "they are right");
	tap_is_str(env, kh->source, "libbcc is sent to the common half");
	kheaders_free_flags(flags);
}

static void test_flags(void)
{
	struct kheaders plain = {
		.kind = KHEADERS_INSTALLED, .build = "/b", .source = "/b", .release = "6.18.3"};
	struct kheaders split = {
		.kind = KHEADERS_EXPLICIT, .build = "/b", .source = "/c", .release = "5.10.0"};

	flags_are(&plain, "", "a plain tree");
#ifdef __x86_64__
	flags_are(&split,
		"-I/b/arch/x86/include/generated/uapi -I/b/arch/x86/include/generated -I/b/include "
		"-I/b/include/generated/uapi",
		"a split tree");
#else
	tap_ok(split.build[0] == '/', "a split tree: # SKIP the flags name the architecture");
#endif
	strcpy(plain.release, "6.19.0-1-amd64");
	flags_are(
		&plain, "-fms-extensions -Wno-microsoft-anon-tag", "a kernel with unnamed tagged structures");
	plain.kind = KHEADERS_BTF;
	strcpy(plain.release, "5.10.0");
	flags_are(&plain, "-fms-extensions -Wno-microsoft-anon-tag", "a BTF tree");
	kheaders_free_flags(NULL);
}

#define UTSRELEASE_H "#define UTS_RELEASE \"9.9.9\"\n"

static void write_tree(const char *autoconf)
{
	tmpdir_write("own/lib/modules/9.9.9/build/include/generated/autoconf.h", autoconf, strlen(autoconf));
	tmpdir_write("own/lib/modules/9.9.9/build/include/generated/utsrelease.h", UTSRELEASE_H,
		strlen(UTSRELEASE_H));
	tmpdir_write("own/lib/modules/9.9.9/build/include/linux/kconfig.h", "\n", 1);
}

static void test_identity(void)
{
	char prefix[PATH_MAX], first[65];
	struct kheaders_opts opts = {
		.root = {tmpdir_path(prefix, "own")}, .release = "9.9.9", .cache_dir = cache};
	struct kheaders kh;

	write_tree("#define CONFIG_IPV6 1\n");
	tap_is_int(kheaders_resolve(&opts, &kh), 0, "a tree of our own");
	strcpy(first, kh.identity);
	tap_is_int(kheaders_resolve(&opts, &kh), 0, "the same again");
	tap_is_str(kh.identity, first, "has the same identity");
	write_tree("#define CONFIG_IPV4 1\n");
	tap_is_int(kheaders_resolve(&opts, &kh), 0, "configured otherwise, not a byte longer");
	tap_ok(strcmp(kh.identity, first) != 0, "it has another");
	strcpy(first, kh.identity);
	tmpdir_write("own/lib/modules/9.9.9/build/include/net/sock.h", "\n", 1);
	tap_is_int(kheaders_resolve(&opts, &kh), 0, "with another header");
	tap_ok(strcmp(kh.identity, first) != 0, "it has another");
}

static void leads(const char *tree, const char *path, int err, const char *want)
{
	char prefix[PATH_MAX], out[PATH_MAX];
	struct sysroot root = {prefix};

	tmpdir_path(prefix, tree);
	tap_is_int(kh_realpath(&root, path, out), err, "%s", path);
	if (want)
		tap_is_str(out, want, "leads to %s", want);
}

static void link_at(const char *target, const char *name)
{
	char path[PATH_MAX];

	tap_is_int(symlink(target, tmpdir_path(path, name)), 0, "a link to %s", target);
}

static void test_realpath(void)
{
	tmpdir_write("links/usr/lib/there", "", 0);
	link_at("usr/lib", "links/lib");
	link_at("/usr/lib", "links/absolute");
	link_at("../../../../../usr", "links/above");
	link_at("round", "links/round");
	link_at("/usr/gone", "links/gone");
	leads("links", "/lib/there", 0, "/usr/lib/there");
	leads("links", "//lib/.//there/", 0, "/usr/lib/there");
	leads("links", "/absolute/../lib/there", 0, "/usr/lib/there");
	leads("links", "/above/lib", 0, "/usr/lib");
	leads("links", "/../../usr", 0, "/usr");
	leads("links", "/", 0, "/");
	leads("links", "/round/x", -ELOOP, NULL);
	leads("links", "/gone/deeper/still", -ENOENT, "/usr/gone/deeper/still");
	leads("links", "/lib/there/x", -ENOTDIR, NULL);
}

int main(void)
{
	mkdir(tmpdir_path(cache, "cache"), 0700);
	test_found();
	test_lacking();
	test_order();
	test_explicit();
	test_flags();
	test_identity();
	test_realpath();
	return tap_done();
}
