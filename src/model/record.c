/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

/* An skb's length fits an int; more would overflow when a header is put before the frame. */
static bool packet_ok(const struct ev_packet *p, size_t len)
{
	return p->len <= INT32_MAX && p->caplen <= EV_CAPLEN_MAX && p->caplen <= p->len &&
	       p->caplen <= len - sizeof(*p) && (p->dir == EV_DIR_IN || p->dir == EV_DIR_OUT) &&
	       p->owner.attr < EV_ATTR_CNT;
}

static bool tail_ok(const struct ev_tail *t, size_t len)
{
	return t->len <= EV_SNAPLEN_MAX && t->offset >= EV_CAPLEN_MAX && t->offset < t->len && t->size &&
	       t->size <= t->len - t->offset && t->size <= len - sizeof(*t);
}

static bool owner_ok(const struct ev_owner *o)
{
	return o->kind >= EV_OWN_FLOW && o->kind <= EV_OWN_HOLD && o->owner.attr < EV_ATTR_CNT;
}

static bool exec_ok(const struct ev_exec *e)
{
	return e->args_len <= EV_ARGS_LEN;
}

static bool secret_ok(const struct ev_secret *s)
{
	return s->secret_len && s->secret_len <= EV_SECRET_MAX && !s->label[EV_LABEL_LEN - 1];
}

static bool kdf_ok(const struct ev_kdf *k)
{
	return k->secret_len <= EV_SECRET_MAX && !k->label[EV_KDF_LABEL_LEN - 1];
}

static bool tls_data_ok(const struct ev_tls_data *d, size_t len)
{
	return d->len <= len - sizeof(*d) && d->offset <= d->total && d->len <= d->total - d->offset;
}

/* Bytes of the fixed part of a record of this type; 0: no such type. */
static size_t fixed_size(uint16_t type)
{
	switch (type) {
	case EV_PACKET:
		return sizeof(struct ev_packet);
	case EV_OWNER:
		return sizeof(struct ev_owner);
	case EV_CLOSE:
		return sizeof(struct ev_close);
	case EV_RELEASE:
		return sizeof(struct ev_release);
	case EV_SHAKE:
		return sizeof(struct ev_shake);
	case EV_FORK:
	case EV_EXIT:
	case EV_RENAME:
		return sizeof(struct ev_proc);
	case EV_EXEC:
		return sizeof(struct ev_exec);
	case EV_SECRET:
		return sizeof(struct ev_secret);
	case EV_KDF:
		return sizeof(struct ev_kdf);
	case EV_TLS_DATA:
		return sizeof(struct ev_tls_data);
	case EV_TAIL:
		return sizeof(struct ev_tail);
	default:
		return 0;
	}
}

int record_check(const void *data, size_t len)
{
	const struct ev_hdr *hdr = data;
	size_t fixed;
	bool ok = true;

	if ((uintptr_t)data % 4 || len < sizeof(*hdr))
		return -EBADMSG;
	fixed = fixed_size(hdr->type);
	if (!fixed || hdr->size != fixed || len < fixed)
		return -EBADMSG;
	if (hdr->type == EV_PACKET)
		ok = packet_ok(data, len);
	else if (hdr->type == EV_TAIL)
		ok = tail_ok(data, len);
	else if (hdr->type == EV_OWNER)
		ok = owner_ok(data);
	else if (hdr->type == EV_EXEC)
		ok = exec_ok(data);
	else if (hdr->type == EV_SECRET)
		ok = secret_ok(data);
	else if (hdr->type == EV_KDF)
		ok = kdf_ok(data);
	else if (hdr->type == EV_TLS_DATA)
		ok = tls_data_ok(data, len);
	return ok ? 0 : -EBADMSG;
}
