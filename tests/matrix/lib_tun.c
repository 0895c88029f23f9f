/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/lib_tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>

const char *tun_lacks(void)
{
	return net_can("tuntap add dev tun0 mode tun") ? NULL : "CONFIG_TUN";
}

void tun_add(const char *ns, int number)
{
	sh("ip -n %s tuntap add dev tun%d mode tun", ns_name(ns), number);
}

void tun_addr(const char *ns, int number, int net, int host)
{
	char dev[IFNAMSIZ];

	snprintf(dev, sizeof(dev), "tun%d", number);
	net_addr(ns, dev, net, host);
}

int tun_open(int number)
{
	struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "tun%d", number);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req))
		fail("/dev/net/tun: %s", req.ifr_name);
	return fd;
}
