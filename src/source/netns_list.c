/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/netns_list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL: out of memory. */
static struct netns_entry *append(struct netns_list *list, uint32_t inode)
{
	struct netns_entry *grown = realloc(list->all, (list->cnt + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	list->all = grown;
	grown[list->cnt] = (struct netns_entry){.inode = inode};
	return &grown[list->cnt++];
}

static struct netns_entry *find(const struct netns_list *list, uint32_t inode)
{
	for (size_t i = 0; i < list->cnt; i++)
		if (list->all[i].inode == inode)
			return &list->all[i];
	return NULL;
}

static int add_name(const struct sysroot *root, struct netns_list *list, const char *name)
{
	struct netns_entry *e;
	char path[PATH_MAX], *copy;
	uint32_t inode;

	if (sysroot_path(root, path, sizeof(path), NETNS_DIR "/%s", name))
		return 0;
	inode = netns_inode_at(path);
	if (!inode)
		return 0;
	e = find(list, inode);
	if (e && strcmp(e->name, name) <= 0)
		return 0;
	copy = strdup(name);
	e = e ? e : copy ? append(list, inode) : NULL;
	if (!e || !copy) {
		free(copy);
		return -ENOMEM;
	}
	free(e->name);
	e->name = copy;
	return 0;
}

static int read_names(const struct sysroot *root, struct netns_list *list)
{
	char path[PATH_MAX];
	struct dirent *e;
	int err = 0;
	DIR *dir;

	if (sysroot_path(root, path, sizeof(path), NETNS_DIR))
		return 0;
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!err && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			err = add_name(root, list, e->d_name);
	closedir(dir);
	return err;
}

/* The link says it, "net:[4026531840]": opening each would cost more. 0: the process is gone. */
static uint32_t inode_of_process(int proc_fd, const char *pid)
{
	char path[NAME_MAX + sizeof("/ns/net")], link[64];
	unsigned int inode;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/ns/net", pid);
	len = readlinkat(proc_fd, path, link, sizeof(link) - 1);
	if (len < 0)
		return 0;
	link[len] = 0;
	return sscanf(link, "net:[%u]", &inode) == 1 ? inode : 0;
}

/* Neighbours in /proc are mostly in the same one. */
static int read_processes(const struct sysroot *root, struct netns_list *list)
{
	uint32_t inode, last = 0;
	char path[PATH_MAX];
	struct dirent *e;
	int err = 0;
	DIR *dir;

	if (sysroot_path(root, path, sizeof(path), "/proc"))
		return 0;
	dir = opendir(path);
	while (dir && !err && (e = readdir(dir))) {
		struct netns_entry *new;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		inode = inode_of_process(dirfd(dir), e->d_name);
		if (!inode || inode == last)
			continue;
		last = inode;
		if (find(list, inode))
			continue;
		new = append(list, inode);
		err = new ? 0 : -ENOMEM;
		if (new)
			new->pid = (uint32_t)strtoul(e->d_name, NULL, 10);
	}
	if (dir)
		closedir(dir);
	return err;
}

int netns_list_read(const struct sysroot *root, bool processes, struct netns_list *out)
{
	struct netns_list list = {0};
	int err = read_names(root, &list);

	if (!err && processes)
		err = read_processes(root, &list);
	if (err)
		netns_list_free(&list);
	else
		*out = list;
	return err;
}

void netns_list_free(struct netns_list *list)
{
	for (size_t i = 0; i < list->cnt; i++)
		free(list->all[i].name);
	free(list->all);
	*list = (struct netns_list){0};
}

const struct netns_entry *netns_list_find(const struct netns_list *list, uint32_t inode)
{
	return find(list, inode);
}

int netns_list_open(const struct sysroot *root, const struct netns_entry *entry, struct netns *out)
{
	char path[PATH_MAX];
	struct netns ns;
	int err;

	if (entry->name)
		err = sysroot_path(root, path, sizeof(path), NETNS_DIR "/%s", entry->name);
	else
		err = sysroot_path(root, path, sizeof(path), "/proc/%u/ns/net", entry->pid);
	if (!err)
		err = netns_open(path, entry->name, &ns);
	if (err)
		return err;
	if (ns.inode != entry->inode) {
		netns_close(&ns);
		return -ESTALE;
	}
	*out = ns;
	return 0;
}
