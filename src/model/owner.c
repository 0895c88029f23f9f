/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/owner.h"

#include <string.h>

static const char *const attr_names[EV_ATTR_CNT] = {
	[EV_ATTR_NONE] = "none",
	[EV_ATTR_EXACT] = "exact",
	[EV_ATTR_LISTENER] = "listener",
	[EV_ATTR_PORT] = "port",
	[EV_ATTR_ICMP] = "icmp",
	[EV_ATTR_FRAG] = "frag",
	[EV_ATTR_SEED] = "seed",
	[EV_ATTR_HOST] = "host",
};

void owner_from_val(const struct ev_owner_val *val, struct owner *out)
{
	memset(out, 0, sizeof(*out));
	if (!val->pid)
		return;
	out->start_ns = val->start_ns;
	out->sock_id = val->sock_id;
	out->act_ns = val->act_ns;
	out->pid = val->pid;
	out->tid = val->tid;
	out->uid = val->uid;
	out->attr = val->attr < EV_ATTR_CNT ? (uint8_t)val->attr : EV_ATTR_NONE;
	memcpy(out->comm, val->comm, EV_COMM_LEN - 1);
	memcpy(out->tcomm, val->tcomm, EV_COMM_LEN - 1);
}

/* What /proc tells is in whole ticks, rounded down (proc(5), starttime). */
bool owner_same_start(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns / EV_TICK_NS == b_ns / EV_TICK_NS;
}

bool owner_is_process(const struct owner *o, uint32_t pid, uint64_t start_ns)
{
	return o->pid == pid && owner_same_start(o->start_ns, start_ns);
}

bool owner_same_process(const struct owner *a, const struct owner *b)
{
	return owner_is_process(a, b->pid, b->start_ns);
}

const char *owner_attr_name(uint8_t attr)
{
	return attr < EV_ATTR_CNT ? attr_names[attr] : "none";
}
