/* SPDX-License-Identifier: BSD-2-Clause */
/* The sender's packets are small; the receiver's device joins them before pidtap sees them. */
#include "tests/matrix/lib_net.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BYTES 1000000

static void offload(uint32_t command, bool on)
{
	struct ethtool_value value = {command, on};
	struct ifreq req = {.ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "veth0");
	if (ioctl(fd, SIOCETHTOOL, &req))
		fail("SIOCETHTOOL %u", command);
	close(fd);
}

static void sends_small(struct scene *s)
{
	(void)s;
	offload(ETHTOOL_STSO, false);
	offload(ETHTOOL_SGSO, false);
}

static void joins(struct scene *s)
{
	(void)s;
	offload(ETHTOOL_SGRO, true);
}

static const char *lacks(void)
{
	return net_is_linux(5, 13) ? NULL : "GRO on veth devices (5.13)";
}

static void setup(void)
{
	struct scene s = {.name = "setup"};

	spawn(&s, "setup", "b", sends_small);
	spawn(&s, "setup", "a", joins);
	reap_all(&s);
}

static void run(struct scene *s)
{
	net_tcp(s, BYTES);
}

SCENARIO(.name = "gro-tcp", .about = "much data, joined by the receiving device", .options = "-s 128", .passes = AT_SERVER, .setup = setup,
	.sees = {"\\(veth0, .*, in, .*length [23456]\\d{4}$"}, .lacks = lacks,
	.run = run);
