/* SPDX-License-Identifier: BSD-2-Clause */
/* What the maker of the recorded records and their replay have in common: the file's form and its interfaces.
 *
 * The file: for each record a u32 with its length, the record, zeros up to a multiple of 4. Host byte order.
 */
#ifndef PIDTAP_TESTS_GOLDEN_H
#define PIDTAP_TESTS_GOLDEN_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define GOLDEN_NETNS 4026531840u /* PROC_NET_INIT_INO, include/linux/proc_ns.h: the initial namespace's */
#define GOLDEN_RECORD_MAX 65536

/* ifindex */
#define GOLDEN_LO 1
#define GOLDEN_ETH 2
#define GOLDEN_TUN 5
#define GOLDEN_ODD 9

static const struct golden_iface {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool l3;
} golden_ifaces[] = {
	{GOLDEN_LO, "lo", false},
	{GOLDEN_ETH, "eth0", false},
	{GOLDEN_TUN, "tun0", true},
	{GOLDEN_ODD, "\x01odd\\", false}, /* the kernel forbids only '/', ':' and white space */
};
#define GOLDEN_IFACE_CNT (sizeof(golden_ifaces) / sizeof(golden_ifaces[0]))

#endif
