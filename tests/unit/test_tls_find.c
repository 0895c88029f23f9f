/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/tls_find.c src/source/procmaps.c src/source/file_set.c src/source/mappings.c src/source/ring.c compat/cpus.c src/base/sysroot.c src/base/buf.c -lbcc_bpf -lbpf
 * -lelf -lz */
/* Libraries as they are mapped: by this process, from files that are no libraries at all, so only their names and numbers count. The
 * kernel's news need root. */
#include "source/ring.h"
#include "source/tls_find.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES 4096

/* What was told. */
static char told_name[PATH_MAX];
static uint32_t told_pid;
static unsigned int told_cnt, told_crypto; /* the latter: as a libcrypto */
static enum tls_answer answer = TLS_FILE_NONE;

static enum tls_answer on_file(void *ctx, const struct tls_file *file)
{
	char text[16] = "";

	(void)ctx;
	if (pread(file->fd, text, 4, 0) != 4 || strcmp(text, "here"))
		return TLS_FILE_NONE; /* this test's own program, and what the machine has */
	snprintf(told_name, sizeof(told_name), "%s", file->name);
	told_pid = file->pid;
	told_crypto += file->crypto;
	told_cnt++;
	return file->crypto ? TLS_FILE_PROBED : answer;
}

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	return tmpdir_path(path, name);
}

/* A file of that name, mapped for execution. */
static void *map_new(const char *name)
{
	char page[BYTES] = "here";
	int fd = open(path_of(name), O_RDWR | O_CREAT | O_TRUNC, 0700);
	void *at = MAP_FAILED;

	if (fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page))
		at = mmap(NULL, BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (at == MAP_FAILED) {
		printf("Bail out! no file can be mapped in /tmp\n");
		exit(1);
	}
	return at;
}

static unsigned int look(struct tls_find *f)
{
	unsigned int before = told_cnt;

	tls_find_process(f, (uint32_t)getpid());
	return told_cnt - before;
}

static void test_process(const struct sysroot *root)
{
	struct tls_find *f = tls_find_new(root, on_file, NULL);
	void *at = map_new("libssl.so.99"), *other;

	tap_is_int(look(f), 1, "a library that is mapped");
	tap_is_str(told_name, path_of("libssl.so.99"), "by its name");
	tap_ok(told_pid == (uint32_t)getpid(), "and whose it is");
	tap_is_int(look(f), 0, "once");
	other = map_new("libfoo.so.1");
	tap_is_int(look(f), 0, "one of another name is none");
	munmap(other, BYTES);

	other = map_new("libgnutls.so.30");
	unlink(path_of("libgnutls.so.30"));
	tap_is_int(look(f), 1, "a library that was deleted");
	tap_ok(strstr(told_name, "libgnutls.so.30 (deleted)"), "which its name says");
	munmap(other, BYTES);
	munmap(at, BYTES);
	tls_find_free(f);
}

/* The file system may give the number of a deleted file to the next one. */
static void test_replaced(const struct sysroot *root)
{
	struct tls_find *f = tls_find_new(root, on_file, NULL);
	void *at;

	for (int i = 0; i < 3; i++) {
		at = map_new("libssl.so.99");
		tap_is_int(look(f), 1, "a file in place of another (%d)", i);
		unlink(path_of("libssl.so.99"));
		munmap(at, BYTES);
	}
	tls_find_free(f);
}

/* Who mapped it may have ended since. */
static void test_ended(const struct sysroot *root)
{
	struct tls_find *f = tls_find_new(root, on_file, NULL);
	struct mapping m = {.pid = 0x7fffffff, .end = BYTES};
	unsigned int before = told_cnt;
	void *at = map_new("libssl.so.99");
	struct stat st = {0};

	stat(path_of("libssl.so.99"), &st);
	m.path = path_of("libssl.so.99");
	m.file.ino = st.st_ino + 1;
	tls_find_mapping(f, &m);
	tap_is_int(told_cnt - before, 0, "another file is there by now");
	m.file.ino = st.st_ino;
	tls_find_mapping(f, &m);
	tap_is_int(told_cnt - before, 1, "the file that an ended process had mapped");
	tap_is_str(told_name, m.path, "by its name");
	munmap(at, BYTES);
	unlink(m.path);
	tls_find_free(f);
}

static void test_named(const struct sysroot *root)
{
	struct tls_find *f = tls_find_new(root, on_file, NULL);
	void *at = map_new("any-name");
	unsigned int before = told_cnt;

	tap_is_int(tls_find_path(f, path_of("any-name")), 0, "a file that is named");
	tap_is_int(told_cnt - before, 1, "is told, whatever its name");
	tap_is_int(tls_find_path(f, path_of("any-name")), 0, "and a second time");
	tap_is_int(told_cnt - before, 1, "it is known");
	tap_ok(tls_find_path(f, "/tmp") == -EINVAL && tls_find_path(f, "/nosuch") == -ENOENT, "what is no file");
	munmap(at, BYTES);
	tls_find_free(f);
}

/* A libcrypto is told of the processes only that map a library which needs it. */
static void test_crypto(const struct sysroot *root)
{
	struct tls_find *f = tls_find_new(root, on_file, NULL);
	void *crypto = map_new("libcrypto.so.99"), *library, *second;
	struct mapping m = {.pid = 1};

	answer = TLS_FILE_CRYPTO;
	tap_is_int(look(f), 0, "a libcrypto alone is not told");
	library = map_new("libssl.so.101");
	tap_is_int(look(f), 2, "with a library that needs it it is");
	tap_is_int(told_crypto, 1, "as what it is");
	tap_is_str(told_name, path_of("libcrypto.so.99"), "after the library");
	tap_is_int(look(f), 0, "both once");
	second = map_new("libcrypto.so.98");
	m.path = path_of("libcrypto.so.98");
	tls_find_mapping(f, &m);
	tap_is_int(told_crypto, 1, "not of a process without such a library");
	m.pid = (uint32_t)getpid();
	tls_find_mapping(f, &m);
	tap_is_int(told_crypto, 2, "but of one that has it");
	munmap(crypto, BYTES);
	munmap(library, BYTES);
	munmap(second, BYTES);
	tls_find_free(f);
}

static void test_later(const struct sysroot *root)
{
	struct tls_find *f = tls_find_new(root, on_file, NULL);
	void *at = map_new("libssl.so.102");
	unsigned int before = told_cnt;

	answer = TLS_FILE_LATER;
	tls_find_path(f, path_of("libssl.so.102"));
	answer = TLS_FILE_PROBED;
	tap_is_int(told_cnt - before, 1, "a library that is named, and cannot be probed alone");
	tap_is_int(look(f), 1, "is told again when it is mapped");
	tap_is_int(look(f), 0, "once");
	munmap(at, BYTES);
	tls_find_free(f);
}

static void on_mapping(void *ctx, const struct mapping *m)
{
	if (m->pid == (uint32_t)getpid())
		tls_find_mapping(ctx, m);
}

/* A library that is known by its mapping is known by /proc, too. */
static void test_news(const struct sysroot *root)
{
	struct tls_find *f = tls_find_new(root, on_file, NULL);
	struct ring *ring = NULL;
	unsigned int before = told_cnt;
	void *at;

	if (ring_open_mappings(65536, &ring)) {
		tap_ok(geteuid() != 0, "news of mappings # SKIP needs root");
		tls_find_free(f);
		return;
	}
	at = map_new("libssl.so.100");
	mappings_read(ring, on_mapping, f);
	tap_is_int(told_cnt - before, 1, "what is mapped is told by the kernel");
	tap_is_str(told_name, path_of("libssl.so.100"), "by its name");
	tap_is_int(look(f), 0, "and then is known");
	munmap(at, BYTES);
	mappings_read(ring, on_mapping, f);
	tap_is_int(told_cnt - before, 1, "nothing else");
	tap_is_int(ring_lost(ring), 0, "nothing is lost");
	ring_close(ring);
	tls_find_free(f);
}

int main(void)
{
	static const struct sysroot root = {""};

	test_process(&root);
	test_replaced(&root);
	test_ended(&root);
	test_named(&root);
	answer = TLS_FILE_PROBED;
	test_process(&root);
	test_news(&root);
	test_crypto(&root);
	test_later(&root);
	return tap_done();
}
