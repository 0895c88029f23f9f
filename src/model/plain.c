/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/plain.h"

#include <stdio.h>

/* Said otherwise in every output: the direction, a tuple that is not zero, a descriptor. */
#define TOLD_ELSEWHERE (EV_TLS_WRITE | EV_TLS_KEY | EV_TLS_FD)

static const struct {
	uint32_t flag;
	const char *name;
} names[] = {
	{EV_TLS_INFERRED, "inferred"},
	{EV_TLS_EARLY, "early"},
	{EV_TLS_FILE, "file"},
	{EV_TLS_CUT, "cut"},
};

bool plain_next_flag(uint32_t *flags, char name[PLAIN_FLAG_MAX])
{
	uint32_t left = *flags & ~(uint32_t)TOLD_ELSEWHERE, flag = left & -left;

	*flags = left & ~flag;
	snprintf(name, PLAIN_FLAG_MAX, "0x%x", flag);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].flag == flag)
			snprintf(name, PLAIN_FLAG_MAX, "%s", names[i].name);
	return flag;
}
