/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/clsact.h"
#include "source/tc_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum qdisc_kind { QDISC_NONE, QDISC_CLSACT, QDISC_INGRESS };

struct clsact {
	struct netlink nl;
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

	tc_put(req, ifindex, 0, 0, 0);
	err = netlink_talk(&c->nl, req, on_qdisc, &query);
	if (!err)
		*kind = query.kind;
	return err;
}

static int change_qdisc(struct clsact *c, uint32_t ifindex, uint16_t type, uint16_t flags)
{
	uint8_t buf[NETLINK_BUF_SIZE];
	struct nlmsghdr *req = netlink_request(&c->nl, buf, type, flags);

	tc_put(req, ifindex, TC_H_CLSACT, TC_H_MAKE(TC_H_CLSACT, 0), 0);
	mnl_attr_put_strz(req, TCA_KIND, "clsact");
	return netlink_talk(&c->nl, req, NULL, NULL);
}

/* --- with its filters --- */

/* Did a pidtap that still runs make this qdisc? Then whoever of us goes last removes it. */
static bool made_by_another(const struct tc_filter_list *list)
{
	for (size_t i = 0; i < list->cnt; i++)
		if (filter_name_made_qdisc(list->all[i].name))
			return true;
	return false;
}

static uint32_t parent_in(const struct clsact_attachment *a)
{
	return a->egress ? TC_PARENT_CLSACT_IN : TC_PARENT_INGRESS;
}

/* Makes the qdisc where there is none, and finds out whose it is. */
static int prepare_qdisc(struct clsact *c, struct clsact_attachment *a)
{
	enum qdisc_kind kind;
	struct tc_filter_list in;
	int err = find_qdisc(c, a->ifindex, &kind);

	if (err)
		return err;
	a->egress = kind != QDISC_INGRESS;
	if (kind == QDISC_NONE) {
		a->made_qdisc = true;
		return change_qdisc(c, a->ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	}
	err = tc_list_filters(&c->nl, a->ifindex, parent_in(a), &in);
	if (!err)
		a->made_qdisc = made_by_another(&in);
	free(in.all);
	return err;
}

int clsact_attach(struct clsact *c, uint32_t ifindex, int ingress_fd, int egress_fd, struct clsact_attachment *out)
{
	struct clsact_attachment a = {.ifindex = ifindex};
	char name[FILTER_NAME_MAX];
	int err = prepare_qdisc(c, &a);

	if (err)
		return err;
	filter_name_make(name, a.made_qdisc);
	err = tc_add_filter(&c->nl, ifindex, parent_in(&a), ingress_fd, name, &a.prio_in, &a.handle_in, &a.behind);
	if (!err && a.egress)
		err = tc_add_filter(&c->nl, ifindex, TC_PARENT_CLSACT_OUT, egress_fd, name, &a.prio_out, &a.handle_out,
			&a.behind);
	if (err) {
		clsact_detach(c, &a);
		return err;
	}
	*out = a;
	return 0;
}

static bool is_there(struct clsact *c, uint32_t ifindex, uint32_t parent, const char *name, uint32_t handle)
{
	uint32_t found = 0;
	int err = tc_find_handle(&c->nl, ifindex, parent, name, &found);

	/* no filter, no qdisc, no interface; of anything else it is not known */
	return err ? err != -ENOENT && err != -EINVAL && err != -ENODEV : found == handle;
}

bool clsact_check(struct clsact *c, struct clsact_attachment *a)
{
	char name[FILTER_NAME_MAX];

	filter_name_make(name, a->made_qdisc);
	if (a->handle_in && !is_there(c, a->ifindex, parent_in(a), name, a->handle_in))
		a->handle_in = 0;
	if (a->handle_out && !is_there(c, a->ifindex, TC_PARENT_CLSACT_OUT, name, a->handle_out))
		a->handle_out = 0;
	return a->handle_in && (a->handle_out || !a->egress);
}

uint32_t clsact_port(const struct clsact *c)
{
	return c->nl.portid;
}

/* Removes a clsact that a pidtap made, unless somebody's filter still hangs on it. */
static void drop_qdisc_if_empty(struct clsact *c, uint32_t ifindex)
{
	struct tc_filter_list in, out;

	if (tc_list_filters(&c->nl, ifindex, TC_PARENT_CLSACT_IN, &in))
		return;
	if (!in.cnt && !tc_list_filters(&c->nl, ifindex, TC_PARENT_CLSACT_OUT, &out)) {
		if (!out.cnt)
			change_qdisc(c, ifindex, RTM_DELQDISC, 0);
		free(out.all);
	}
	free(in.all);
}

void clsact_detach(struct clsact *c, const struct clsact_attachment *a)
{
	if (a->handle_out)
		tc_delete_filter(&c->nl, a->ifindex, TC_PARENT_CLSACT_OUT, a->prio_out, a->handle_out);
	if (a->handle_in)
		tc_delete_filter(&c->nl, a->ifindex, parent_in(a), a->prio_in, a->handle_in);
	if (a->made_qdisc)
		drop_qdisc_if_empty(c, a->ifindex);
}

static int clean_parent(struct clsact *c, uint32_t ifindex, uint32_t parent, bool *made)
{
	struct tc_filter_list list;
	int cleaned = 0, err = tc_list_filters(&c->nl, ifindex, parent, &list);

	if (err)
		return err;
	for (size_t i = 0; i < list.cnt; i++) {
		const struct tc_filter *f = &list.all[i];

		if (!f->handle || !filter_name_is_stale(f->name))
			continue;
		*made |= filter_name_made_qdisc(f->name);
		if (!tc_delete_filter(&c->nl, ifindex, parent, f->prio, f->handle))
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
	in = clean_parent(c, ifindex, kind == QDISC_CLSACT ? TC_PARENT_CLSACT_IN : TC_PARENT_INGRESS, &made);
	if (kind == QDISC_CLSACT)
		out = clean_parent(c, ifindex, TC_PARENT_CLSACT_OUT, &made);
	if (made)
		drop_qdisc_if_empty(c, ifindex);
	return in < 0 ? in : out < 0 ? out : in + out;
}
