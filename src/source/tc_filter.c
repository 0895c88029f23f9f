/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/tc_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where tc's own numbering begins for filters without a priority (net/sched/cls_api.c, tcf_auto_prio): 0xC000. */
#define FIRST_PRIO 0xC000

void tc_put(struct nlmsghdr *req, uint32_t ifindex, uint32_t parent, uint32_t handle, uint32_t info)
{
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(req, sizeof(*tc));

	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = parent;
	tc->tcm_handle = handle;
	tc->tcm_info = info;
}

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
	struct tc_filter_list *list = arg;
	struct nlattr *attr, *options = NULL;
	struct tc_filter *grown, *f;
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

int tc_list_filters(struct netlink *nl, uint32_t ifindex, uint32_t parent, struct tc_filter_list *list)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(nl, buf, RTM_GETTFILTER, NLM_F_DUMP);
	int err;

	memset(list, 0, sizeof(*list));
	list->ifindex = ifindex;
	tc_put(req, ifindex, parent, 0, 0);
	err = netlink_talk(nl, req, on_filter, list);
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
static bool prio_taken(const struct tc_filter_list *list, uint16_t prio)
{
	for (size_t i = 0; i < list->cnt; i++)
		if (list->all[i].prio == prio && !list->all[i].bpf_all)
			return true;
	return false;
}

static uint16_t choose_prio(const struct tc_filter_list *list, bool *behind)
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

int tc_delete_filter(struct netlink *nl, uint32_t ifindex, uint32_t parent, uint16_t prio, uint32_t handle)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(nl, buf, RTM_DELTFILTER, 0);

	tc_put(req, ifindex, parent, handle, TC_H_MAKE((uint32_t)prio << 16, htons(ETH_P_ALL)));
	mnl_attr_put_strz(req, TCA_KIND, "bpf");
	return netlink_talk(nl, req, NULL, NULL);
}

/* The kernel chooses the handle; a dump tells it. */
int tc_find_handle(struct netlink *nl, uint32_t ifindex, uint32_t parent, const char *name, uint32_t *handle)
{
	struct tc_filter_list list;
	int err = tc_list_filters(nl, ifindex, parent, &list);

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

int tc_add_filter(struct netlink *nl, uint32_t ifindex, uint32_t parent, int prog_fd, const char *name, uint16_t *prio,
	uint32_t *handle, bool *behind)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct tc_filter_list list;
	struct nlattr *options;
	struct nlmsghdr *req;
	int err = tc_list_filters(nl, ifindex, parent, &list);

	if (err)
		return err;
	*prio = choose_prio(&list, behind);
	free(list.all);
	req = netlink_request(nl, buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
	tc_put(req, ifindex, parent, 0, TC_H_MAKE((uint32_t)*prio << 16, htons(ETH_P_ALL)));
	mnl_attr_put_strz(req, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(req, TCA_OPTIONS);
	mnl_attr_put_u32(req, TCA_BPF_FD, (uint32_t)prog_fd);
	mnl_attr_put_strz(req, TCA_BPF_NAME, name);
	mnl_attr_nest_end(req, options);
	err = netlink_talk(nl, req, NULL, NULL);
	return err ? err : tc_find_handle(nl, ifindex, parent, name, handle);
}
