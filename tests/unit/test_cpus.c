/* SPDX-License-Identifier: BSD-2-Clause */
/* links: compat/cpus.c src/base/sysroot.c src/base/buf.c */
#include "compat/cpus.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void check(const char *list, const char *want)
{
	uint32_t *cpus;
	size_t cnt, at = 0;
	char got[128] = "";
	int err = cpus_parse(list, &cpus, &cnt);

	for (size_t i = 0; !err && i < cnt; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%u", i ? " " : "", cpus[i]);
	tap_is_str(err ? "error" : got, want, "%.*s", (int)strcspn(list, "\n"), list);
	if (!err)
		free(cpus);
}

static void test_bad(void)
{
	static const char *const bad[] = {"", "\n", "x", ",", "0,", ",0", "0,,1", "-", "-1", "0-", "0-x",
		"0--1", "0-+1", "0- 1", " 0", "0 ", "+0", "3-0", "0-1-2", "0-10:2/4", "0x1", "0-3\n\n",
		"0-3\n4", "65536", "0-65536", "4294967296", "18446744073709551616", "0-99999999999999999999",
		"1,0", "0,0", "0-3,3", "0-3,2-5"};
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint32_t mark = 7, *cpus = &mark;
		size_t cnt = 99;

		if (cpus_parse(bad[i], &cpus, &cnt) == -EINVAL && cpus == &mark && cnt == 99)
			continue;
		printf("# taken: bad[%zu]\n", i);
		wrong++;
	}
	tap_is_int(wrong, 0, "what is no list is refused and leaves the result alone");
}

static void test_largest(void)
{
	uint32_t *cpus = NULL;
	size_t cnt = 0;

	tap_is_int(cpus_parse("0-65535", &cpus, &cnt), 0, "the largest list");
	tap_ok(cnt == 65536 && cpus[65535] == 65535, "all of it");
	free(cpus);
}

static void test_this_machine(void)
{
	uint32_t *cpus = NULL;
	size_t cnt = 0;

	tap_is_int(cpus_online(&cpus, &cnt), 0, "the running CPUs");
	tap_is_int(cnt, sysconf(_SC_NPROCESSORS_ONLN), "as many as libc counts");
	tap_ok(cnt && cpus[cnt - 1] < cpus_possible(), "each of them is possible");
	tap_ok(cpus_possible() >= sysconf(_SC_NPROCESSORS_CONF), "not fewer than are configured");
	free(cpus);
}

int main(void)
{
	check("0", "0");
	check("0\n", "0");
	check("0-3\n", "0 1 2 3");
	check("0-1,4,6-7\n", "0 1 4 6 7");
	check("5-5", "5");
	check("3,8", "3 8");
	check("010", "10");
	test_bad();
	test_largest();
	test_this_machine();
	return tap_done();
}
