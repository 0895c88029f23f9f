/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/sockdiag.h"
#include "source/netlink.h"
#include "source/procnet.h"
#include "base/log.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A dump that the kernel says was not consistent is asked for again, so often. */
#define TRIES 3

/* TCP_ESTABLISHED .. TCP_CLOSING, bit by number. From 6.8 on a bit above lists those that are bound only. */
#define ALL_STATES ((1U << (TCP_CLOSING + 1)) - 2)

#define STAT_MAX_BYTES 4096

static const struct table {
	const char *path; /* what says the same */
	uint8_t family;	  /* AF_UNSPEC: sock_diag does not know them */
	uint8_t proto;
	const char *stat, *in_use; /* what counts them; NULL: asking costs no more than that */
} tables[] = {
	{"/proc/net/tcp", AF_INET, IPPROTO_TCP, "/proc/net/sockstat", "TCP: inuse "},
	{"/proc/net/tcp6", AF_INET6, IPPROTO_TCP, "/proc/net/sockstat6", "TCP6: inuse "},
	{"/proc/net/udp", AF_INET, IPPROTO_UDP},
	{"/proc/net/udp6", AF_INET6, IPPROTO_UDP},
	{"/proc/net/icmp", AF_UNSPEC, IPPROTO_ICMP},
	{"/proc/net/icmp6", AF_UNSPEC, IPPROTO_ICMPV6},
};

struct dump {
	const struct table *table;
	uint32_t netns;
	struct socks *out;
};

static void read_addr(uint8_t family, const __be32 from[4], uint8_t to[16])
{
	if (family == AF_INET6) {
		memcpy(to, from, 16);
	} else if (from[0]) {
		to[10] = to[11] = 0xff;
		memcpy(to + 12, from, 4);
	}
}

/* Told of listening and unconnected ones (4.3+, net/ipv4/inet_diag.c). Where it is not, as in procnet.h. */
static bool is_v6only(const struct nlmsghdr *msg, uint8_t state)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct inet_diag_msg))
		if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY && mnl_attr_get_payload_len(attr) >= 1)
			return mnl_attr_get_u8(attr);
	return state == TCP_LISTEN || state == TCP_CLOSE;
}

bool sockdiag_read(const struct nlmsghdr *msg, uint8_t proto, uint32_t netns, struct sock_seen *out)
{
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(msg);

	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*diag))
		return false;
	if (diag->idiag_family != AF_INET && diag->idiag_family != AF_INET6)
		return false;
	if (!diag->id.idiag_sport || (proto == IPPROTO_TCP && diag->idiag_state == TCP_CLOSE))
		return false;
	read_addr(diag->idiag_family, diag->id.idiag_src, out->key.laddr);
	read_addr(diag->idiag_family, diag->id.idiag_dst, out->key.raddr);
	out->key.netns = netns;
	out->key.lport = ntohs(diag->id.idiag_sport);
	out->key.rport = ntohs(diag->id.idiag_dport);
	out->key.proto = proto;
	out->ino = diag->idiag_inode;
	out->state = diag->idiag_state;
	if (diag->idiag_family == AF_INET6)
		out->flags = is_v6only(msg, out->state) ? EV_OWN_V6 | EV_OWN_V6ONLY : EV_OWN_V6;
	return true;
}

static int on_sock(const struct nlmsghdr *msg, void *ctx)
{
	const struct dump *d = ctx;
	struct sock_seen one;

	if (!sockdiag_read(msg, d->table->proto, d->netns, &one))
		return MNL_CB_OK;
	if (!socks_add(d->out, &one))
		return MNL_CB_OK;
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

/* A socket of its own each time: what is left of an interrupted dump must not be read as the next one's. */
static int ask_once(const struct dump *d)
{
	char buf[NETLINK_BUF_SIZE];
	struct inet_diag_req_v2 *req;
	struct nlmsghdr *msg;
	struct netlink nl;
	int err = netlink_open_diag(&nl);

	if (err)
		return err;
	msg = netlink_request(&nl, buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
	req->sdiag_family = d->table->family;
	req->sdiag_protocol = d->table->proto;
	req->idiag_states = ALL_STATES;
	err = netlink_talk(&nl, msg, on_sock, (void *)d);
	netlink_close(&nl);
	return err;
}

/* -EINTR is libmnl's word for NLM_F_DUMP_INTR. The last try counts whatever it was: the kernel lists what it could. */
static int ask(const struct dump *d)
{
	size_t before = d->out->cnt;
	int err = -EINTR;

	for (int i = 0; i < TRIES && err == -EINTR; i++) {
		d->out->cnt = before;
		err = ask_once(d);
	}
	if (err && err != -EINTR)
		d->out->cnt = before;
	return err == -EINTR ? 0 : err;
}

/* To list a namespace's TCP sockets the kernel goes through those of all: 160 us for an empty table. Not counted are those in
 * TIME_WAIT, which are nobody's. */
static bool is_idle(const struct sysroot *root, const struct table *t)
{
	const char *count;
	unsigned int n = 1;
	char *text;

	if (!t->stat || sysroot_read(root, t->stat, STAT_MAX_BYTES, &text, NULL))
		return false;
	count = strstr(text, t->in_use);
	if (count)
		sscanf(count + strlen(t->in_use), "%u", &n);
	free(text);
	return !n;
}

static int list_table(const struct sysroot *root, const struct dump *d)
{
	int err = -EOPNOTSUPP;

	if (!*root->prefix && is_idle(root, d->table))
		return 0;
	if (d->table->family != AF_UNSPEC && !*root->prefix)
		err = ask(d);
	if (err && err != -ENOMEM)
		err = procnet_read(root, d->table->path, d->table->proto, d->netns, d->out);
	if (err && err != -ENOMEM && err != -ENOENT)
		log_warn("cannot read %s: %s; its sockets are known once they act", d->table->path, strerror(-err));
	return err == -ENOMEM ? err : 0;
}

int sockdiag_list(const struct sysroot *root, uint32_t netns, struct socks *out)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(tables) / sizeof(*tables); i++)
		err = list_table(root, &(struct dump){&tables[i], netns, out});
	return err;
}
