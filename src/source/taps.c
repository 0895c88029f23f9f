/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/taps.h"
#include "source/clsact.h"
#include "source/netns.h"
#include "base/clock.h"
#include "base/log.h"
#include "probes/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tap {
	struct link link;
	bool seen; /* by a resync */
	struct clsact_attachment at;
	bool suspect;	     /* somebody removed something from it, */
	bool clsact_removed; /* its clsact, too */
	bool off;	     /* that was a filter of ours, which is still to be attached again: */
	uint64_t next_ns;    /* not before that */
	bool told;	     /* that it could not be */
};

/* Another program that removes our filters whenever it sees them does not keep us busy. */
#define AGAIN_EVERY_NS NSEC_PER_SEC

/* One that removes the qdisc to make one of its own is to find its place free. */
#define AGAIN_AFTER_NS (NSEC_PER_SEC / 2)

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
	char prefix[NETNS_NAME_MAX + 1]; /* of names: "NETNS/", "" for our own */
};

static int load_one(const struct taps *t, const char *name, bool l3)
{
	const struct load_patch patches[] = {
		{EV_PATCH_NETNS, t->opts.netns},
		{EV_PATCH_SNAPLEN, t->opts.snaplen < EV_CAPLEN_MAX ? t->opts.snaplen : EV_CAPLEN_MAX},
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

static void say_limits(const struct taps *t, const struct tap *tap)
{
	const char *name = tap->link.name;

	if (!tap->at.egress)
		log_warn("%s%s has an ingress qdisc, which leaves no place for clsact: only what it receives is captured "
			 "(tc qdisc del dev %s ingress, if nothing needs it)",
			t->prefix, name, name);
	if (tap->at.behind)
		log_warn("%s%s: a filter of another kind holds priority 1: packets it takes an action on are not seen",
			t->prefix, name);
}

static int hang(struct taps *t, struct tap *tap)
{
	const struct tap_progs *p = &t->progs[tap->link.l3];

	return clsact_attach(t->tc, tap->link.ifindex, p->in, p->out, &tap->at);
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
	*tap = (struct tap){.link = *link, .seen = true};
	err = hang(t, tap);
	if (err == -ENODEV)
		return 0; /* gone between two messages: the next one says so */
	if (err) {
		log_err("cannot attach to interface %s%s: %s%s", t->prefix, link->name, strerror(-err), remedy(err));
		return err;
	}
	t->cnt++;
	say_limits(t, tap);
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

static int on_new_link(struct taps *t, const struct link *link)
{
	enum iface_wish wish;
	int err;

	clsact_clean_stale(t->tc, link->ifindex); /* a killed run may have captured more than we will */
	wish = iface_select_match(t->opts.select, t->opts.netns_name, link->name);
	if (wish == IFACE_UNWANTED)
		return 0;
	if (!link->known && wish == IFACE_NAMED) {
		log_err("interface %s%s: its kind of link cannot be captured (neither Ethernet nor plain IP)", t->prefix,
			link->name);
		return -EOPNOTSUPP;
	}
	if (!link->known) {
		log_verbose("interface %s%s is left out: neither Ethernet nor plain IP", t->prefix, link->name);
		return 0;
	}
	err = attach(t, link);
	/* with "any" one bad interface does not end the capture of the others; a refused program would end them all */
	return err && wish == IFACE_WANTED && t->cnt ? 0 : err;
}

static int on_link(void *ctx, const struct link *link)
{
	struct taps *t = ctx;
	struct tap *tap;

	if (link->gone)
		return on_link_gone(t, link);
	tap = find_tap(t, link->ifindex);
	return tap ? on_link_again(t, tap, link) : on_new_link(t, link);
}

int taps_open(const struct taps_opts *opts, struct taps **out)
{
	struct taps *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->opts = *opts;
	t->progs[0] = t->progs[1] = (struct tap_progs){-1, -1};
	if (*opts->netns_name)
		snprintf(t->prefix, sizeof(t->prefix), "%s/", opts->netns_name);
	err = links_open(&t->links);
	if (!err)
		err = clsact_open(&t->tc);
	if (err) {
		log_err("cannot open a netlink socket: %s", strerror(-err));
		goto fail;
	}
	err = links_list(t->links, on_link, t);
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
	free(t);
}

int taps_fd(const struct taps *t)
{
	return links_fd(t->links);
}

/* ---- what others remove ---- */

static int on_removal(void *ctx, const struct links_removal *removal)
{
	struct taps *t = ctx;
	struct tap *tap = removal->by == clsact_port(t->tc) ? NULL : find_tap(t, removal->ifindex);

	if (!tap)
		return 0;
	tap->suspect = true;
	tap->clsact_removed |= removal->clsact;
	return 0;
}

/* Was it ours? With the clsact that we made went the duty to remove it. */
static void check(struct taps *t, struct tap *tap, uint64_t now_ns)
{
	if (!tap->off && !clsact_check(t->tc, &tap->at)) {
		tap->off = true;
		if (tap->next_ns < now_ns + AGAIN_AFTER_NS)
			tap->next_ns = now_ns + AGAIN_AFTER_NS;
	}
	if (tap->off && tap->clsact_removed)
		tap->at.made_qdisc = false;
	tap->suspect = tap->clsact_removed = false;
}

static void attach_again(struct taps *t, struct tap *tap, uint64_t now_ns)
{
	int err;

	tap->next_ns = now_ns + AGAIN_EVERY_NS;
	clsact_detach(t->tc, &tap->at); /* one of the two may still hang there */
	tap->at = (struct clsact_attachment){.ifindex = tap->link.ifindex};
	err = hang(t, tap);
	if (err == -ENODEV)
		return; /* all of it is gone: the next message says so */
	if (!err) {
		log_warn("another program removed the filter from %s%s: attached again, packets of meanwhile are missing",
			t->prefix, tap->link.name);
		say_limits(t, tap);
	} else if (!tap->told) {
		log_err("another program removed the filter from %s%s, and it cannot be attached again: %s%s; its packets are "
			"missing until it can, which is tried once a second",
			t->prefix, tap->link.name, strerror(-err), remedy(err));
	}
	tap->off = tap->told = err != 0;
}

void taps_tend(struct taps *t)
{
	uint64_t now_ns = clock_mono_ns();

	for (size_t i = 0; i < t->cnt; i++) {
		struct tap *tap = &t->taps[i];

		if (tap->suspect)
			check(t, tap, now_ns);
		if (tap->off && now_ns >= tap->next_ns)
			attach_again(t, tap, now_ns);
	}
}

/* The kernel had more to tell than it could keep: what is not there any more is gone. */
static int resync(struct taps *t)
{
	int err;

	for (size_t i = 0; i < t->cnt; i++) {
		t->taps[i].seen = false;
		t->taps[i].suspect = true;
	}
	err = links_list(t->links, on_link, t);
	for (size_t i = t->cnt; !err && i-- > 0;)
		if (!t->taps[i].seen)
			err = on_link_gone(t, &t->taps[i].link);
	return err;
}

int taps_changes(struct taps *t)
{
	int err = links_changes(t->links, on_link, on_removal, t);

	if (err == -ENOBUFS)
		err = resync(t);
	if (!err)
		taps_tend(t);
	return err;
}

size_t taps_count(const struct taps *t)
{
	return t->cnt;
}

struct listing {
	const struct taps *taps;
	struct buf *names;
};

static int append_name(void *ctx, const struct link *link)
{
	struct listing *l = ctx;

	buf_printf(l->names, "%s%s%s", l->names->len ? ", " : "", l->taps->prefix, link->name);
	return 0;
}

void taps_list(struct taps *t, struct buf *names)
{
	struct listing l = {t, names};

	links_list(t->links, append_name, &l);
}
