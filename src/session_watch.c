/* SPDX-License-Identifier: BSD-2-Clause */
/* What the loop waits for; each part of the session puts its own in. */
#include "session_int.h"

#include <errno.h>
#include <sys/epoll.h>

int session_watch(struct session *s, int fd, uint32_t events, enum wake what, uint32_t inode)
{
	struct epoll_event ev = {.events = events, .data.u64 = (uint64_t)inode << 32 | what};

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}
