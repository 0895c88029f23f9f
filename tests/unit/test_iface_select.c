/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/iface_select.c */
#include "source/iface_select.h"
#include "tap.h"

static struct iface_select sel;
static const char *names[4];

static void choose(const char *first, const char *second)
{
	size_t cnt = !!first + !!second;

	names[0] = first;
	names[1] = second;
	iface_select_fini(&sel);
	if (iface_select_init(&sel, names, cnt))
		tap_ok(false, "memory");
}

static void test_all(void)
{
	choose(NULL, NULL);
	tap_ok(iface_select_is_any(&sel) && !iface_select_missing(&sel), "no name: any");
	tap_is_int(iface_select_match(&sel, "", "eth0"), IFACE_WANTED, "our own");
	tap_is_int(iface_select_match(&sel, "b", "eth0"), IFACE_WANTED, "and another's");
	choose("any", NULL);
	tap_ok(iface_select_is_any(&sel) && !iface_select_missing(&sel), "any is not missing where there is none");
	tap_is_int(iface_select_match(&sel, "b", "eth0"), IFACE_WANTED, "any");
	choose("eth0", "any");
	tap_is_int(iface_select_match(&sel, "", "eth0"), IFACE_WANTED, "named, and one of all: its end is no loss");
	choose("any", "eth0");
	tap_is_int(iface_select_match(&sel, "", "eth0"), IFACE_WANTED, "in either order");
	tap_ok(!iface_select_missing(&sel), "it was seen");
}

static void test_names(void)
{
	choose("eth0", "b/lo");
	tap_ok(!iface_select_is_any(&sel), "names are not any");
	tap_is_str(iface_select_missing(&sel), "eth0", "nothing was seen: the first is missing");
	tap_is_int(iface_select_match(&sel, "", "eth0"), IFACE_NAMED, "a name: of our own");
	tap_is_int(iface_select_match(&sel, "c", "eth0"), IFACE_NAMED, "and of any other");
	tap_is_int(iface_select_match(&sel, "", "eth01"), IFACE_UNWANTED, "not one that begins alike");
	tap_is_str(iface_select_missing(&sel), "b/lo", "the second is missing");
	tap_is_int(iface_select_match(&sel, "", "lo"), IFACE_UNWANTED, "one namespace's: not our own");
	tap_is_int(iface_select_match(&sel, "bb", "lo"), IFACE_UNWANTED, "not of one that begins alike");
	tap_is_int(iface_select_match(&sel, "b", "lo"), IFACE_NAMED, "that one's");
	tap_ok(!iface_select_missing(&sel), "both were seen");
}

static void test_namespaces(void)
{
	choose("b/any", "/eth0");
	tap_ok(!iface_select_is_any(&sel), "all of one namespace is not any");
	tap_is_str(iface_select_missing(&sel), "b/any", "one that is not there is missing");
	tap_is_int(iface_select_match(&sel, "b", "eth0"), IFACE_WANTED, "all of one");
	tap_is_int(iface_select_match(&sel, "", "lo"), IFACE_UNWANTED, "none of another");
	tap_is_int(iface_select_match(&sel, "", "eth0"), IFACE_NAMED, "our own namespace has no name");
	tap_is_int(iface_select_match(&sel, "c", "eth0"), IFACE_UNWANTED, "others have");
	tap_ok(iface_select_has_netns(&sel, "b") && iface_select_has_netns(&sel, ""), "namespaces that names say");
	tap_ok(!iface_select_has_netns(&sel, "c"), "and one that they do not");
	choose("eth0", NULL);
	tap_ok(!iface_select_has_netns(&sel, "") && !iface_select_has_netns(&sel, "eth0"), "a plain name says none");
	choose("net:4026532345/eth0", NULL);
	tap_is_int(iface_select_match(&sel, "net:4026532345", "eth0"), IFACE_NAMED, "a number for a name");
}

int main(void)
{
	test_all();
	test_names();
	test_namespaces();
	iface_select_fini(&sel);
	return tap_done();
}
