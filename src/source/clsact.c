/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/clsact.h"
#include "source/filter_name.h"
#include "source/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where tc's own numbering begins for filters without a priority (net/sched/cls_api.c, tcf_auto_prio): 0xC000. */
#define FIRST_PRIO 0xC000

#define PARENT_CLSACT_IN TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define PARENT_CLSACT_OUT TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)
#define PARENT_INGRESS TC_H_MAKE(TC_H_INGRESS, 0)

enum qdisc_kind { QDISC_NONE, QDISC_CLSACT, QDISC_INGRESS };

struct clsact {
	struct netlink nl;
};

/* One filter as a dump shows it. */
struct filter {
	uint32_t parent;
	uint32_t handle;
	uint16_t prio;
	bool bpf_all; /* a BPF filter for all protocols: ours can share its priority */
	char name[FILTER_NAME_MAX]; /* "" where it is no BPF filter or has none */
};

struct filter_list {
	uint32_t ifindex;
	struct filter *all;
	size_t cnt;
	int err;
};

int clsact_open(struct clsact **out)
{
	struct clsact *c = calloc(1, sizeof(*c));
	int err = c ? netlink_open(&c->nl, 0) : -ENOMEM;

	if (err) {
		free(c);
		return err;
	}
	*out = c;
	return 0;
}

void clsact_close(struct clsact *c)
{
	if (!c)
		return;
	netlink_close(&c->nl);
	free(c);
}

static struct tcmsg *put_tcmsg(struct nlmsghdr *req, uint32_t ifindex, uint32_t parent, uint32_t handle, uint32_t info)
{
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(req, sizeof(*tc));

	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = parent;
	tc->tcm_handle = handle;
	tc->tcm_info = info;
	return tc;
}

/* --- the qdisc --- */

struct qdisc_query {
	uint32_t ifindex;
	enum qdisc_kind kind;
};

static int on_qdisc(const struct nlmsghdr *msg, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	struct qdisc_query *query = arg;
	struct nlattr *attr;

	/* Old kernels dump all interfaces whatever was asked. */
	if ((uint32_t)tc->tcm_ifindex != query->ifindex || tc->tcm_parent != TC_H_INGRESS)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, msg, sizeof(*tc)) {
		if (mnl_attr_get_type(attr) != TCA_KIND)
			continue;
		query->kind = strcmp(mnl_attr_get_str(attr), "clsact") ? QDISC_INGRESS : QDISC_CLSACT;
	}
	return MNL_CB_OK;
}

static int find_qdisc(struct clsact *c, uint32_t ifindex, enum qdisc_kind *kind)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(&c->nl, buf, RTM_GETQDISC, NLM_F_DUMP);
	struct qdisc_query query = {ifindex, QDISC_NONE};
	int err;

	put_tcmsg(req, ifindex, 0, 0, 0);
	err = netlink_talk(&c->nl, req, on_qdisc, &query);
	if (!err)
		*kind = query.kind;
	return err;
}

static int change_qdisc(struct clsact *c, uint32_t ifindex, uint16_t type, uint16_t flags)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(&c->nl, buf, type, flags);

	put_tcmsg(req, ifindex, TC_H_CLSACT, TC_H_MAKE(TC_H_CLSACT, 0), 0);
	mnl_attr_put_strz(req, TCA_KIND, "clsact");
	return netlink_talk(&c->nl, req, NULL, NULL);
}

/* --- filters --- */

static void read_bpf_name(const struct nlattr *options, char *name, size_t size)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, options)
		if (mnl_attr_get_type(attr) == TCA_BPF_NAME)
			snprintf(name, size, "%s", mnl_attr_get_str(attr));
}

static int on_filter(const struct nlmsghdr *msg, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	struct filter_list *list = arg;
	struct nlattr *attr, *options = NULL;
	struct filter *grown, *f;
	bool bpf = false;

	if ((uint32_t)tc->tcm_ifindex != list->ifindex || list->err)
		return MNL_CB_OK;
	grown = realloc(list->all, (list->cnt + 1) * sizeof(*grown));
	if (!grown) {
		list->err = -ENOMEM;
		return MNL_CB_OK;
	}
	list->all = grown;
	f = &grown[list->cnt++];
	memset(f, 0, sizeof(*f));
	f->parent = tc->tcm_parent;
	f->handle = tc->tcm_handle;
	f->prio = (uint16_t)(tc->tcm_info >> 16);
	mnl_attr_for_each(attr, msg, sizeof(*tc)) {
		if (mnl_attr_get_type(attr) == TCA_KIND)
			bpf = !strcmp(mnl_attr_get_str(attr), "bpf");
		if (mnl_attr_get_type(attr) == TCA_OPTIONS)
			options = attr;
	}
	f->bpf_all = bpf && (tc->tcm_info & 0xffff) == htons(ETH_P_ALL);
	if (bpf && options)
		read_bpf_name(options, f->name, sizeof(f->name));
	return MNL_CB_OK;
}

/* The filters of one parent; -EINVAL where the parent does not exist. The caller frees list->all. */
static int list_filters(struct clsact *c, uint32_t ifindex, uint32_t parent, struct filter_list *list)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(&c->nl, buf, RTM_GETTFILTER, NLM_F_DUMP);
	int err;

	memset(list, 0, sizeof(*list));
	list->ifindex = ifindex;
	put_tcmsg(req, ifindex, parent, 0, 0);
	err = netlink_talk(&c->nl, req, on_filter, list);
	if (!err)
		err = list->err;
	if (err) {
		free(list->all);
		list->all = NULL;
		list->cnt = 0;
	}
	return err;
}

/* Does a filter hold this priority that ours cannot share it with? */
static bool prio_taken(const struct filter_list *list, uint16_t prio)
{
	for (size_t i = 0; i < list->cnt; i++)
		if (list->all[i].prio == prio && !list->all[i].bpf_all)
			return true;
	return false;
}

/* Before all others if that can be; sets *behind where it cannot. */
static uint16_t choose_prio(const struct filter_list *list, bool *behind)
{
	uint16_t prio = FIRST_PRIO + 1;

	for (size_t i = 0; i < list->cnt; i++)
		if (list->all[i].prio && list->all[i].prio < prio)
			prio = list->all[i].prio;
	if (prio > 1)
		return prio - 1;
	*behind = prio_taken(list, prio);
	while (prio_taken(list, prio) && prio < UINT16_MAX)
		prio++;
	return prio;
}

/* Did a pidtap that still runs make this qdisc? Then whoever of us goes last removes it. */
static bool made_by_another(const struct filter_list *list)
{
	for (size_t i = 0; i < list->cnt; i++)
		if (filter_name_made_qdisc(list->all[i].name))
			return true;
	return false;
}

static int delete_filter(struct clsact *c, uint32_t ifindex, uint32_t parent, uint16_t prio, uint32_t handle)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(&c->nl, buf, RTM_DELTFILTER, 0);

	put_tcmsg(req, ifindex, parent, handle, TC_H_MAKE((uint32_t)prio << 16, htons(ETH_P_ALL)));
	mnl_attr_put_strz(req, TCA_KIND, "bpf");
	return netlink_talk(&c->nl, req, NULL, NULL);
}

/* The kernel chooses the handle; a dump tells it. */
static int find_handle(struct clsact *c, uint32_t ifindex, uint32_t parent, const char *name, uint32_t *handle)
{
	struct filter_list list;
	int err = list_filters(c, ifindex, parent, &list);

	if (err)
		return err;
	err = -ENOENT;
	for (size_t i = 0; i < list.cnt; i++) {
		if (strcmp(list.all[i].name, name) || !list.all[i].handle)
			continue;
		*handle = list.all[i].handle;
		err = 0;
	}
	free(list.all);
	return err;
}

static int add_filter(struct clsact *c, uint32_t ifindex, uint32_t parent, int prog_fd, const char *name, uint16_t *prio,
	uint32_t *handle, bool *behind)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct filter_list list;
	struct nlattr *options;
	struct nlmsghdr *req;
	int err = list_filters(c, ifindex, parent, &list);

	if (err)
		return err;
	*prio = choose_prio(&list, behind);
	free(list.all);
	req = netlink_request(&c->nl, buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
	put_tcmsg(req, ifindex, parent, 0, TC_H_MAKE((uint32_t)*prio << 16, htons(ETH_P_ALL)));
	mnl_attr_put_strz(req, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(req, TCA_OPTIONS);
	mnl_attr_put_u32(req, TCA_BPF_FD, (uint32_t)prog_fd);
	mnl_attr_put_strz(req, TCA_BPF_NAME, name);
	mnl_attr_nest_end(req, options);
	err = netlink_talk(&c->nl, req, NULL, NULL);
	return err ? err : find_handle(c, ifindex, parent, name, handle);
}

/* --- both together --- */

/* Makes the qdisc where there is none, and finds out whose it is. */
static int prepare_qdisc(struct clsact *c, struct clsact_attachment *a, uint32_t *parent_in)
{
	enum qdisc_kind kind;
	struct filter_list in;
	int err = find_qdisc(c, a->ifindex, &kind);

	if (err)
		return err;
	a->egress = kind != QDISC_INGRESS;
	*parent_in = a->egress ? PARENT_CLSACT_IN : PARENT_INGRESS;
	if (kind == QDISC_NONE) {
		a->made_qdisc = true;
		return change_qdisc(c, a->ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	}
	err = list_filters(c, a->ifindex, *parent_in, &in);
	if (!err)
		a->made_qdisc = made_by_another(&in);
	free(in.all);
	return err;
}

int clsact_attach(struct clsact *c, uint32_t ifindex, int ingress_fd, int egress_fd, struct clsact_attachment *out)
{
	struct clsact_attachment a = {.ifindex = ifindex};
	char name[FILTER_NAME_MAX];
	uint32_t parent_in;
	int err = prepare_qdisc(c, &a, &parent_in);

	if (err)
		return err;
	filter_name_make(name, a.made_qdisc);
	err = add_filter(c, ifindex, parent_in, ingress_fd, name, &a.prio_in, &a.handle_in, &a.behind);
	if (!err && a.egress)
		err = add_filter(c, ifindex, PARENT_CLSACT_OUT, egress_fd, name, &a.prio_out, &a.handle_out,
			&a.behind);
	if (err) {
		clsact_detach(c, &a);
		return err;
	}
	*out = a;
	return 0;
}

/* Removes a clsact that a pidtap made, unless somebody's filter still hangs on it. */
static void drop_qdisc_if_empty(struct clsact *c, uint32_t ifindex)
{
	struct filter_list in, out;

	if (list_filters(c, ifindex, PARENT_CLSACT_IN, &in))
		return;
	if (!in.cnt && !list_filters(c, ifindex, PARENT_CLSACT_OUT, &out)) {
		if (!out.cnt)
			change_qdisc(c, ifindex, RTM_DELQDISC, 0);
		free(out.all);
	}
	free(in.all);
}

void clsact_detach(struct clsact *c, const struct clsact_attachment *a)
{
	if (a->handle_out)
		delete_filter(c, a->ifindex, PARENT_CLSACT_OUT, a->prio_out, a->handle_out);
	if (a->handle_in)
		delete_filter(c, a->ifindex, a->egress ? PARENT_CLSACT_IN : PARENT_INGRESS, a->prio_in, a->handle_in);
	if (a->made_qdisc)
		drop_qdisc_if_empty(c, a->ifindex);
}

static int clean_parent(struct clsact *c, uint32_t ifindex, uint32_t parent, bool *made)
{
	struct filter_list list;
	int cleaned = 0, err = list_filters(c, ifindex, parent, &list);

	if (err)
		return err;
	for (size_t i = 0; i < list.cnt; i++) {
		const struct filter *f = &list.all[i];

		if (!f->handle || !filter_name_is_stale(f->name))
			continue;
		*made |= filter_name_made_qdisc(f->name);
		if (!delete_filter(c, ifindex, parent, f->prio, f->handle))
			cleaned++;
	}
	free(list.all);
	return cleaned;
}

int clsact_clean_stale(struct clsact *c, uint32_t ifindex)
{
	enum qdisc_kind kind;
	bool made = false;
	int in, out = 0, err = find_qdisc(c, ifindex, &kind);

	if (err || kind == QDISC_NONE)
		return err;
	in = clean_parent(c, ifindex, kind == QDISC_CLSACT ? PARENT_CLSACT_IN : PARENT_INGRESS, &made);
	if (kind == QDISC_CLSACT)
		out = clean_parent(c, ifindex, PARENT_CLSACT_OUT, &made);
	if (made)
		drop_qdisc_if_empty(c, ifindex);
	return in < 0 ? in : out < 0 ? out : in + out;
}
