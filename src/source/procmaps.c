/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/procmaps.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPS_MAX_BYTES (16U << 20) /* of a process with very many mappings */

/* A line of /proc/PID/maps (proc(5)): "START-END PERMS OFFSET MAJOR:MINOR INODE   PATH". false: no file is mapped for
 * execution here. */
static bool parse_line(const char *line, uint32_t pid, struct mapping *m)
{
	char perms[5];
	int path_at = 0;

	memset(m, 0, sizeof(*m));
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %x:%x %" SCNu64 " %n", &m->start, &m->end, perms, &m->file.major,
		    &m->file.minor, &m->file.ino, &path_at) < 6 ||
		!path_at || perms[2] != 'x' || !m->file.ino || line[path_at] != '/')
		return false;
	m->pid = pid;
	m->path = line + path_at;
	return true;
}

void procmaps_each(const struct sysroot *root, uint32_t pid, mappings_cb cb, void *ctx)
{
	char path[64], *text, *line, *rest;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (sysroot_read(root, path, MAPS_MAX_BYTES, &text, NULL))
		return;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct mapping m;

		if (parse_line(line, pid, &m))
			cb(ctx, &m);
	}
	free(text);
}
