/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/base/sysroot.c src/base/buf.c */
#include "base/sysroot.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static char top[PATH_MAX];
static const struct sysroot here = {""};
static struct sysroot root;

static void test_path(void)
{
	char path[16];

	memset(path, 'x', sizeof(path));
	tap_ok(!sysroot_path(&here, path, sizeof(path), "/a/%d", 5) && !strcmp(path, "/a/5"), "no prefix");
	tap_ok(!sysroot_path(&(struct sysroot){"/pre"}, path, sizeof(path), "/%s", "b") &&
			!strcmp(path, "/pre/b"),
		"a prefix");
	tap_is_int(sysroot_path(&here, path, sizeof(path), "/%s", "12345678901234"), 0, "just fits");
	tap_is_int(sysroot_path(&here, path, sizeof(path), "/%s", "123456789012345"), -ENAMETOOLONG,
		"one too long");
	tap_is_int(sysroot_path(&(struct sysroot){"/45678901234"}, path, sizeof(path), "/abc"), -ENAMETOOLONG,
		"one too long with its prefix");
	tap_is_int(sysroot_path(&(struct sysroot){"/456789012345678"}, path, sizeof(path), "/"),
		-ENAMETOOLONG, "the prefix alone is too long");
	tap_is_int(sysroot_path(&here, path, 1, "/"), -ENAMETOOLONG, "no room");
}

static void test_look(void)
{
	tap_ok(sysroot_exists(&root, "/etc/file") && !sysroot_is_dir(&root, "/etc/file"), "a file");
	tap_ok(sysroot_exists(&root, "/etc") && sysroot_is_dir(&root, "/etc"), "a directory");
	tap_ok(!sysroot_exists(&root, "/proc/self/stat") && sysroot_exists(&here, "/proc/self/stat"),
		"not the machine's own");
	tap_ok(!sysroot_exists(&root, "/none") && !sysroot_is_dir(&root, "/none"), "nothing");
}

static void test_read(void)
{
	char *data = NULL;
	size_t len = 99;

	tap_is_int(sysroot_read(&root, "/etc/file", 5, &data, &len), 0, "exactly as long as it may be");
	tap_ok(len == 5 && data && !memcmp(data, "a\0b\nc", 6), "NULs and all, and one at the end");
	free(data);
	tap_is_int(sysroot_read(&root, "/etc/file", 5, &data, NULL), 0, "nobody asks for the length");
	free(data);
	data = NULL;
	len = 99;
	tap_is_int(sysroot_read(&root, "/etc/file", 4, &data, &len), -EFBIG, "a byte longer than it may be");
	tap_is_int(sysroot_read(&root, "/none", 5, &data, &len), -ENOENT, "no such file");
	tap_is_int(sysroot_read(&root, "/etc", 5, &data, &len), -EISDIR, "a directory");
	tap_ok(!data && len == 99, "a failure leaves the result alone");
	tap_is_int(sysroot_read(&root, "/empty", 0, &data, &len), 0, "an empty file");
	tap_ok(len == 0 && data && !*data, "is an empty text");
	free(data);
	tap_is_int(sysroot_read(&root, "/large", 1 << 20, &data, &len), 0, "longer than one read");
	tap_ok(len == 200000 && data[0] == 'z' && data[199999] == 'z' && !data[200000], "whole");
	free(data);
	tap_is_int(sysroot_read(&here, "/proc/self/stat", 4096, &data, &len), 0, "a file whose size says 0");
	tap_ok(len > 10 && strlen(data) == len, "is read whole");
	free(data);
	tap_is_int(sysroot_read(&here, "/dev/zero", 1 << 20, &data, &len), -EFBIG, "one without end");
}

static void test_open(void)
{
	int fd = sysroot_open(&root, "/etc/file");

	tap_ok(fd >= 0 && fcntl(fd, F_GETFD) & FD_CLOEXEC, "not handed to children");
	tap_ok(write(fd, "x", 1) < 0, "for reading");
	close(fd);
	tap_is_int(sysroot_open(&root, "/none"), -ENOENT, "no such file");
	tap_is_int(sysroot_open(&root, "/etc/file/x"), -ENOTDIR, "below a file");
}

int main(void)
{
	char *large = malloc(200000);

	memset(large, 'z', 200000);
	tmpdir_write("etc/file", "a\0b\nc", 5);
	tmpdir_write("empty", "", 0);
	tmpdir_write("large", large, 200000);
	free(large);
	tmpdir_path(top, "");
	top[strlen(top) - 1] = 0;
	root.prefix = top;
	test_path();
	test_look();
	test_read();
	test_open();
	return tap_done();
}
