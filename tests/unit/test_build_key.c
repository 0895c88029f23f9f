/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/build_key.c src/source/bundle.c src/base/sysroot.c src/base/buf.c -lmd */
#include "source/build_int.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

const char build_bpf_text[] = "text";
const size_t build_bpf_text_len = 4;

/* printf text | sha256sum */
#define TEXT_SHA256 "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"

static char top[] = "/tmp/test_build_key.XXXXXX";

static void put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0700);

	tap_ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s", path);
	close(fd);
}

static void test_machine(void)
{
	struct bundle_key key = {0}, other = {0};
	struct sysroot root = {top};
	struct utsname uts = {0};
	char path[PATH_MAX], why[128];

	uname(&uts);
	build_key_machine(&root, &key);
	tap_is_str(key.release, uts.release, "release");
	tap_is_str(key.version, uts.version, "version");
	tap_is_str(key.text, TEXT_SHA256, "the text's hash");
	tap_is_str(key.notes, "", "no notes under this root");
	snprintf(path, sizeof(path), "%s/sys", top);
	tap_ok(!mkdir(path, 0700), "sys");
	snprintf(path, sizeof(path), "%s/sys/kernel", top);
	tap_ok(!mkdir(path, 0700), "sys/kernel");
	snprintf(path, sizeof(path), "%s/sys/kernel/notes", top);
	put(path, "text");
	build_key_machine(&root, &other);
	tap_is_str(other.notes, TEXT_SHA256, "the notes' hash");
	tap_ok(bundle_key_compare(&other, &key, 1, why, sizeof(why)), "another build of the kernel: %s", why);
}

static void test_flags(void)
{
	char *const ab_c[] = {"ab", "c", NULL}, *const a_bc[] = {"a", "bc", NULL};
	struct bundle_key x = {0}, y = {0}, again = {0};

	build_key_flags(ab_c, &x);
	build_key_flags(a_bc, &y);
	build_key_flags(ab_c, &again);
	tap_is_int(strlen(x.flags), 64, "a hash");
	tap_ok(strcmp(x.flags, y.flags), "where a flag ends counts");
	tap_is_str(again.flags, x.flags, "the same flags, the same hash");
}

static void test_compiler(void)
{
	struct bundle_key first = {0}, again = {0}, replaced = {0}, gone = {0};
	char path[PATH_MAX], next[PATH_MAX];

	snprintf(path, sizeof(path), "%s/pidtap-cc", top);
	snprintf(next, sizeof(next), "%s/next", top);
	put(path, "one");
	build_key_compiler(path, &first);
	build_key_compiler(path, &again);
	tap_is_int(strlen(first.compiler), 64, "a hash");
	tap_is_str(again.compiler, first.compiler, "the same file, the same hash");
	put(next, "two");
	tap_ok(!rename(next, path), "as a package manager replaces it");
	build_key_compiler(path, &replaced);
	tap_ok(strcmp(replaced.compiler, first.compiler), "another file of the same size");
	unlink(path);
	build_key_compiler(path, &gone);
	tap_ok(strcmp(gone.compiler, replaced.compiler), "none");
}

int main(void)
{
	char path[PATH_MAX];

	tap_ok(mkdtemp(top), "a place");
	test_machine();
	test_flags();
	test_compiler();
	snprintf(path, sizeof(path), "%s/sys/kernel/notes", top);
	unlink(path);
	for (size_t i = 0; i < 3; i++) {
		*strrchr(path, '/') = 0;
		rmdir(path);
	}
	tap_ok(access(top, F_OK), "all is removed");
	return tap_done();
}
