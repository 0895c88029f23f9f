/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PIDTAP_TESTS_SEEN_H
#define PIDTAP_TESTS_SEEN_H

#include <stdbool.h>
#include <string.h>

#include "source/socks.h"

/* Equal but for padding. */
static inline bool seen_same(const struct sock_seen *a, const struct sock_seen *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key)) && a->ino == b->ino && a->state == b->state && a->flags == b->flags;
}

#endif
