/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/addrs.c -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc */
/* Which addresses are a namespace's own. */
#include "claims.h"
#include "model/addrs.h"
#include "oom.h"
#include "tap.h"

#include <errno.h>

static int add(struct addrs *a, uint32_t netns, uint32_t ifindex, const char *text)
{
	uint8_t addr[16];

	claims_addr(addr, text);
	return addrs_add(a, netns, ifindex, addr);
}

static void del(struct addrs *a, uint32_t netns, uint32_t ifindex, const char *text)
{
	uint8_t addr[16];

	claims_addr(addr, text);
	addrs_del(a, netns, ifindex, addr);
}

static bool is_local(const struct addrs *a, uint32_t netns, const char *text)
{
	uint8_t addr[16];

	claims_addr(addr, text);
	return addrs_is_local(a, netns, addr);
}

static bool has(const struct addrs *a, uint32_t netns, const char *text)
{
	uint8_t addr[16];

	claims_addr(addr, text);
	return addrs_has(a, netns, addr);
}

static bool has_other(const struct addrs *a, uint32_t netns, const char *text)
{
	uint8_t addr[16];

	claims_addr(addr, text);
	return addrs_has_other(a, netns, addr);
}

static void test_own(void)
{
	struct addrs *a = addrs_new();

	tap_ok(is_local(a, 1, "10.0.0.1"), "nothing is known of the namespace: everything is local");
	tap_ok(!has(a, 1, "10.0.0.1"), "but not known to be there");
	tap_is_int(add(a, 1, 2, "10.0.0.1"), 0, "added");
	tap_ok(is_local(a, 1, "10.0.0.1") && has(a, 1, "10.0.0.1"), "its own");
	tap_ok(!is_local(a, 1, "10.0.0.2") && !has(a, 1, "10.0.0.2"), "not its own");
	tap_ok(!is_local(a, 1, "fd00::1"), "nor of another family");
	tap_ok(is_local(a, 2, "10.0.0.2"), "of another namespace nothing is known");
	tap_ok(!has(a, 2, "10.0.0.1"), "what one has the other has not");
	del(a, 1, 2, "10.0.0.1");
	tap_ok(is_local(a, 1, "10.0.0.2") && !has(a, 1, "10.0.0.1"), "the last one is gone: nothing is known again");
	del(a, 1, 2, "10.0.0.1");
	addrs_free(a);
}

static void test_interfaces(void)
{
	struct addrs *a = addrs_new();

	add(a, 1, 2, "fe80::1");
	add(a, 1, 3, "fe80::1");
	add(a, 1, 3, "fe80::1");
	add(a, 1, 3, "fe80::2");
	del(a, 1, 4, "fe80::1");
	del(a, 1, 2, "fe80::1");
	tap_ok(is_local(a, 1, "fe80::1"), "on two interfaces: one is left");
	del(a, 1, 3, "fe80::1");
	tap_ok(!is_local(a, 1, "fe80::1"), "twice told is told once");
	addrs_free(a);
}

static void test_netns_gone(void)
{
	struct addrs *a = addrs_new();

	add(a, 1, 2, "10.0.0.1");
	add(a, 1, 3, "10.0.0.1");
	add(a, 1, 3, "10.0.0.2");
	add(a, 2, 2, "10.0.0.1");
	addrs_del_netns(a, 1);
	tap_ok(!has(a, 1, "10.0.0.1") && is_local(a, 1, "10.0.0.9"), "all of a namespace");
	tap_ok(has(a, 2, "10.0.0.1"), "and of no other");
	addrs_free(a);
}

static void test_equal(void)
{
	struct addrs *a = addrs_new();

	tap_ok(!has_other(a, 1, "10.0.0.1"), "nobody has it");
	add(a, 1, 2, "10.0.0.1");
	add(a, 1, 3, "10.0.0.1");
	add(a, 3, 2, "10.0.0.3");
	tap_ok(!has_other(a, 1, "10.0.0.1"), "no other has it");
	tap_ok(has_other(a, 2, "10.0.0.1"), "to one that lacks it, who has it is another");
	add(a, 2, 2, "10.0.0.1");
	tap_ok(has_other(a, 1, "10.0.0.1") && has_other(a, 2, "10.0.0.1"), "two have it");
	addrs_del_netns(a, 2);
	tap_ok(!has_other(a, 1, "10.0.0.1"), "one of them is gone");
	tap_ok(!addrs_is_partial(a), "all namespaces are known");
	addrs_set_partial(a);
	tap_ok(addrs_is_partial(a), "unless it is said that they are not");
	addrs_free(a);
}

static void test_common(void)
{
	static const char *const common[] = {"127.0.0.1", "127.9.9.9", "::1", "224.0.0.251", "239.255.255.250", "ff02::fb",
		"255.255.255.255", "0.0.0.0", "::"};
	static const char *const foreign[] = {"128.0.0.1", "223.255.255.255", "240.0.0.1", "255.255.255.254", "::2", "fe80::1"};
	struct addrs *a = addrs_new();

	add(a, 1, 2, "10.0.0.1");
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		tap_ok(is_local(a, 1, common[i]) && !has(a, 1, common[i]), "%s is everyone's", common[i]);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		tap_ok(!is_local(a, 1, foreign[i]), "%s is not", foreign[i]);
	addrs_free(a);
}

/* A new address of a new namespace, at each allocation there is. */
static void test_memory(void)
{
	size_t refused = 0, wrong = 0;
	bool failed = true;

	for (long n = 0; failed; n++) {
		struct addrs *a = addrs_new();
		int err;

		add(a, 1, 2, "10.0.0.1");
		oom_after = n;
		err = add(a, 2, 2, "10.0.0.3");
		failed = oom_after == -1;
		oom_after = -1;
		refused += err == -ENOMEM;
		wrong += (err != 0) != failed || has(a, 2, "10.0.0.3") != !err || is_local(a, 2, "10.0.0.2") != (err != 0);
		wrong += !has(a, 1, "10.0.0.1") || add(a, 2, 2, "10.0.0.3") || !has(a, 2, "10.0.0.3");
		addrs_free(a);
	}
	tap_ok(refused >= 3, "memory runs out: refused (%zu times)", refused);
	tap_is_int(wrong, 0, "and nothing else changes");
}

int main(void)
{
	test_own();
	test_interfaces();
	test_netns_gone();
	test_equal();
	test_common();
	test_memory();
	addrs_free(NULL);
	return tap_done();
}
