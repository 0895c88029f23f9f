/* SPDX-License-Identifier: BSD-2-Clause */
/* links: tests/golden/frames.c src/base/buf.c */
/* make_records: writes records as the kernel side would send them to standard output, always the same ones:
 * every frame of frames.c with one owner after the other, and what the kernel does to frames besides. */
#include "tests/golden/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "probes/events.h"
#include "tests/golden/frames.h"

#define ETH_LEN 14
#define START_NS 1000000000ULL
#define STEP_NS 1000333ULL

struct person {
	uint32_t pid, tid, uid, attr;
	uint64_t start_ns;
	char comm[EV_COMM_LEN + 1], tcomm[EV_COMM_LEN + 1];
};

static const struct person people[] = {
	{1234, 1234, 1000, EV_ATTR_EXACT, 10, "curl", "curl"},
	{0, 0, 0, EV_ATTR_NONE, 0, "", ""},
	{77, 81, 33, EV_ATTR_LISTENER, 20, "nginx", "pool 1"},
	{1234, 1234, 0, EV_ATTR_SEED, 99, "sshd", "sshd"}, /* the pid again: another process */
	{500, 500, 1000, EV_ATTR_PORT, 30, "Web Content", "Web Content"},
	{501, 501, 65534, EV_ATTR_ICMP, 31, "x\n\x1b[31m) \"\\\xff", "x\n\x1b[31m) \"\\\xff"},
	{502, 502, 4294967295, EV_ATTR_FRAG, 32, "(sd-pam)", "(sd-pam)"},
	{503, 503, 0, EV_ATTR_HOST, 33, "fifteen-letters", "sixteen-letters!"}, /* not terminated */
};
#define PEOPLE_CNT (sizeof(people) / sizeof(people[0]))

struct maker {
	unsigned int cnt;
	int failed;
};

static void name(char to[EV_COMM_LEN], const char *from)
{
	memcpy(to, from, EV_COMM_LEN);
}

static void set_owner(struct ev_owner_val *o, const struct person *who)
{
	if (!who->pid)
		return;
	o->start_ns = who->start_ns;
	o->pid = who->pid;
	o->tid = who->tid;
	o->uid = who->uid;
	o->attr = who->attr;
	name(o->comm, who->comm);
	name(o->tcomm, who->tcomm);
}

/* The parts of a record that differ from frame to frame; zero lengths: the frame's own. */
struct how {
	uint32_t ifindex;
	uint32_t caplen;
	uint32_t len;
	uint8_t flags;
	uint16_t vlan_proto, vlan_tci;
};

static void emit(struct maker *m, const uint8_t *frame, size_t frame_len, const struct how *how)
{
	static const uint8_t zeros[4];
	struct ev_packet r;
	uint32_t size;

	memset(&r, 0, sizeof(r));
	r.hdr.ts_ns = START_NS + m->cnt * STEP_NS;
	r.hdr.type = EV_PACKET;
	r.hdr.size = sizeof(r);
	set_owner(&r.owner, &people[m->cnt % PEOPLE_CNT]);
	r.ifindex = how->ifindex;
	r.netns = GOLDEN_NETNS;
	r.len = how->len ? how->len : (uint32_t)frame_len;
	r.caplen = how->caplen ? how->caplen : (uint32_t)frame_len;
	r.vlan_proto = how->vlan_proto;
	r.vlan_tci = how->vlan_tci;
	r.dir = m->cnt % 3 ? EV_DIR_OUT : EV_DIR_IN;
	r.flags = how->flags;
	size = (uint32_t)sizeof(r) + r.caplen;
	m->failed |= fwrite(&size, sizeof(size), 1, stdout) != 1 || fwrite(&r, sizeof(r), 1, stdout) != 1 ||
		     fwrite(frame, 1, r.caplen, stdout) != r.caplen ||
		     fwrite(zeros, 1, -size % 4, stdout) != -size % 4;
	m->cnt++;
}

/* What a device driver or the snap length makes of the same frame. */
static void emit_variants(struct maker *m, const uint8_t *data, size_t len)
{
	emit(m, data, len,
		&(struct how){GOLDEN_ETH, .flags = EV_PKT_VLAN, .vlan_proto = 0x8100, .vlan_tci = 0x600a});
	emit(m, data, len,
		&(struct how){GOLDEN_ETH, .flags = EV_PKT_VLAN, .vlan_proto = 0x88a8, .vlan_tci = 5});
	emit(m, data, len,
		&(struct how){GOLDEN_ETH, 30, .flags = EV_PKT_VLAN, .vlan_proto = 0x8100, .vlan_tci = 10});
	emit(m, data + ETH_LEN, len - ETH_LEN, &(struct how){GOLDEN_TUN, .flags = EV_PKT_L3});
	emit(m, data + ETH_LEN, len - ETH_LEN, &(struct how){GOLDEN_TUN, 24, .flags = EV_PKT_L3});
	emit(m, data, len, &(struct how){GOLDEN_LO, ETH_LEN + 10});
	emit(m, data, len, &(struct how){GOLDEN_LO, ETH_LEN + 22});
	emit(m, data, len, &(struct how){GOLDEN_ODD, ETH_LEN + 30});
}

static void on_frame(const char *what, const uint8_t *data, size_t len, void *ctx)
{
	struct maker *m = ctx;

	emit(m, data, len, &(struct how){m->cnt % 5 ? GOLDEN_ETH : GOLDEN_LO});
	if (!strcmp(what, "syn") || !strcmp(what, "udp") || !strcmp(what, "echo"))
		emit_variants(m, data, len);
}

/* A packet of segmentation offload: `total` in its IP header, `len` bytes in truth, as much of it as a record
 * holds. */
static void emit_gso(struct maker *m, uint16_t total, uint32_t len)
{
	static const uint8_t head[] = "\2\0\0\0\0\x0b\2\0\0\0\0\x0a\x08\0"
				      "\x45\0\0\0\0\7\x40\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2"
				      "\x9c\x40\x27\x0f\0\0\3\xe8\0\0\7\xd0\x50\x18\1\xf6\0\0\0\0";
	uint8_t *frame = calloc(1, EV_CAPLEN_MAX);

	if (!frame) {
		m->failed = 1;
		return;
	}
	memcpy(frame, head, sizeof(head) - 1);
	put_be16(frame + ETH_LEN + 2, total);
	emit(m, frame, EV_CAPLEN_MAX, &(struct how){GOLDEN_LO, .len = len});
	free(frame);
}

int main(void)
{
	struct maker m = {0};

	frames_each(on_frame, &m);
	emit_gso(&m, 65535, ETH_LEN + 65535);
	emit_gso(&m, 0, ETH_LEN + 150000); /* BIG TCP: more than the field can say */
	if (m.failed || fflush(stdout)) {
		fprintf(stderr, "make_records: cannot write\n");
		return 1;
	}
	return 0;
}
