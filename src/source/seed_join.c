/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/seed_join.h"
#include "source/procfd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PID_INIT 1

/* Room for one more. NULL: none; the list stays as it was. */
static void *grown(void *list, size_t cnt, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : 64;

	if (cnt < *room)
		return list;
	list = realloc(list, wanted * size);
	if (list)
		*room = wanted;
	return list;
}

/* A process's sockets come one after the other. Its index, or JOIN_NOBODY: no memory. */
static uint32_t proc_of(struct join *j, uint32_t pid)
{
	struct join_proc *procs;

	if (j->proc_cnt && j->procs[j->proc_cnt - 1].pid == pid)
		return (uint32_t)j->proc_cnt - 1;
	procs = grown(j->procs, j->proc_cnt, &j->proc_room, sizeof(*procs));
	if (!procs)
		return JOIN_NOBODY;
	j->procs = procs;
	procs[j->proc_cnt] = (struct join_proc){.pid = pid};
	return (uint32_t)j->proc_cnt++;
}

static int add_hold(struct join *j, size_t sock, uint32_t pid, int fd)
{
	struct join_hold *holds = grown(j->holds, j->hold_cnt, &j->hold_room, sizeof(*holds));
	uint32_t proc;

	if (!holds)
		return -ENOMEM;
	j->holds = holds;
	proc = proc_of(j, pid);
	if (proc == JOIN_NOBODY)
		return -ENOMEM;
	holds[j->hold_cnt++] = (struct join_hold){(uint32_t)sock, proc, fd};
	return 0;
}

/* Several tuples may be of one file: MPTCP's subflows, or one that changed between two lines of the table. */
static int on_descriptor(void *ctx, uint32_t pid, int fd, uint64_t ino)
{
	struct join *j = ctx;
	const struct socks *socks = j->socks;
	int err = 0;

	if (!ino)
		return 0;
	for (size_t i = socks_find_ino(socks, ino); !err && i < socks->cnt && socks->list[i].ino == ino; i++)
		err = add_hold(j, i, pid, fd);
	return err;
}

/* dup makes the same pair twice. */
static void sort_holds(struct join *j, int (*order)(const void *a, const void *b))
{
	size_t n = 0;

	if (!j->hold_cnt)
		return;
	qsort(j->holds, j->hold_cnt, sizeof(*j->holds), order);
	for (size_t i = 1; i < j->hold_cnt; i++)
		if (order(&j->holds[n], &j->holds[i]))
			j->holds[++n] = j->holds[i];
	j->hold_cnt = n + 1;
}

static int by_sock_and_proc(const void *a, const void *b)
{
	const struct join_hold *x = a, *y = b;

	if (x->sock != y->sock)
		return x->sock < y->sock ? -1 : 1;
	return x->proc < y->proc ? -1 : x->proc > y->proc;
}

/* Those that went meanwhile hold nothing. */
static void ask_who(struct join *j, const struct sysroot *root)
{
	size_t n = 0;

	for (size_t i = 0; i < j->proc_cnt; i++)
		if (procfd_owner(root, j->procs[i].pid, &j->procs[i].who))
			memset(&j->procs[i].who, 0, sizeof(j->procs[i].who));
	for (size_t i = 0; i < j->hold_cnt; i++)
		if (j->procs[j->holds[i].proc].who.pid)
			j->holds[n++] = j->holds[i];
	j->hold_cnt = n;
}

/* The order in which processes began; init counts as the last. */
static bool is_older(const struct ev_owner_val *a, const struct ev_owner_val *b)
{
	if ((a->pid == PID_INIT) != (b->pid == PID_INIT))
		return b->pid == PID_INIT;
	return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a->pid < b->pid;
}

/* seed_join.h says which. */
static uint32_t choose(const struct join *j, struct join_range r)
{
	uint32_t first = JOIN_NOBODY, chosen;

	for (size_t i = r.from; i < r.to; i++) {
		uint32_t p = j->holds[i].proc;

		if (first == JOIN_NOBODY || is_older(&j->procs[p].who, &j->procs[first].who))
			first = p;
	}
	chosen = first;
	for (size_t i = r.from; i < r.to; i++) {
		uint32_t p = j->holds[i].proc;

		if (!memcmp(j->procs[p].who.comm, j->procs[first].who.comm, EV_COMM_LEN) &&
			is_older(&j->procs[chosen].who, &j->procs[p].who) && j->procs[p].who.pid != PID_INIT)
			chosen = p;
	}
	return chosen;
}

struct join_range join_holds(const struct join *j, size_t sock)
{
	struct join_range r;
	size_t low = 0, high = j->hold_cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (j->holds[mid].sock < sock)
			low = mid + 1;
		else
			high = mid;
	}
	r.from = r.to = low;
	while (r.to < j->hold_cnt && j->holds[r.to].sock == sock)
		r.to++;
	return r;
}

int32_t join_owner_fd(const struct join *j, size_t sock)
{
	struct join_range r = join_holds(j, sock);

	for (size_t i = r.from; i < r.to; i++)
		if (j->holds[i].proc == j->of[sock].owner)
			return j->holds[i].fd;
	return -1;
}

int join_run(struct join *j, const struct sysroot *root, const struct socks *socks)
{
	size_t cnt = socks->cnt;
	int err;

	memset(j, 0, sizeof(*j));
	j->socks = socks;
	j->of = calloc(cnt + 1, sizeof(*j->of));
	if (!j->of)
		return -ENOMEM;
	err = procfd_each(root, on_descriptor, j);
	if (err)
		return err;
	sort_holds(j, by_sock_and_proc);
	ask_who(j, root);
	for (size_t i = 0; i < cnt; i++)
		j->of[i].owner = choose(j, join_holds(j, i));
	return 0;
}

void join_fini(struct join *j)
{
	free(j->procs);
	free(j->holds);
	free(j->of);
}
