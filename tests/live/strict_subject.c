/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/live/strict_subject.h"
#include "tests/live/strict.h"
#include "probes/events.h"

#include <bcc/libbpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING_BYTES (128U << 10)
#define MAP_ENTRIES 4096
#define NOTES_STEP 4096

/* Whom it named: by a record, or (type 0) in a map. */
struct note {
	uint32_t netns; /* 0: not told */
	uint32_t pid;
	uint16_t port; /* local; 0: not told */
	uint8_t type;  /* EV_OWNER ... */
	uint8_t kind;  /* EV_OWN_* */
	uint8_t proto;
	char comm[EV_COMM_LEN];
};

enum verdict { RIGHT, FOREIGN, OTHERS };

/* Other processes of this machine use sockets, too: they are none of ours unless they appear in our namespaces. */
static enum verdict judge(const struct note *n)
{
	if (is_burner(n->pid) || n->pid == (uint32_t)getpid())
		return FOREIGN;
	if (traffic_is_netns(n->netns))
		return traffic_told(n->netns, n->port, n->pid) ? RIGHT : FOREIGN;
	return !n->netns && traffic_told(0, 0, n->pid) ? RIGHT : OTHERS;
}

static void add(struct subject *s, const struct note *n)
{
	if (n->netns && judge(n) == OTHERS)
		return; /* and stays so, whoever tells what later */
	if (s->note_cnt % NOTES_STEP == 0) {
		s->notes = realloc(s->notes, (s->note_cnt + NOTES_STEP) * sizeof(*n));
		if (!s->notes)
			die("realloc");
	}
	s->notes[s->note_cnt++] = *n;
}

static void on_owner(struct subject *s, const struct ev_owner *ev)
{
	struct note n = {.type = EV_OWNER, .kind = ev->kind, .pid = ev->owner.pid};

	if (ev->kind != EV_OWN_HOLD) {
		n.netns = ev->key.netns;
		n.port = ev->key.lport;
		n.proto = ev->key.proto;
	}
	memcpy(n.comm, ev->owner.comm, sizeof(n.comm));
	add(s, &n);
}

static void on_release(struct subject *s, const struct ev_release *ev)
{
	struct note n = {.type = EV_RELEASE, .pid = ev->pid};

	if (!ev->sock_id) {
		n.netns = ev->key.netns;
		n.port = ev->key.lport;
		n.proto = ev->key.proto;
	}
	add(s, &n);
}

static void on_proc(struct subject *s, const struct ev_proc *ev)
{
	struct note n = {.type = (uint8_t)ev->hdr.type, .pid = ev->pid};

	memcpy(n.comm, ev->comm, sizeof(n.comm));
	add(s, &n);
}

static void on_record(struct subject *s, const void *rec)
{
	const struct ev_hdr *hdr = rec;

	switch (hdr->type) {
	case EV_OWNER:
		on_owner(s, rec);
		break;
	case EV_RELEASE:
		on_release(s, rec);
		break;
	case EV_CLOSE:
	case EV_SHAKE:
		s->nameless++;
		break;
	case EV_FORK:
	case EV_EXIT:
	case EV_EXEC:
	case EV_RENAME:
		on_proc(s, rec);
		break;
	default:
		fprintf(stderr, "strict: a record of type %u\n", hdr->type);
		exit(1);
	}
}

void subject_read(struct subject *s)
{
	const void *rec;
	size_t len;

	if (!s->attached)
		return;
	ring_refresh(s->ring);
	for (size_t cpu = 0; cpu < ring_cpu_cnt(s->ring); cpu++) {
		while ((rec = ring_peek(s->ring, cpu, &len))) {
			on_record(s, rec);
			ring_pop(s->ring, cpu);
		}
	}
	ring_commit(s->ring);
}

static void read_socks(struct subject *s)
{
	int fd = maps_fd(s->maps, "m_sock");
	struct ev_sock value;
	uint64_t key = 0;

	for (int err = bpf_get_first_key(fd, &key, sizeof(key)); !err; err = bpf_get_next_key(fd, &key, &key)) {
		struct note n = {0};

		if (bpf_lookup_elem(fd, &key, &value))
			continue;
		n.netns = value.netns;
		n.port = value.port;
		n.pid = value.owner.pid;
		memcpy(n.comm, value.owner.comm, sizeof(n.comm));
		add(s, &n);
	}
}

static void read_flows(struct subject *s)
{
	int fd = maps_fd(s->maps, "m_flow_owner");
	struct ev_owner_val value;
	struct ev_key key;

	for (int err = bpf_get_first_key(fd, &key, sizeof(key)); !err; err = bpf_get_next_key(fd, &key, &key)) {
		struct note n = {0};

		if (bpf_lookup_elem(fd, &key, &value))
			continue;
		n.netns = key.netns;
		n.port = key.lport;
		n.pid = value.pid;
		memcpy(n.comm, value.comm, sizeof(n.comm));
		add(s, &n);
	}
}

struct subject *subject_open(struct subject_env *env, const struct hook *hook, const struct hook *first)
{
	const struct load_size sizes[] = {{"m_flow_owner", MAP_ENTRIES}, {"m_sock", MAP_ENTRIES}};
	struct subject *s = calloc(1, sizeof(*s));
	struct hook rows[2];
	size_t cnt = 0;

	if (!s)
		die("calloc");
	s->hook = hook;
	s->first = first;
	if (first)
		rows[cnt++] = *first;
	rows[cnt++] = *hook;
	if (maps_create(env->bundle, sizes, sizeof(sizes) / sizeof(*sizes), &s->maps) ||
		ring_open(maps_fd(s->maps, "m_owners"), RING_BYTES, RING_BYTES, &s->ring) ||
		hooks_attach_rows(rows, cnt, env->bundle, s->maps, &env->feat, env->kver, &s->hooks))
		die(hook->target);
	s->attached = hooks_count(s->hooks) == cnt;
	return s;
}

void subject_detach(struct subject *s)
{
	hooks_free(s->hooks);
	s->hooks = NULL;
	read_socks(s);
	read_flows(s);
}

void subject_free(struct subject *s)
{
	ring_close(s->ring);
	maps_free(s->maps);
	free(s->notes);
	free(s);
}

static uint32_t kind_bit(const struct note *n)
{
	uint32_t proto = n->proto == IPPROTO_TCP ? 0 : n->proto == IPPROTO_UDP ? 1 : 2;

	if (n->type == EV_OWNER)
		return 1U << (n->kind * 3 + proto);
	return 1U << (16 + n->type);
}

void subject_judge(const struct subject *s, struct subject_seen *out)
{
	memset(out, 0, sizeof(*out));
	out->nameless = s->nameless;
	for (size_t i = 0; i < s->note_cnt; i++) {
		const struct note *n = &s->notes[i];
		enum verdict v = judge(n);

		if (v == FOREIGN) {
			out->foreign++;
			out->burners += is_burner(n->pid);
		} else if (v == RIGHT && n->type) {
			out->named++;
			out->kinds |= kind_bit(n);
		} else if (v == RIGHT) {
			out->noted++;
		}
	}
}

void subject_show_foreign(const struct subject *s, size_t max)
{
	for (size_t i = 0; i < s->note_cnt && max; i++) {
		const struct note *n = &s->notes[i];

		if (judge(n) != FOREIGN)
			continue;
		printf("#   named %.*s:%u for port %u, protocol %u (record type %u, kind %u)\n", EV_COMM_LEN, n->comm, n->pid,
			n->port, n->proto, n->type, n->kind);
		max--;
	}
}
