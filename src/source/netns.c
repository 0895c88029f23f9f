/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/netns.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

int netns_own(struct netns *out)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st))
		return -errno;
	*out = (struct netns){.inode = (uint32_t)st.st_ino, .fd = -1};
	return 0;
}

void netns_name(struct netns *ns, const char *name)
{
	if (name)
		snprintf(ns->name, sizeof(ns->name), "%s", name);
	else
		snprintf(ns->name, sizeof(ns->name), "net:%u", ns->inode);
}

static int nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

int netns_open(const char *path, const char *name, struct netns *out)
{
	/* a FIFO would wait */
	struct netns ns = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	struct stat st;
	int err;

	if (ns.fd < 0 || fstat(ns.fd, &st)) {
		err = -errno;
		goto fail;
	}
	err = netns_in(ns.fd, nothing, NULL);
	if (err)
		goto fail;
	ns.inode = (uint32_t)st.st_ino;
	netns_name(&ns, name);
	*out = ns;
	return 0;
fail:
	netns_close(&ns);
	return err;
}

void netns_close(struct netns *ns)
{
	if (ns->fd >= 0)
		close(ns->fd);
	ns->fd = -1;
}

/* What is left of a name whose mount is gone, or was made in another mount namespace, is a plain file. */
uint32_t netns_inode_at(const char *path)
{
	struct statfs fs;
	struct stat st;

	if (statfs(path, &fs) || fs.f_type != NSFS_MAGIC || stat(path, &st))
		return 0;
	return (uint32_t)st.st_ino;
}

int netns_in(int ns_fd, int (*fn)(void *ctx), void *ctx)
{
	int ret, own;

	if (ns_fd < 0)
		return fn(ctx);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return -errno;
	if (setns(ns_fd, CLONE_NEWNET)) {
		ret = -errno;
	} else {
		ret = fn(ctx);
		if (setns(own, CLONE_NEWNET)) { /* nowhere else can what follows be right */
			ret = -errno;
			log_err("cannot return to our own network namespace: %s", strerror(errno));
		}
	}
	close(own);
	return ret;
}
