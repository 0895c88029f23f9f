/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/taps.h"
#include "source/clsact.h"
#include "base/buf.h"
#include "base/log.h"
#include "probes/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tap {
	struct link link;
	bool seen; /* by a resync */
	struct clsact_attachment at;
};

/* The two programs for one kind of interface; loaded when the first such interface is attached. */
struct tap_progs {
	int in, out; /* -1: not loaded */
};

struct taps {
	struct taps_opts opts;
	struct links *links;
	struct clsact *tc;
	struct tap_progs progs[2]; /* with link-layer header, without */
	struct tap *taps;
	size_t cnt;
	bool *found; /* for each name: seen */
};

static bool is_wanted(struct taps *t, const struct link *link)
{
	if (!t->opts.name_cnt)
		return true;
	for (size_t i = 0; i < t->opts.name_cnt; i++) {
		if (strcmp(t->opts.names[i], link->name))
			continue;
		t->found[i] = true;
		return true;
	}
	return false;
}

static int load_one(const struct taps *t, const char *name, bool l3)
{
	const struct load_patch patches[] = {
		{EV_PATCH_NETNS, t->opts.netns},
		{EV_PATCH_SNAPLEN, t->opts.snaplen},
		{EV_PATCH_FLAGS, t->opts.run_flags | (l3 ? EV_RUN_L3 : 0)},
	};

	return prog_load(t->opts.bundle, t->opts.maps, name, patches, sizeof(patches) / sizeof(*patches),
		t->opts.kern_version);
}

static int need_progs(struct taps *t, bool l3)
{
	struct tap_progs *p = &t->progs[l3];

	if (p->in < 0)
		p->in = load_one(t, "tc_ingress", l3);
	if (p->in >= 0 && p->out < 0)
		p->out = load_one(t, "tc_egress", l3);
	return p->in < 0 ? p->in : p->out < 0 ? p->out : 0;
}

static struct tap *find_tap(struct taps *t, uint32_t ifindex)
{
	for (size_t i = 0; i < t->cnt; i++)
		if (t->taps[i].link.ifindex == ifindex)
			return &t->taps[i];
	return NULL;
}

static const char *remedy(int err)
{
	switch (err) {
	case -EPERM:
		return " (root or CAP_NET_ADMIN is needed)";
	case -ENOENT:
	case -EOPNOTSUPP:
		return " (the kernel lacks CONFIG_NET_SCH_INGRESS or CONFIG_NET_CLS_BPF, or their modules)";
	}
	return "";
}

static int attach(struct taps *t, const struct link *link)
{
	struct tap *grown = realloc(t->taps, (t->cnt + 1) * sizeof(*grown));
	struct tap *tap;
	int err;

	if (!grown)
		return -ENOMEM;
	t->taps = grown;
	tap = &grown[t->cnt];
	err = need_progs(t, link->l3);
	if (err)
		return err;
	tap->link = *link;
	tap->seen = true;
	err = clsact_attach(t->tc, link->ifindex, t->progs[link->l3].in, t->progs[link->l3].out, &tap->at);
	if (err == -ENODEV)
		return 0; /* gone between two messages: the next one says so */
	if (err) {
		log_err("cannot attach to interface %s: %s%s", link->name, strerror(-err), remedy(err));
		return err;
	}
	t->cnt++;
	if (!tap->at.egress)
		log_warn("%s has an ingress qdisc, which leaves no place for clsact: only what it receives is captured "
			 "(tc qdisc del dev %s ingress, if nothing needs it)",
			link->name, link->name);
	if (tap->at.behind)
		log_warn("%s: a filter of another kind holds priority 1: packets it takes an action on are not seen",
			link->name);
	return t->opts.on_link(t->opts.ctx, link);
}

static int on_link_gone(struct taps *t, const struct link *link)
{
	struct tap *tap = find_tap(t, link->ifindex);
	struct link gone;

	if (!tap)
		return 0;
	gone = tap->link;
	gone.gone = true;
	*tap = t->taps[--t->cnt];
	return t->opts.on_link(t->opts.ctx, &gone);
}

/* A link we have: news only where it has another name. */
static int on_link_again(struct taps *t, struct tap *tap, const struct link *link)
{
	tap->seen = true;
	if (!strcmp(tap->link.name, link->name))
		return 0;
	tap->link = *link;
	return t->opts.on_link(t->opts.ctx, link);
}

static int on_link(void *ctx, const struct link *link)
{
	struct taps *t = ctx;
	struct tap *tap;
	int err;

	if (link->gone)
		return on_link_gone(t, link);
	tap = find_tap(t, link->ifindex);
	if (tap)
		return on_link_again(t, tap, link);
	clsact_clean_stale(t->tc, link->ifindex); /* a killed run may have captured more than we will */
	if (!is_wanted(t, link))
		return 0;
	if (!link->known && t->opts.name_cnt) {
		log_err("interface %s: its kind of link cannot be captured (neither Ethernet nor plain IP)", link->name);
		return -EOPNOTSUPP;
	}
	if (!link->known) {
		log_verbose("interface %s is left out: neither Ethernet nor plain IP", link->name);
		return 0;
	}
	err = attach(t, link);
	/* with "any" one bad interface does not end the capture of the others; a refused program would end them all */
	return err && !t->opts.name_cnt && t->cnt ? 0 : err;
}

static int append_name(void *ctx, const struct link *link)
{
	struct buf *names = ctx;

	buf_printf(names, "%s%s", names->len ? ", " : "", link->name);
	return 0;
}

static int complain_missing(struct taps *t)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < t->opts.name_cnt; i++) {
		if (t->found[i])
			continue;
		links_list(t->links, append_name, &names);
		log_err("no such interface: %s (there are: %s)", t->opts.names[i], buf_cstr(&names));
		buf_free(&names);
		return -ENODEV;
	}
	return 0;
}

static int complain_none(const struct taps *t)
{
	if (t->cnt)
		return 0;
	log_err("no interface to capture on in this network namespace");
	return -ENODEV;
}

int taps_open(const struct taps_opts *opts, struct taps **out)
{
	struct taps *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (!t)
		return err;
	t->opts = *opts;
	t->progs[0] = t->progs[1] = (struct tap_progs){-1, -1};
	t->found = calloc(opts->name_cnt + 1, sizeof(*t->found));
	if (!t->found)
		goto fail;
	err = links_open(&t->links);
	if (!err)
		err = clsact_open(&t->tc);
	if (err) {
		log_err("cannot open a netlink socket: %s", strerror(-err));
		goto fail;
	}
	err = links_list(t->links, on_link, t);
	if (!err)
		err = complain_missing(t);
	if (!err)
		err = complain_none(t);
	if (err)
		goto fail;
	*out = t;
	return 0;
fail:
	taps_close(t);
	return err;
}

void taps_close(struct taps *t)
{
	if (!t)
		return;
	while (t->cnt)
		clsact_detach(t->tc, &t->taps[--t->cnt].at);
	for (int i = 1; i >= 0; i--) {
		if (t->progs[i].out >= 0)
			close(t->progs[i].out);
		if (t->progs[i].in >= 0)
			close(t->progs[i].in);
	}
	clsact_close(t->tc);
	links_close(t->links);
	free(t->taps);
	free(t->found);
	free(t);
}

int taps_fd(const struct taps *t)
{
	return links_fd(t->links);
}

/* The kernel had more to tell than it could keep: what is not there any more is gone. */
static int resync(struct taps *t)
{
	int err;

	for (size_t i = 0; i < t->cnt; i++)
		t->taps[i].seen = false;
	err = links_list(t->links, on_link, t);
	for (size_t i = t->cnt; !err && i-- > 0;)
		if (!t->taps[i].seen)
			err = on_link_gone(t, &t->taps[i].link);
	return err;
}

int taps_changes(struct taps *t)
{
	int err = links_changes(t->links, on_link, t);

	return err == -ENOBUFS ? resync(t) : err;
}

size_t taps_count(const struct taps *t)
{
	return t->cnt;
}
