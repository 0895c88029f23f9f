/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/owner.c */
#include "model/owner.h"
#include "tap.h"

static struct ev_owner_val full_value(void)
{
	struct ev_owner_val v;

	memset(&v, 0xff, sizeof(v));
	v.pid = 10;
	v.attr = EV_ATTR_EXACT;
	return v;
}

static void test_from_val(void)
{
	struct ev_owner_val v = full_value();
	struct owner o, zero;

	memset(&zero, 0, sizeof(zero));
	memset(&o, 0xff, sizeof(o));
	owner_from_val(&v, &o);
	tap_ok(o.pid == 10 && o.attr == EV_ATTR_EXACT && o.tid == UINT32_MAX && o.start_ns == UINT64_MAX,
		"numbers");
	tap_is_int(strlen(o.comm), EV_COMM_LEN - 1, "a name the kernel did not end is ended");
	tap_is_int(strlen(o.tcomm), EV_COMM_LEN - 1, "the thread's too");
	strcpy(v.comm, "sh");
	owner_from_val(&v, &o);
	tap_is_str(o.comm, "sh", "a short name");
	v.attr = EV_ATTR_CNT;
	owner_from_val(&v, &o);
	tap_is_int(o.attr, EV_ATTR_NONE, "an attribution there is not");
	v.attr = 256 + EV_ATTR_EXACT;
	owner_from_val(&v, &o);
	tap_is_int(o.attr, EV_ATTR_NONE, "one that would fit when cut to a byte");
	v = full_value();
	v.pid = 0;
	owner_from_val(&v, &o);
	tap_ok(!memcmp(&o, &zero, sizeof(o)), "without a pid it is nobody: all zero");
}

#define TICK 10000000ULL

static void test_same_process(void)
{
	struct owner a = {.pid = 10, .start_ns = 5 * TICK + 7, .tid = 10, .comm = "a"}, b = a;

	b.tid = 11;
	b.uid = 1;
	strcpy(b.comm, "b");
	tap_ok(owner_same_process(&a, &b), "another thread, name and user: the same process");
	b.start_ns = 5 * TICK;
	tap_ok(owner_same_process(&a, &b), "as /proc tells its start: the same process");
	b.start_ns = 6 * TICK;
	tap_ok(!owner_same_process(&a, &b), "a pid used again: another process");
	b = a;
	b.pid = 11;
	tap_ok(!owner_same_process(&a, &b), "another pid");
}

static void test_names(void)
{
	static const char *const words[] = {
		"none", "exact", "listener", "port", "icmp", "frag", "seed", "host"};

	for (uint8_t i = 0; i < EV_ATTR_CNT; i++)
		tap_is_str(owner_attr_name(i), words[i], "the word of attribution %u", i);
	tap_is_str(owner_attr_name(EV_ATTR_CNT), "none", "the first there is not");
	tap_is_str(owner_attr_name(255), "none", "the last there is not");
}

int main(void)
{
	test_from_val();
	test_same_process();
	test_names();
	return tap_done();
}
