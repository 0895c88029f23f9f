/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/procmem.c src/base/sysroot.c src/base/buf.c */
#include "source/procmem.h"
#include "tap.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct sysroot root = {""};

static int text_at(uint32_t pid, const void *at, char *out, size_t size)
{
	return procmem_text(&root, pid, (uint64_t)(uintptr_t)at, out, size);
}

int main(void)
{
	static const char label[] = "CLIENT_RANDOM";
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint32_t self = (uint32_t)getpid();
	char out[40], *map;

	tap_is_int(text_at(self, label, out, sizeof(out)), 0, "a text");
	tap_is_str(out, label, "whole");
	tap_is_int(text_at(self, label, out, sizeof(label)), 0, "that just fits");
	tap_is_int(text_at(self, label, out, sizeof(label) - 1), -ENAMETOOLONG, "one that does not");
	tap_is_str(out, "", "is not cut");

	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(map + page, page);
	memcpy(map + page - sizeof(label), label, sizeof(label));
	tap_is_int(text_at(self, map + page - sizeof(label), out, sizeof(out)), 0, "at the end of a mapping");
	tap_is_str(out, label, "all that is there");
	tap_ok(text_at(self, map + page, out, sizeof(out)) < 0, "nothing is mapped");
	tap_is_str(out, "", "nothing is told");
	tap_is_int(text_at(UINT32_MAX, label, out, sizeof(out)), -ENOENT, "no such process");
	return tap_done();
}
