/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/container.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ID_DIGITS 64 /* SHA-256 */

/* Runtimes that call a container by its name: what its cgroup's name begins and ends with. */
static const struct {
	const char *before, *after;
} named[] = {
	{"lxc.payload.", ""},		    /* lxc 4.0+ */
	{"machine-", ".scope"},		    /* registered with systemd-machined */
	{"systemd-nspawn@", ".service"},
};

/* Directories that hold such containers: the next part of the path is a name. */
static const char *const parents[] = {"lxc", "lxc.payload"};

static bool is_word(const char *part, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(part, word, len);
}

/* 64 hex digits with none before or behind: "docker-ID.scope", "crio-ID", "cri-containerd-ID.scope", "ID". */
static const char *find_id(const char *part, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && isxdigit((unsigned char)part[i])) {
			run++;
			continue;
		}
		if (run == ID_DIGITS)
			return part + i - ID_DIGITS;
		run = 0;
	}
	return NULL;
}

/* conmon watches a container of podman or cri-o from outside, in a cgroup that has the id as well. */
static bool is_monitor(const char *part, size_t len)
{
	return memmem(part, len, "conmon", strlen("conmon"));
}

/* systemd writes what is special in a unit's name as \xHH (systemd.unit(5)). */
static char *unescape(const char *name, size_t len)
{
	char *out = calloc(1, len + 1), hex[3] = "";
	size_t n = 0;

	for (size_t i = 0; out && i < len; i++) {
		if (len - i >= 4 && name[i] == '\\' && name[i + 1] == 'x' && isxdigit((unsigned char)name[i + 2]) &&
			isxdigit((unsigned char)name[i + 3])) {
			memcpy(hex, name + i + 2, 2);
			out[n++] = (char)strtoul(hex, NULL, 16);
			i += 3;
		} else {
			out[n++] = name[i];
		}
	}
	return out;
}

static char *find_name(const char *part, size_t len)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		size_t before = strlen(named[i].before), after = strlen(named[i].after);

		if (len > before + after && !memcmp(part, named[i].before, before) &&
			!memcmp(part + len - after, named[i].after, after))
			return unescape(part + before, len - before - after);
	}
	return NULL;
}

static bool holds_names(const char *part, size_t len)
{
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		if (is_word(part, len, parents[i]))
			return true;
	return false;
}

static char *of_part(const char *part, size_t len, bool below_names)
{
	const char *id;

	if (is_monitor(part, len))
		return NULL;
	id = find_id(part, len);
	if (id)
		return strndup(id, CONTAINER_ID_LEN);
	return below_names && len ? strndup(part, len) : find_name(part, len);
}

static char *of_path(const char *path, size_t path_len)
{
	const char *end = path + path_len, *part = path;
	bool below_names = false;
	char *found = NULL;

	while (part < end) {
		const char *slash = memchr(part, '/', (size_t)(end - part));
		size_t len = (size_t)((slash ? slash : end) - part);
		char *inner = of_part(part, len, below_names);

		if (inner) {
			free(found);
			found = inner;
		}
		below_names = holds_names(part, len);
		part += len + 1;
	}
	return found;
}

char *container_from_path(const char *path)
{
	return of_path(path, strlen(path));
}

/* A line of /proc/PID/cgroup: "HIERARCHY:CONTROLLERS:PATH". */
struct line {
	const char *kind; /* HIERARCHY:CONTROLLERS */
	size_t kind_len;
	const char *path;
	size_t path_len;
};

/* The line at *text, which is moved behind it. false: no more. */
static bool next_line(const char **text, struct line *out)
{
	const char *line = *text, *end = strchrnul(line, '\n'), *colon = strchr(line, ':');

	if (colon)
		colon = strchr(colon + 1, ':');
	if (!colon || colon > end)
		return false;
	*out = (struct line){line, (size_t)(colon - line), colon + 1, (size_t)(end - colon - 1)};
	*text = *end ? end + 1 : end;
	return true;
}

char *container_from_cgroups(const char *text)
{
	char *found = NULL;
	struct line l;

	while (!found && next_line(&text, &l))
		found = of_path(l.path, l.path_len);
	return found;
}

static bool is_systemd(const struct line *l)
{
	static const char name[] = ":name=systemd";
	size_t len = sizeof(name) - 1;

	return l->kind_len > len && !memcmp(l->kind + l->kind_len - len, name, len);
}

char *container_cgroup(const char *text)
{
	struct line l, best = {NULL, 0, NULL, 0};

	while (next_line(&text, &l)) {
		bool unified = is_word(l.kind, l.kind_len, "0:");

		if ((unified && (l.path_len > 1 || !best.path)) || (is_systemd(&l) && (!best.path || best.path_len <= 1)))
			best = l;
	}
	return best.path ? strndup(best.path, best.path_len) : NULL;
}
