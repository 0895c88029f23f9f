/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/addresses.c src/source/netlink.c -lmnl */
/* What the kernel lists is what libc lists; tests/live/addresses.t has those that come and go. */
#include "source/addresses.h"
#include "tap.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#define MAX 1024

static struct {
	uint32_t ifindex;
	uint8_t addr[16];
} listed[MAX];
static size_t cnt;

static int take(void *ctx, uint32_t ifindex, const uint8_t addr[16])
{
	(void)ctx;
	if (cnt == MAX)
		return -ENOSPC;
	listed[cnt].ifindex = ifindex;
	memcpy(listed[cnt++].addr, addr, 16);
	return 0;
}

static int refuse(void *ctx, uint32_t ifindex, const uint8_t addr[16])
{
	(void)ifindex;
	(void)addr;
	++*(int *)ctx;
	return -ECANCELED;
}

/* Strikes it out. */
static bool was_listed(const char *ifname, const struct sockaddr *sa)
{
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};

	if (sa->sa_family == AF_INET)
		memcpy(addr + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	else
		memcpy(addr, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	for (size_t i = 0; i < cnt; i++) {
		if (listed[i].ifindex != if_nametoindex(ifname) || memcmp(listed[i].addr, addr, 16))
			continue;
		listed[i] = listed[--cnt];
		return true;
	}
	return false;
}

static bool is_ip(const struct sockaddr *sa)
{
	return sa && (sa->sa_family == AF_INET || sa->sa_family == AF_INET6);
}

int main(void)
{
	struct addresses *a = NULL;
	struct ifaddrs *all, *i;
	size_t missing = 0;
	int calls = 0;

	tap_is_int(addresses_open(&a), 0, "opened");
	tap_ok(addresses_fd(a) >= 0 && !addresses_changed(a), "nothing changed");
	tap_is_int(addresses_list(a, take, NULL), 0, "listed");
	if (getifaddrs(&all))
		return 1;
	for (i = all; i; i = i->ifa_next) {
		missing += is_ip(i->ifa_addr) && !was_listed(i->ifa_name, i->ifa_addr);
		if (i->ifa_flags & IFF_BROADCAST && is_ip(i->ifa_addr) && is_ip(i->ifa_broadaddr))
			was_listed(i->ifa_name, i->ifa_broadaddr); /* libc makes it up where it was not set */
	}
	freeifaddrs(all);
	tap_is_int(missing, 0, "all that libc lists");
	tap_is_int(cnt, 0, "and no other");
	tap_is_int(addresses_list(a, refuse, &calls), calls ? -ECANCELED : 0, "what the caller says is the answer");
	tap_ok(calls <= 1, "at once");
	cnt = 0;
	tap_is_int(addresses_list(a, take, NULL), 0, "and can be listed again");
	addresses_close(a);
	addresses_close(NULL);
	return tap_done();
}
