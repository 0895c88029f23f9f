/* SPDX-License-Identifier: BSD-2-Clause */
/* Which addresses are a namespace's own: what goes from or to another one is only passing through. They are kept up to date: one
 * that comes is known at once, one that went is forgotten when the packets of its time have been judged. */
#include "session_int.h"
#include "base/log.h"

#include <string.h>

static int add(void *ctx, uint32_t ifindex, const uint8_t addr[16])
{
	struct space *space = ctx;

	return addrs_add(space->session->addrs, space->ns.inode, ifindex, addr);
}

/* Of one that is not to be captured, who opens it says so. */
static void complain(const struct space *space, const char *what, int err)
{
	if (space->wanted)
		log_err("%s: %s", what, strerror(-err));
}

static int list(struct space *space)
{
	int err = addresses_list(space->addresses, add, space);

	if (err)
		complain(space, "cannot list the addresses of the interfaces", err);
	return err;
}

int session_open_addrs(struct space *space)
{
	int err = addresses_open(&space->addresses);

	space->forget_ns = UINT64_MAX;
	if (!err)
		return list(space);
	complain(space, "cannot open a netlink socket", err);
	return err;
}

void session_close_addrs(struct space *space)
{
	if (!space->addresses)
		return;
	addresses_close(space->addresses);
	space->addresses = NULL;
	addrs_del_netns(space->session->addrs, space->ns.inode);
}

int session_update_addrs(struct space *space, uint64_t now_ns)
{
	if (!space->addresses || !addresses_changed(space->addresses))
		return 0;
	space->forget_ns = now_ns + 2 * space->session->opts->window_ns;
	return list(space);
}

int session_forget_addrs(struct space *space, uint64_t now_ns)
{
	if (!space->addresses || now_ns < space->forget_ns)
		return 0;
	space->forget_ns = UINT64_MAX;
	addrs_del_netns(space->session->addrs, space->ns.inode);
	return list(space);
}
