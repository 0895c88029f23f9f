/* SPDX-License-Identifier: BSD-2-Clause */
/* Which addresses are our own: what goes from or to another one is only passing through. */
#include "session_int.h"
#include "base/log.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

/* As in struct ev_key. false: no IP address. */
static bool read_addr(const struct sockaddr *sa, uint8_t addr[16])
{
	memset(addr, 0, 16);
	if (sa && sa->sa_family == AF_INET6) {
		memcpy(addr, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
		return true;
	}
	if (!sa || sa->sa_family != AF_INET)
		return false;
	addr[10] = addr[11] = 0xff;
	memcpy(addr + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	return true;
}

static int add(struct session *s, const char *ifname, const struct sockaddr *sa)
{
	uint8_t addr[16];

	return read_addr(sa, addr) ? addrs_add(s->addrs, s->netns, if_nametoindex(ifname), addr) : 0;
}

int session_read_addrs(struct session *s)
{
	struct ifaddrs *list, *i;
	int err = 0;

	if (getifaddrs(&list)) {
		err = -errno;
		log_err("cannot list the addresses of the interfaces: %s", strerror(-err));
		return err;
	}
	for (i = list; i && !err; i = i->ifa_next) {
		err = add(s, i->ifa_name, i->ifa_addr);
		if (!err && i->ifa_flags & IFF_BROADCAST)
			err = add(s, i->ifa_name, i->ifa_broadaddr);
	}
	freeifaddrs(list);
	if (err)
		log_err("out of memory");
	return err;
}
