/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/tls_find.h"

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
#include <sys/sysmacros.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define MAPS_MAX_BYTES (16U << 20) /* of a process with very many mappings */

/* A file, by the numbers /proc/PID/maps shows. */
struct file_id {
	uint64_t ino;
	uint32_t major, minor;
};

struct seen {
	struct file_id id;
	UT_hash_handle hh;
};

struct tls_find {
	struct sysroot root;
	tls_find_cb cb;
	void *ctx;
	struct seen *seen;
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
	struct seen *s, *next;

	if (!f)
		return;
	HASH_ITER(hh, f->seen, s, next) {
		HASH_DEL(f->seen, s);
		free(s);
	}
	if (f->proc)
		closedir(f->proc);
	free(f);
}

/* true: for the first time. Out of memory: it will be told again, which costs time only. */
static bool is_news(struct tls_find *f, const struct file_id *id)
{
	struct seen *s;

	HASH_FIND(hh, f->seen, id, sizeof(*id), s);
	if (s)
		return false;
	s = calloc(1, sizeof(*s));
	if (!s)
		return true;
	s->id = *id;
	HASH_ADD(hh, f->seen, id, sizeof(s->id), s);
	if (!s->hh.tbl)
		free(s);
	return true;
}

/* File systems may show another device in a mapping than in stat(2) (btrfs, overlay), so both names of a file are noted. */
static bool is_news_by_stat(struct tls_find *f, int fd)
{
	struct file_id id = {0};
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	id.ino = st.st_ino;
	id.major = major(st.st_dev);
	id.minor = minor(st.st_dev);
	return is_news(f, &id);
}

/* libssl.so.3, and with a hash in its name where a Python wheel brings its own: libssl-1a2b3c4d.so.3 */
static bool is_named(const char *base, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(base, name, len) && (!strncmp(base + len, ".so", 3) || (base[len] == '-' && strstr(base, ".so")));
}

static bool is_library_name(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return is_named(base, "libssl") || is_named(base, "libgnutls");
}

static void tell(struct tls_find *f, int fd, const char *name, bool named)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", name);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
	f->cb(f->ctx, fd, name, dir, named);
}

int tls_find_path(struct tls_find *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	is_news_by_stat(f, fd);
	tell(f, fd, path, true);
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

		if (!is_library_name(e->d_name) || (fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		if (is_news_by_stat(f, fd))
			tell(f, fd, name, false);
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

/* A line of /proc/PID/maps (proc(5)): "START-END PERMS OFFSET MAJOR:MINOR INODE   PATH". */
struct mapping {
	char range[40]; /* its name in /proc/PID/map_files */
	struct file_id id;
	const char *path;
};

/* false: no file is mapped for execution here. */
static bool parse_mapping(const char *line, struct mapping *m)
{
	uint64_t start, end;
	char perms[5];
	int path_at = 0;

	memset(m, 0, sizeof(*m));
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %x:%x %" SCNu64 " %n", &start, &end, perms, &m->id.major, &m->id.minor,
		    &m->id.ino, &path_at) < 6 ||
		!path_at || perms[2] != 'x' || !m->id.ino || line[path_at] != '/')
		return false;
	snprintf(m->range, sizeof(m->range), "%" PRIx64 "-%" PRIx64, start, end);
	m->path = line + path_at;
	return true;
}

/* The file that is mapped, whatever its path leads to now or in which mount namespace. */
static int open_mapping(struct tls_find *f, uint32_t pid, const struct mapping *m)
{
	char path[PATH_MAX];
	int fd = -1;

	if (!sysroot_path(&f->root, path, sizeof(path), "/proc/%u/map_files/%s", pid, m->range))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && !sysroot_path(&f->root, path, sizeof(path), "/proc/%u/root%s", pid, m->path))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd;
}

static void look_at_mapping(struct tls_find *f, uint32_t pid, const struct mapping *m, const char *exe)
{
	bool library = is_library_name(m->path);
	int fd;

	if (!library && strcmp(m->path, exe))
		return;
	if (!is_news(f, &m->id))
		return;
	fd = open_mapping(f, pid, m);
	if (fd < 0)
		return;
	if (is_news_by_stat(f, fd) || !library)
		tell(f, fd, m->path, false);
	close(fd);
}

void tls_find_process(struct tls_find *f, uint32_t pid)
{
	char path[64], exe_path[PATH_MAX], exe[PATH_MAX] = "", *text, *line, *rest;
	ssize_t len = -1;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (sysroot_read(&f->root, path, MAPS_MAX_BYTES, &text, NULL))
		return;
	if (!sysroot_path(&f->root, exe_path, sizeof(exe_path), "/proc/%u/exe", pid))
		len = readlink(exe_path, exe, sizeof(exe) - 1);
	exe[len > 0 ? len : 0] = 0;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct mapping m;

		if (parse_mapping(line, &m))
			look_at_mapping(f, pid, &m, exe);
	}
	free(text);
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
