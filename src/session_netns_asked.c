/* SPDX-License-Identifier: BSD-2-Clause */
/* The network namespaces that are asked for, by --netns: a name of `ip netns`, a path, or all. */
#include "session_int.h"
#include "base/log.h"
#include "source/netns_list.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

bool session_asked_is_path(const char *text)
{
	return strchr(text, '/');
}

int session_asked_path(const struct session *s, const char *text, char *path)
{
	if (session_asked_is_path(text))
		return sysroot_path(&s->root, path, PATH_MAX, "%s", text);
	return sysroot_path(&s->root, path, PATH_MAX, NETNS_DIR "/%s", text);
}

/* By its name also where it was given by a path. */
static int open_asked(struct session *s, const char *text, struct netns *out)
{
	const struct netns_entry *entry;
	struct netns_list list;
	char path[PATH_MAX];
	int err = session_asked_path(s, text, path);

	if (!err)
		err = netns_open(path, session_asked_is_path(text) ? NULL : text, out);
	if (err || !session_asked_is_path(text))
		return err;
	err = netns_list_read(&s->root, false, &list);
	if (err)
		return err;
	entry = netns_list_find(&list, out->inode);
	if (entry && entry->name)
		netns_name(out, entry->name);
	netns_list_free(&list);
	return 0;
}

static void complain(const char *text, int err)
{
	if (err == -ENOENT && !session_asked_is_path(text))
		log_err("--netns %s: no such network namespace (ip netns lists those with a name; one without is given as "
			"/proc/PID/ns/net)",
			text);
	else if (err == -EINVAL)
		log_err("--netns %s: is no network namespace", text);
	else if (err == -EPERM)
		log_err("--netns %s: cannot be entered: %s (root or CAP_SYS_ADMIN is needed)", text, strerror(-err));
	else
		log_err("--netns %s: %s", text, strerror(-err));
}

static int add_asked(struct session *s, const char *text)
{
	struct space *space;
	struct netns ns;
	int err = open_asked(s, text, &ns);

	if (err) {
		complain(text, err);
		return err;
	}
	space = session_find_space(s, ns.inode);
	if (!space)
		return session_new_space(s, &ns, text, &space);
	netns_close(&ns); /* our own, or given twice */
	return 0;
}

int session_find_spaces(struct session *s)
{
	struct space *own;
	struct netns ns;
	int err = netns_own(&ns);

	if (err) {
		log_err("cannot read /proc/self/ns/net: %s (is /proc mounted?)", strerror(-err));
		return err;
	}
	err = iface_select_init(&s->select, s->opts->ifaces, s->opts->iface_cnt);
	if (!err)
		err = session_new_space(s, &ns, NULL, &own);
	for (size_t i = 0; !err && i < s->opts->netns_cnt; i++) {
		if (strcmp(s->opts->netns[i], NETNS_ALL))
			err = add_asked(s, s->opts->netns[i]);
		else
			s->all_netns = true;
	}
	return err;
}
