/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/iface.c */
#include "model/iface.h"
#include "tap.h"

static void test_find(void)
{
	struct iface_table *t = iface_table_new();
	struct iface *lo, *eth, *other;

	tap_ok(!iface_find(t, 1, 1) && !iface_at(t, 0) && !iface_count(t), "an empty table");
	lo = iface_add(t, 1, 1, "lo", false);
	eth = iface_add(t, 1, 2, "eth0", false);
	other = iface_add(t, 2, 1, "lo", false);
	tap_ok(iface_find(t, 1, 1) == lo && iface_find(t, 1, 2) == eth && iface_find(t, 2, 1) == other,
		"an interface is namespace and index");
	tap_ok(!iface_find(t, 2, 2) && !iface_find(t, 0, 1) && !iface_find(t, 1, 0),
		"all others are unknown");
	tap_ok(lo->id == 0 && eth->id == 1 && other->id == 2, "numbered as they came");
	tap_ok(iface_at(t, 0) == lo && iface_at(t, 2) == other && !iface_at(t, 3) && !iface_at(t, UINT32_MAX),
		"by number");
	tap_ok(eth->netns == 1 && eth->ifindex == 2 && !strcmp(eth->name, "eth0") && !eth->l3 && !eth->gone,
		"what it is");
	tap_ok(iface_add(t, 1, 2, "eth0", false) == eth && iface_count(t) == 3, "added twice it is one");
	iface_table_free(t);
	iface_table_free(NULL);
}

static void test_come_and_go(void)
{
	struct iface_table *t = iface_table_new();
	struct iface *tun = iface_add(t, 1, 5, "tun0", true), *next;

	tap_ok(tun->l3, "without link-layer header");
	tun->received = 7;
	tun->gone = true;
	tap_ok(iface_add(t, 1, 5, "tun0", true) == tun && !tun->gone && tun->received == 7,
		"the same came back");
	tun->gone = true;
	next = iface_add(t, 1, 5, "wg0", true);
	tap_ok(next != tun && next->id == 1, "another name with its index is another interface");
	tap_ok(iface_find(t, 1, 5) == next, "which the index now means");
	tap_ok(iface_at(t, 0) == tun && !strcmp(tun->name, "tun0") && tun->received == 7,
		"the old one is kept by its number");
	next = iface_add(t, 1, 5, "tun0", true);
	tap_ok(next->id == 2 && iface_count(t) == 3, "the old name again is a third");
	next = iface_add(t, 1, 6, "tap0", false);
	next->gone = true;
	tap_ok(iface_add(t, 1, 6, "tap0", true) != next,
		"the same name with another link layer is another interface");
	iface_table_free(t);
}

static void test_names(void)
{
	struct iface_table *t = iface_table_new();
	struct iface *longest = iface_add(t, 1, 1, "fifteen-letters", false);
	char other[IFACE_NAME_MAX];

	tap_is_str(longest->name, "fifteen-letters", "the longest name there is");
	tap_ok(iface_add(t, 1, 1, "fifteen-letters", false) == longest, "is recognised");
	memset(other, 'n', sizeof(other));
	strcpy(other + 255, "/fifteen-letters");
	longest = iface_add(t, 2, 1, other, false);
	tap_is_str(longest->name, other, "and the longest of another namespace");
	tap_ok(iface_add(t, 2, 1, other, false) == longest, "is recognised");
	tap_is_str(iface_add(t, 1, 2, "", false)->name, "", "none");
	iface_table_free(t);
}

static void test_many(void)
{
	struct iface_table *t = iface_table_new();
	struct iface *first = iface_add(t, 0, 0, "v0", false);
	size_t wrong = 0;
	char name[IF_NAMESIZE];

	for (uint32_t i = 1; i < 5000; i++) {
		snprintf(name, sizeof(name), "v%u", i);
		iface_add(t, i % 3, i, name, false)->received = i;
	}
	for (uint32_t i = 1; i < 5000; i++)
		wrong += iface_find(t, i % 3, i) != iface_at(t, i) || iface_at(t, i)->received != i;
	tap_is_int(wrong, 0, "thousands are all found");
	tap_ok(iface_at(t, 0) == first && !strcmp(first->name, "v0"), "they stay at their address");
	iface_table_free(t);
}

int main(void)
{
	test_find();
	test_come_and_go();
	test_names();
	test_many();
	return tap_done();
}
