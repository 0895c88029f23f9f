/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/tls_points.c src/source/tls_kdf.c src/source/tls_inner.c src/source/code.c src/source/code_x86.c src/source/code_arm64.c src/source/elf_image.c src/source/elf_import.c
 * src/base/sysroot.c src/base/buf.c -lcapstone -lelf -lz -larchive -ldl
 */
/* Where this machine's own TLS libraries are probed: the place of the client's random is compared with what the library's own
 * function reads. Those of other releases and of arm64: tests/tls/points.t. */
#include "source/tls_points.h"
#include "probes/events.h"
#include "tap.h"
#include "tmpdir.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define OBJECT_BYTES 16384
#define RANDOM_LEN 32

static const struct sysroot root = {""};

static int find_in(const char *path, struct tls_points *out)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = tls_points_find(fd, &root, "/usr/lib", out);
	close(fd);
	return err;
}

/* A library of this machine by its name; its path is what the dynamic linker says. */
static void *load(const char *const names[2], char path[PATH_MAX])
{
	struct link_map *map;
	void *lib = NULL;

	for (int i = 0; i < 2 && !lib; i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!lib || dlinfo(lib, RTLD_DI_LINKMAP, &map))
		return NULL;
	snprintf(path, PATH_MAX, "%s", map->l_name);
	return lib;
}

/* An object that is full of numbers, each of them once, or of pointers to such a one. */
static void fill(uint64_t *object, const uint64_t *points_to)
{
	for (size_t i = 0; i < OBJECT_BYTES / 8; i++)
		object[i] = points_to ? (uint64_t)(uintptr_t)points_to : 0x5a00000000000000 + i;
}

typedef size_t (*get_random_fn)(const void *ssl, unsigned char *out, size_t len);

/* In a process of its own: with an object that is not one it may do anything. false: it did. */
static bool read_random(get_random_fn get, const uint64_t *object, uint64_t *word)
{
	uint64_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	if (shared == MAP_FAILED)
		return false;
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		_exit(get(object, (unsigned char *)shared, RANDOM_LEN) != RANDOM_LEN);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	*word = *shared;
	munmap(shared, 4096);
	return !status;
}

/* What the library's function does with an object: EV_TLS_RANDOM() but for the outer offset, which many words share. */
static bool inner_by_running(get_random_fn get, bool deref, uint32_t *inner)
{
	static uint64_t object[OBJECT_BYTES / 8], behind[OBJECT_BYTES / 8];
	uint64_t word;

	fill(behind, NULL);
	fill(object, deref ? behind : NULL);
	memset(object, 0, 4); /* SSL_TYPE_SSL_CONNECTION (3.2 and later): no QUIC */
	if (!read_random(get, object, &word) || word >> 56 != 0x5a)
		return false;
	*inner = (uint32_t)(word & 0xffffff) * 8;
	return true;
}

static void test_openssl(void)
{
	static const char *const names[] = {"libssl.so.3", "libssl.so.1.1"};
	char path[PATH_MAX];
	void *lib = load(names, path);
	struct tls_points p;
	uint32_t inner = 0;
	bool deref;

	if (!tap_ok(lib && !find_in(path, &p), "this machine has OpenSSL"))
		return;
	tap_is_int(p.kind, TLS_OPENSSL, "it is one");
	tap_ok(p.way != TLS_WAY_NONE && p.log_secret && !p.why[0], "its secrets are found: %s", tls_way_name(p.way));
	tap_ok(p.cnt >= 20, "and its functions (%zu probes)", p.cnt);
	deref = p.random >> 32 != EV_TLS_NO_DEREF;
	tap_ok(inner_by_running((get_random_fn)(uintptr_t)dlsym(lib, "SSL_get_client_random"), deref, &inner),
		"its function says where the random is");
	tap_is_int((uint32_t)p.random, inner, "there");
}

typedef struct {
	unsigned char *data;
	unsigned int size;
} gnutls_datum;

static void test_gnutls(void)
{
	static const char *const names[] = {"libgnutls.so.30", "libgnutls.so"};
	static unsigned char object[OBJECT_BYTES];
	void (*get)(void *session, gnutls_datum *client, gnutls_datum *server);
	char path[PATH_MAX];
	void *lib = load(names, path);
	gnutls_datum client = {NULL, 0};
	struct tls_points p;

	if (!tap_ok(lib && !find_in(path, &p), "this machine has GnuTLS"))
		return;
	tap_is_int(p.kind, TLS_GNUTLS, "it is one");
	tap_ok(p.way != TLS_WAY_NONE && p.log_secret && !p.why[0], "its secrets are found: %s", tls_way_name(p.way));
	get = (void (*)(void *, gnutls_datum *, gnutls_datum *))(uintptr_t)dlsym(lib, "gnutls_session_get_random");
	get(object, &client, NULL);
	tap_is_int(p.random, EV_TLS_RANDOM(EV_TLS_NO_DEREF, client.data - object), "where it keeps the random");
}

static int write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool ok = fd >= 0 && write(fd, data, len) == (ssize_t)len;

	return fd < 0 || close(fd) || !ok ? -1 : 0;
}

static void test_no_library(void)
{
	char path[PATH_MAX];
	struct tls_points p = {.kind = TLS_OPENSSL};

	tap_ok(!find_in("/proc/self/exe", &p) && p.kind == TLS_NONE, "a program without TLS is none");
	tmpdir_path(path, "text");
	tap_ok(!write_file(path, "no ELF at all", 13) && find_in(path, &p) == -ENOEXEC, "a text is none");
	tap_is_int(find_in("/tmp", &p), -ENOEXEC, "a folder is none");
}

/* A damaged copy is refused or understood, and never read past. */
static void test_damaged(void)
{
	static const char *const names[] = {"libssl.so.3", "libssl.so.1.1"};
	char from[PATH_MAX], path[PATH_MAX];
	struct tls_points p;
	struct stat st;
	uint8_t *data;
	int fd, refused = 0;

	if (!load(names, from) || stat(from, &st))
		return;
	data = malloc((size_t)st.st_size);
	fd = open(from, O_RDONLY);
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		return;
	close(fd);
	tmpdir_path(path, "damaged");
	srandom(1);
	for (int round = 0; round < 60; round++) {
		size_t len = round % 3 ? (size_t)st.st_size : (size_t)random() % (size_t)st.st_size;
		uint8_t saved[64];
		size_t at = (size_t)random() % (round % 2 ? 4096 : (size_t)st.st_size - 64);

		memcpy(saved, data + at, sizeof(saved));
		for (size_t i = 0; i < sizeof(saved); i++)
			data[at + i] = (uint8_t)random();
		if (!write_file(path, data, len))
			refused += find_in(path, &p) || p.way == TLS_WAY_NONE;
		memcpy(data + at, saved, sizeof(saved));
	}
	tap_ok(refused > 10 && refused < 60, "of 60 damaged libraries %d are refused, and none is read past", refused);
	free(data);
}

int main(void)
{
	test_openssl();
	test_gnutls();
	test_no_library();
	test_damaged();
	return tap_done();
}
