/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/netns.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

int netns_in(int ns_fd, int (*fn)(void *ctx), void *ctx)
{
	int ret, own;

	if (ns_fd < 0)
		return fn(ctx);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return -errno;
	ret = setns(ns_fd, CLONE_NEWNET) ? -errno : fn(ctx);
	/* nowhere else can what follows be right; after a refused setns this changes nothing */
	if (setns(own, CLONE_NEWNET)) {
		ret = -errno;
		log_err("cannot return to our own network namespace: %s", strerror(errno));
	}
	close(own);
	return ret;
}
