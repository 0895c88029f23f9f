/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

static int open_bus(struct netlink *nl, int bus, uint32_t groups)
{
	memset(nl, 0, sizeof(*nl));
	nl->sock = mnl_socket_open2(bus, SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0));
	if (!nl->sock)
		return -errno;
	if (mnl_socket_bind(nl->sock, groups, MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;

		netlink_close(nl);
		return err;
	}
	nl->portid = mnl_socket_get_portid(nl->sock);
	return 0;
}

int netlink_open(struct netlink *nl, uint32_t groups)
{
	return open_bus(nl, NETLINK_ROUTE, groups);
}

int netlink_open_diag(struct netlink *nl)
{
	int err = open_bus(nl, NETLINK_SOCK_DIAG, 0);

	nl->whole = !err;
	return err;
}

void netlink_close(struct netlink *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

struct nlmsghdr *netlink_request(struct netlink *nl, void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);

	req->nlmsg_type = type;
	req->nlmsg_flags = NLM_F_REQUEST | flags;
	req->nlmsg_seq = ++nl->seq;
	return req;
}

/* A table that changed while it was dumped: an error for libmnl, which would leave the rest unread. */
static void forgive_interrupts(void *buf, int len)
{
	for (struct nlmsghdr *msg = buf; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len))
		msg->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
}

static int fail_with(int err)
{
	errno = err < 0 ? -err : err;
	return err ? MNL_CB_ERROR : MNL_CB_STOP;
}

/* The acknowledgement, or what was wrong with the request. */
static int on_error(const struct nlmsghdr *msg, void *arg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);

	(void)arg;
	return fail_with(mnl_nlmsg_get_payload_len(msg) < sizeof(*err) ? EBADMSG : err->error);
}

/* A dump that failed on its way says so at its end (netlink_dump, net/netlink/af_netlink.c); libmnl would not look. */
static int on_done(const struct nlmsghdr *msg, void *arg)
{
	int32_t err = 0;

	(void)arg;
	if (mnl_nlmsg_get_payload_len(msg) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(msg), sizeof(err));
	return fail_with(err);
}

int netlink_talk(struct netlink *nl, struct nlmsghdr *req, mnl_cb_t cb, void *arg)
{
	static mnl_cb_t control[] = {[NLMSG_ERROR] = on_error, [NLMSG_DONE] = on_done};
	char buf[32768]; /* MNL_SOCKET_DUMP_SIZE, which is no constant everywhere */
	int more = MNL_CB_OK;

	if ((req->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) /* two bits; one of them is NLM_F_EXCL */
		req->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl->sock, req, req->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!nl->whole)
			forgive_interrupts(buf, (int)n);
		more = mnl_cb_run2(buf, (size_t)n, req->nlmsg_seq, nl->portid, cb, arg, control,
			sizeof(control) / sizeof(*control));
	}
	return more < 0 ? -errno : 0;
}
