/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat/cpus.h"
#include "base/sysroot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CPU_MAX 65536
#define LIST_MAX 65536

static const struct sysroot here = {""};

/* Numbers only: strtoul would also take signs and spaces. */
static int read_cpu(const char **at, uint32_t *out)
{
	unsigned long v;
	char *end;

	if (**at < '0' || **at > '9')
		return -EINVAL;
	v = strtoul(*at, &end, 10);
	if (v >= CPU_MAX)
		return -EINVAL;
	*at = end;
	*out = (uint32_t)v;
	return 0;
}

/* "3" or "0-3" */
static int read_range(const char **at, uint32_t *first, uint32_t *last)
{
	int err = read_cpu(at, first);

	if (err)
		return err;
	*last = *first;
	if (**at != '-')
		return 0;
	++*at;
	return read_cpu(at, last);
}

/* The kernel's lists ascend, which also bounds them. */
static int append_range(uint32_t **cpus, size_t *cnt, uint32_t first, uint32_t last)
{
	uint32_t *grown;

	if (last < first || (*cnt && first <= (*cpus)[*cnt - 1]))
		return -EINVAL;
	grown = realloc(*cpus, (*cnt + last - first + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*cpus = grown;
	for (; first <= last; first++)
		grown[(*cnt)++] = first;
	return 0;
}

int cpus_parse(const char *list, uint32_t **cpus, size_t *cnt)
{
	uint32_t *found = NULL, first, last;
	size_t n = 0;
	int err;

	for (;; list++) {
		err = read_range(&list, &first, &last);
		if (!err)
			err = append_range(&found, &n, first, last);
		if (err || *list != ',')
			break;
	}
	if (!err && *list && strcmp(list, "\n"))
		err = -EINVAL;
	if (err) {
		free(found);
		return err;
	}
	*cpus = found;
	*cnt = n;
	return 0;
}

static int read_list(const char *path, uint32_t **cpus, size_t *cnt)
{
	char *text;
	int err = sysroot_read(&here, path, LIST_MAX, &text, NULL);

	if (err)
		return err;
	err = cpus_parse(text, cpus, cnt);
	free(text);
	return err;
}

uint32_t cpus_possible(void)
{
	uint32_t *cpus, max = 0;
	size_t cnt;

	if (read_list("/sys/devices/system/cpu/possible", &cpus, &cnt))
		return 1;
	for (size_t i = 0; i < cnt; i++)
		if (cpus[i] > max)
			max = cpus[i];
	free(cpus);
	return max + 1;
}

int cpus_online(uint32_t **cpus, size_t *cnt)
{
	return read_list("/sys/devices/system/cpu/online", cpus, cnt);
}
