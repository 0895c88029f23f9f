/* SPDX-License-Identifier: BSD-2-Clause */
/* tc filters on one interface: listed, added, removed, by rtnetlink. Which are whose, clsact.h decides. */
#ifndef PIDTAP_SOURCE_TC_FILTER_H
#define PIDTAP_SOURCE_TC_FILTER_H

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/filter_name.h"
#include "source/netlink.h"

/* Where filters hang. */
#define TC_PARENT_CLSACT_IN TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define TC_PARENT_CLSACT_OUT TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)
#define TC_PARENT_INGRESS TC_H_MAKE(TC_H_INGRESS, 0)

/* One filter as a dump shows it. */
struct tc_filter {
	uint32_t parent;
	uint32_t handle;
	uint16_t prio;
	bool bpf_all; /* a BPF filter for all protocols: ours can share its priority */
	char name[FILTER_NAME_MAX]; /* "" where it is no BPF filter or has none */
};

struct tc_filter_list {
	uint32_t ifindex;
	struct tc_filter *all;
	size_t cnt;
	int err;
};

/* The header of a request about qdiscs or filters; `info` is a filter's priority and protocol. */
void tc_put(struct nlmsghdr *req, uint32_t ifindex, uint32_t parent, uint32_t handle, uint32_t info);

/* The filters of one parent; -EINVAL where the parent does not exist. The caller frees list->all. */
int tc_list_filters(struct netlink *nl, uint32_t ifindex, uint32_t parent, struct tc_filter_list *list);

/* The handle of the filter of this name. -ENOENT: there is none; or what tc_list_filters returns. */
int tc_find_handle(struct netlink *nl, uint32_t ifindex, uint32_t parent, const char *name, uint32_t *handle);

/* Hangs a BPF program there, before all other filters if that can be; sets *behind where it cannot. 0 or negative errno. */
int tc_add_filter(struct netlink *nl, uint32_t ifindex, uint32_t parent, int prog_fd, const char *name, uint16_t *prio,
	uint32_t *handle, bool *behind);
int tc_delete_filter(struct netlink *nl, uint32_t ifindex, uint32_t parent, uint16_t prio, uint32_t handle);

#endif
