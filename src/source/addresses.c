/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/addresses.h"
#include "source/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

struct addresses {
	struct netlink ask;
	struct netlink hear;
};

struct walk {
	addresses_cb cb;
	void *ctx;
	int err;
};

int addresses_open(struct addresses **out)
{
	struct addresses *a = calloc(1, sizeof(*a));
	int err = a ? 0 : -ENOMEM;

	if (!err)
		err = netlink_open(&a->hear, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (!err)
		err = netlink_open(&a->ask, 0);
	if (err) {
		addresses_close(a);
		return err;
	}
	*out = a;
	return 0;
}

void addresses_close(struct addresses *a)
{
	if (!a)
		return;
	netlink_close(&a->ask);
	netlink_close(&a->hear);
	free(a);
}

int addresses_fd(const struct addresses *a)
{
	return mnl_socket_get_fd(a->hear.sock);
}

/* false: not of this family's length. */
static bool read_addr(const struct nlattr *attr, uint8_t family, uint8_t addr[16])
{
	uint16_t len = mnl_attr_get_payload_len(attr);

	memset(addr, 0, 16);
	if (family == AF_INET6 && len == 16) {
		memcpy(addr, mnl_attr_get_payload(attr), 16);
		return true;
	}
	if (family != AF_INET || len != 4)
		return false;
	addr[10] = addr[11] = 0xff;
	memcpy(addr + 12, mnl_attr_get_payload(attr), 4);
	return true;
}

static void tell(struct walk *w, const struct ifaddrmsg *info, const struct nlattr *attr)
{
	uint8_t addr[16];

	if (attr && !w->err && read_addr(attr, info->ifa_family, addr))
		w->err = w->cb(w->ctx, info->ifa_index, addr);
}

/* IFA_ADDRESS is the other end's where the link has two ends and IFA_LOCAL is given (linux/if_addr.h). */
static int on_message(const struct nlmsghdr *msg, void *arg)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr, *own = NULL, *broadcast = NULL;

	if (msg->nlmsg_type != RTM_NEWADDR)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, msg, sizeof(*info)) {
		switch (mnl_attr_get_type(attr)) {
		case IFA_LOCAL:
			own = attr;
			break;
		case IFA_ADDRESS:
			own = own ? own : attr;
			break;
		case IFA_BROADCAST:
			broadcast = attr;
			break;
		}
	}
	tell(arg, info, own);
	tell(arg, info, broadcast);
	return MNL_CB_OK;
}

int addresses_list(struct addresses *a, addresses_cb cb, void *ctx)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(&a->ask, buf, RTM_GETADDR, NLM_F_DUMP);
	struct walk walk = {cb, ctx, 0};
	int err;

	mnl_nlmsg_put_extra_header(req, sizeof(struct ifaddrmsg));
	err = netlink_talk(&a->ask, req, on_message, &walk);
	return err ? err : walk.err;
}

/* An error, too, is news: the kernel had more to tell than it could keep. */
bool addresses_changed(struct addresses *a)
{
	bool changed = false;
	char buf[32768];

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(a->hear.sock, buf, sizeof(buf));

		if (n < 0 && errno == EAGAIN)
			return changed;
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return true;
		changed = true;
	}
}
