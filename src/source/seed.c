/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/seed.h"
#include "source/netns.h"
#include "source/seed_join.h"
#include "source/sockdiag.h"

#include <bcc/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* One run. */
struct seeding {
	const struct seed_opts *opts;
	struct socks socks; /* at the first look, */
	struct socks again; /* and at the second */
	size_t *first; /* how many in each namespace at the first look */
	struct join join;
	struct seed_counts *counts;
};

/* --- looking --- */

struct look {
	const struct sysroot *root;
	const struct seed_netns *ns;
	struct socks *out;
};

static int look_here(void *ctx)
{
	const struct look *l = ctx;
	size_t before = l->out->cnt;
	int err = sockdiag_list(l->root, l->ns->netns, l->out);

	for (size_t i = before; i < l->out->cnt; i++)
		l->out->list[i].elsewhere = !l->ns->captured;
	return err;
}

static int look(struct seeding *s, const struct seed_netns *ns, size_t cnt)
{
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++) {
		size_t before = s->socks.cnt;

		err = netns_in(ns[i].fd, look_here, &(struct look){s->opts->root, &ns[i], &s->socks});
		s->first[i] = s->socks.cnt - before;
	}
	socks_sort(&s->socks);
	return err;
}

/* What is gone can only be where something was. */
static int look_again(struct seeding *s, const struct seed_netns *ns, size_t cnt)
{
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++)
		if (s->first[i])
			err = netns_in(ns[i].fd, look_here, &(struct look){s->opts->root, &ns[i], &s->again});
	socks_sort(&s->again);
	return err;
}

/* --- the kernel's map --- */

static struct ev_owner_val owner_of(const struct seeding *s, size_t i)
{
	struct ev_owner_val who = {0};

	if (s->join.of[i].owner != JOIN_NOBODY)
		who = s->join.procs[s->join.of[i].owner].who;
	who.attr = EV_ATTR_SEED;
	return who;
}

/* It answers for whole flows. One that is pending may be another's at any moment, and need not be certain. */
static bool is_for_map(const struct seeding *s, size_t i)
{
	const struct join_sock *of = &s->join.of[i];

	return of->owner != JOIN_NOBODY && !of->pending && !s->socks.list[i].elsewhere &&
	       sock_seen_kind(&s->socks.list[i]) == EV_OWN_FLOW;
}

static void fill_map(struct seeding *s)
{
	for (size_t i = 0; i < s->socks.cnt && s->counts->mapped < s->opts->map_room; i++) {
		struct ev_owner_val who = owner_of(s, i);

		if (is_for_map(s, i) && !bpf_update_elem(s->opts->flow_owner_fd, &s->socks.list[i].key, &who, BPF_NOEXIST))
			s->counts->mapped++;
	}
}

/* Between the look and the deletion a hook may write: then its entry goes, and user space, which was told, answers. */
static void unmap(struct seeding *s, struct sock_seen *one)
{
	struct ev_owner_val now;

	if (bpf_lookup_elem(s->opts->flow_owner_fd, &one->key, &now) || now.sk)
		return;
	if (!bpf_delete_elem(s->opts->flow_owner_fd, &one->key))
		s->counts->unmapped++;
}

/* --- telling --- */

static void tell_one(const struct seeding *s, size_t i, uint8_t kind, const struct ev_owner_val *who, int fd)
{
	const struct sock_seen *one = &s->socks.list[i];
	struct ev_owner ev = {
		.hdr = {.ts_ns = s->opts->since_ns, .type = EV_OWNER, .size = sizeof(ev)},
		.key = one->key,
		.owner = *who,
		.ino = one->ino,
		.fd = fd,
		.kind = kind,
		/* whether its port may be shared is not told: so no seed ends another's claim */
		.flags = one->flags | EV_OWN_REUSE,
	};

	s->opts->tell(s->opts->ctx, &ev);
}

static void tell_holders(const struct seeding *s, size_t i)
{
	struct join_range r = join_holds(&s->join, i);

	for (size_t h = r.from; h < r.to; h++) {
		struct ev_owner_val who = s->join.procs[s->join.holds[h].proc].who;

		who.attr = EV_ATTR_SEED;
		if (s->join.holds[h].proc != s->join.of[i].owner)
			tell_one(s, i, EV_OWN_HOLD, &who, s->join.holds[h].fd);
	}
}

/* Without an owner, datagram sockets count as those that are guarded do: others may be bound to the port. */
static bool is_nobodys(const struct seeding *s, size_t i)
{
	const struct join_sock *of = &s->join.of[i];

	return of->owner == JOIN_NOBODY && (of->guarded || s->socks.list[i].key.proto != IPPROTO_TCP);
}

static void tell_sock(const struct seeding *s, size_t i)
{
	struct ev_owner_val who = owner_of(s, i);

	tell_one(s, i, sock_seen_kind(&s->socks.list[i]), &who, join_owner_fd(&s->join, i));
	tell_holders(s, i);
	if (who.pid)
		s->counts->sockets++;
	else
		s->counts->nobodys++;
}

static void tell_owned(struct seeding *s, bool elsewhere)
{
	for (size_t i = 0; i < s->socks.cnt; i++) {
		if (s->join.of[i].owner == JOIN_NOBODY || s->socks.list[i].elsewhere != elsewhere)
			continue;
		if (socks_has(&s->again, &s->socks.list[i])) {
			tell_sock(s, i);
			continue;
		}
		s->counts->gone++;
		if (is_for_map(s, i))
			unmap(s, &s->socks.list[i]);
	}
}

/* Nobody's first, then those elsewhere: they are forgotten first where there is no room for all. */
static void tell_all(struct seeding *s)
{
	for (size_t i = 0; i < s->socks.cnt; i++)
		if (is_nobodys(s, i) && socks_has(&s->again, &s->socks.list[i]))
			tell_sock(s, i);
	tell_owned(s, true);
	tell_owned(s, false);
}

int seed_run(const struct seed_opts *opts, const struct seed_netns *ns, size_t cnt, struct seed_counts *out)
{
	struct seeding s = {.opts = opts, .counts = out, .first = calloc(cnt, sizeof(*s.first))};
	int err = s.first ? 0 : -ENOMEM;

	memset(out, 0, sizeof(*out));
	if (!err)
		err = look(&s, ns, cnt);
	if (!err)
		err = join_run(&s.join, opts->root, &s.socks);
	if (!err)
		err = join_pending(&s.join);
	if (!err) {
		out->processes = s.join.proc_cnt;
		fill_map(&s);
		err = look_again(&s, ns, cnt);
		tell_all(&s);
	}
	join_fini(&s.join);
	socks_free(&s.socks);
	socks_free(&s.again);
	free(s.first);
	return err;
}
