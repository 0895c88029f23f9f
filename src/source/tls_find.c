/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/tls_find.h"
#include "source/file_set.h"
#include "source/procmaps.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define KNOWN_MAX 65536 /* files of which it is remembered that they were looked at; then the oldest are forgotten */

/* A file that was told, by the numbers of stat(2). One that is probed keeps its number while it is; another's may be given to a new
 * file: its times tell them apart. */
struct told {
	struct file_number {
		uint64_t dev, ino;
	} number;
	struct timespec mtime, ctime;
	bool probed;
	UT_hash_handle hh;
};

struct tls_find {
	struct sysroot root;
	tls_find_cb cb;
	void *ctx;
	struct file_set looked; /* mapped files that were looked at */
	struct file_set needy;	/* libraries that need a libcrypto; generations 0 */
	struct told *told;
	DIR *proc; /* where the round stands; NULL: before its first */
};

struct tls_find *tls_find_new(const struct sysroot *root, tls_find_cb cb, void *ctx)
{
	struct tls_find *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->root = *root;
	f->cb = cb;
	f->ctx = ctx;
	return f;
}

void tls_find_free(struct tls_find *f)
{
	struct told *t, *next_told;

	if (!f)
		return;
	file_set_clear(&f->looked);
	file_set_clear(&f->needy);
	HASH_ITER(hh, f->told, t, next_told) {
		HASH_DEL(f->told, t);
		free(t);
	}
	if (f->proc)
		closedir(f->proc);
	free(f);
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The entry of a file that is to be told now, or NULL: it is known, or no file, or there is no memory. */
static struct told *new_told(struct tls_find *f, int fd)
{
	struct file_number number = {0};
	struct told *t;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NULL;
	number.dev = st.st_dev;
	number.ino = st.st_ino;
	HASH_FIND(hh, f->told, &number, sizeof(number), t);
	if (t && (t->probed || (is_same_time(&t->mtime, &st.st_mtim) && is_same_time(&t->ctime, &st.st_ctim))))
		return NULL;
	if (!t) {
		if (HASH_COUNT(f->told) >= KNOWN_MAX) {
			t = f->told;
			HASH_DEL(f->told, t);
			free(t);
		}
		t = calloc(1, sizeof(*t));
		if (!t)
			return NULL;
		t->number = number;
		HASH_ADD(hh, f->told, number, sizeof(t->number), t);
		if (!t->hh.tbl) {
			free(t);
			return NULL;
		}
	}
	t->mtime = st.st_mtim;
	t->ctime = st.st_ctim;
	return t;
}

/* libssl.so.3, and with a hash in its name where a Python wheel brings its own: libssl-1a2b3c4d.so.3 */
static bool is_named(const char *base, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(base, name, len) && (!strncmp(base + len, ".so", 3) || (base[len] == '-' && strstr(base, ".so")));
}

bool tls_find_is_library(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return is_named(base, "libssl") || is_named(base, "libgnutls");
}

static bool is_crypto_name(const char *path)
{
	const char *base = strrchr(path, '/');

	return is_named(base ? base + 1 : path, "libcrypto");
}

static struct mapped_file without_generation(const struct mapping *m)
{
	struct mapped_file file = m->file;

	file.generation = 0; /* /proc does not tell it */
	return file;
}

static bool is_needy(const struct tls_find *f, const struct mapping *m)
{
	struct mapped_file file = without_generation(m);

	return file_set_has(&f->needy, &file);
}

/* From the first on a libcrypto is something to look at. */
static void note_needy(struct tls_find *f, const struct mapping *m)
{
	struct mapped_file file = without_generation(m);

	if (!file_set_count(&f->needy))
		file_set_clear(&f->looked);
	file_set_add(&f->needy, &file);
}

/* Once for each file. `of`: the mapping it is of, or NULL. */
static void tell(struct tls_find *f, int fd, const char *name, const struct mapping *of, bool named)
{
	struct tls_file file = {.fd = fd, .name = name, .pid = of ? of->pid : 0, .named = named};
	struct told *t = new_told(f, fd);
	enum tls_answer answer;
	char dir[PATH_MAX];
	char *slash;

	if (!t)
		return;
	snprintf(dir, sizeof(dir), "%s", name);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
	file.dir = dir;
	file.crypto = file_set_count(&f->needy) && is_crypto_name(name);
	answer = f->cb(f->ctx, &file);
	t->probed = answer == TLS_FILE_PROBED || answer == TLS_FILE_CRYPTO;
	if (answer == TLS_FILE_CRYPTO && of)
		note_needy(f, of);
	if (answer == TLS_FILE_LATER) {
		HASH_DEL(f->told, t);
		free(t);
	}
}

int tls_find_path(struct tls_find *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	tell(f, fd, path, NULL, true);
	close(fd);
	return 0;
}

/* ---- the system's folders ---- */

static void look_into_folder(struct tls_find *f, const char *dir)
{
	char path[PATH_MAX], name[PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (sysroot_path(&f->root, path, sizeof(path), "%s", dir))
		return;
	d = opendir(path);
	while (d && (e = readdir(d))) {
		int fd;

		if (!tls_find_is_library(e->d_name) || (fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		tell(f, fd, name, NULL, false);
		close(fd);
	}
	if (d)
		closedir(d);
}

void tls_find_system(struct tls_find *f)
{
	/* Debian's, those of other distributions, and what is installed by hand */
	static const char *const folders[] = {
#if defined(__x86_64__)
		"/usr/lib/x86_64-linux-gnu",
		"/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
		"/usr/lib/aarch64-linux-gnu",
		"/lib/aarch64-linux-gnu",
#endif
		"/usr/lib64",
		"/usr/lib",
		"/lib64",
		"/lib",
		"/usr/local/lib64",
		"/usr/local/lib",
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		look_into_folder(f, folders[i]);
}

/* ---- processes ---- */

/* A file, whatever its path leads to now or in which mount namespace. */
static int open_link(struct tls_find *f, uint32_t pid, const char *link)
{
	char path[PATH_MAX];

	if (sysroot_path(&f->root, path, sizeof(path), "/proc/%u/%s", pid, link))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* The program itself: that it maps something new may be because it is new. */
static int open_program(struct tls_find *f, const struct mapping *m, char name[PATH_MAX])
{
	int fd = open_link(f, m->pid, "exe");
	char link[64];
	ssize_t len = -1;

	if (fd >= 0 && !sysroot_path(&f->root, link, sizeof(link), "/proc/%u/exe", m->pid))
		len = readlink(link, name, PATH_MAX - 1);
	name[len > 0 ? len : 0] = 0;
	return fd;
}

/* Where its path leads from here, if that is the file that was mapped. */
static int open_here(struct tls_find *f, const struct mapping *m)
{
	char path[PATH_MAX];
	struct stat st;
	int fd = sysroot_path(&f->root, path, sizeof(path), "%s", m->path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || (!fstat(fd, &st) && st.st_ino == m->file.ino))
		return fd;
	close(fd);
	return -1;
}

/* Its mapping may have been split since: then its path must do; or it has ended: then the path from here. */
static int open_library(struct tls_find *f, const struct mapping *m)
{
	char link[PATH_MAX];
	int fd;

	snprintf(link, sizeof(link), "map_files/%" PRIx64 "-%" PRIx64, m->start, m->end);
	fd = open_link(f, m->pid, link);
	if (fd >= 0)
		return fd;
	snprintf(link, sizeof(link), "root%.*s", PATH_MAX - 5, m->path);
	fd = open_link(f, m->pid, link);
	return fd >= 0 ? fd : open_here(f, m);
}

static void look_at(struct tls_find *f, const struct mapping *m)
{
	bool library = tls_find_is_library(m->path) || (file_set_count(&f->needy) && is_crypto_name(m->path));
	char program[PATH_MAX];
	int fd;

	/* without a generation the number may be another file's by now: that of a library is worth opening it */
	if ((!library || m->file.generation) && file_set_has(&f->looked, &m->file))
		return;
	fd = library ? open_library(f, m) : open_program(f, m, program);
	if (fd < 0)
		return; /* it is gone; another may have the same file */
	file_set_add(&f->looked, &m->file);
	tell(f, fd, library ? m->path : program, m, false);
	close(fd);
}

/* ---- who needs a libcrypto ---- */

struct process {
	struct tls_find *f;
	bool needs;
};

static void on_needy(void *ctx, const struct mapping *m)
{
	struct process *p = ctx;

	p->needs |= is_needy(p->f, m);
}

static void on_mapped(void *ctx, const struct mapping *m)
{
	struct process *p = ctx;

	if (p->needs || !file_set_count(&p->f->needy) || !is_crypto_name(m->path))
		look_at(p->f, m);
}

/* `needs`: it is known to have such a library. */
static void look_through(struct tls_find *f, uint32_t pid, bool needs)
{
	struct process p = {.f = f, .needs = needs};
	size_t before = file_set_count(&f->needy);

	if (before && !needs)
		procmaps_each(&f->root, pid, on_needy, &p);
	procmaps_each(&f->root, pid, on_mapped, &p);
	if (file_set_count(&f->needy) != before)
		look_through(f, pid, true); /* again, for what its new library needs */
}

void tls_find_process(struct tls_find *f, uint32_t pid)
{
	look_through(f, pid, false);
}

/* The libcrypto may be mapped first, or later, or be one that another process has, too. */
void tls_find_mapping(struct tls_find *f, const struct mapping *m)
{
	bool crypto = is_crypto_name(m->path);

	if (!file_set_count(&f->needy) || !crypto)
		look_at(f, m);
	if (file_set_count(&f->needy) && (crypto || is_needy(f, m)))
		look_through(f, m->pid, !crypto);
}

bool tls_find_some(struct tls_find *f, unsigned int max)
{
	char path[PATH_MAX];
	struct dirent *e;

	if (!f->proc && !sysroot_path(&f->root, path, sizeof(path), "/proc"))
		f->proc = opendir(path);
	while (f->proc && max && (e = readdir(f->proc))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		tls_find_process(f, (uint32_t)strtoul(e->d_name, NULL, 10));
		max--;
	}
	if (!max)
		return false;
	if (f->proc)
		closedir(f->proc);
	f->proc = NULL;
	return true;
}
