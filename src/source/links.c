/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/links.h"
#include "source/netlink.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct links {
	struct netlink ask;
	struct netlink hear;
};

struct walk {
	links_cb cb;
	links_removal_cb removal_cb;
	void *ctx;
	int err;
};

/* At tc, what these devices carry begins with the IP header: their drivers put headers of their own on later, or none. */
static bool is_l3(uint16_t type)
{
	switch (type) {
	case ARPHRD_NONE:    /* tun, wireguard */
	case ARPHRD_RAWIP:   /* rmnet, qmi_wwan raw-ip */
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:  /* ipip */
	case ARPHRD_TUNNEL6: /* ip6tnl */
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return true;
	}
	return false;
}

static int read_link(const struct nlmsghdr *msg, struct link *link)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct nlattr *attr;

	if (msg->nlmsg_type != RTM_NEWLINK && msg->nlmsg_type != RTM_DELLINK)
		return -ENOMSG;
	if (info->ifi_family != AF_UNSPEC)
		return -ENOMSG; /* a bridge tells of its ports too: not of links */
	memset(link, 0, sizeof(*link));
	link->ifindex = (uint32_t)info->ifi_index;
	link->l3 = is_l3(info->ifi_type);
	link->known = link->l3 || info->ifi_type == ARPHRD_ETHER || info->ifi_type == ARPHRD_LOOPBACK;
	link->gone = msg->nlmsg_type == RTM_DELLINK;
	mnl_attr_for_each(attr, msg, sizeof(*info))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attr));
	return link->name[0] ? 0 : -ENOMSG;
}

static int read_removal(const struct nlmsghdr *msg, struct links_removal *removal)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);

	if (msg->nlmsg_type != RTM_DELTFILTER && msg->nlmsg_type != RTM_DELQDISC)
		return -ENOMSG;
	removal->ifindex = (uint32_t)tc->tcm_ifindex;
	removal->by = msg->nlmsg_pid;
	removal->clsact = msg->nlmsg_type == RTM_DELQDISC && tc->tcm_parent == TC_H_INGRESS;
	return 0;
}

static int on_message(const struct nlmsghdr *msg, void *arg)
{
	struct walk *walk = arg;
	struct links_removal removal;
	struct link link;

	if (walk->err)
		return MNL_CB_OK;
	if (!read_link(msg, &link))
		walk->err = walk->cb(walk->ctx, &link);
	else if (walk->removal_cb && !read_removal(msg, &removal))
		walk->err = walk->removal_cb(walk->ctx, &removal);
	return MNL_CB_OK;
}

int links_open(struct links **out)
{
	struct links *l = calloc(1, sizeof(*l));
	int err = l ? 0 : -ENOMEM;

	if (!err)
		err = netlink_open(&l->hear, RTMGRP_LINK | RTMGRP_TC);
	if (!err)
		err = netlink_open(&l->ask, 0);
	if (err) {
		links_close(l);
		return err;
	}
	*out = l;
	return 0;
}

void links_close(struct links *l)
{
	if (!l)
		return;
	netlink_close(&l->ask);
	netlink_close(&l->hear);
	free(l);
}

int links_fd(const struct links *l)
{
	return mnl_socket_get_fd(l->hear.sock);
}

int links_list(struct links *l, links_cb cb, void *ctx)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(&l->ask, buf, RTM_GETLINK, NLM_F_DUMP);
	struct walk walk = {cb, NULL, ctx, 0};
	int err;

	mnl_nlmsg_put_extra_header(req, sizeof(struct ifinfomsg));
	err = netlink_talk(&l->ask, req, on_message, &walk);
	return err ? err : walk.err;
}

int links_changes(struct links *l, links_cb cb, links_removal_cb removal_cb, void *ctx)
{
	char buf[32768];
	struct walk walk = {cb, removal_cb, ctx, 0};

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(l->hear.sock, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? walk.err : -errno;
		mnl_cb_run(buf, (size_t)n, 0, 0, on_message, &walk);
	}
}
