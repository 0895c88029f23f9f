/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat/cpus.h"
#include "base/sysroot.h"

#include <errno.h>
#include <stdlib.h>

#define CPU_MAX 65536
#define LIST_MAX 65536

static const struct sysroot here = {""};

static int append_range(uint32_t **cpus, size_t *cnt, unsigned long first, unsigned long last)
{
	uint32_t *grown;

	if (last < first || last >= CPU_MAX)
		return -EINVAL;
	grown = realloc(*cpus, (*cnt + last - first + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*cpus = grown;
	for (; first <= last; first++)
		grown[(*cnt)++] = (uint32_t)first;
	return 0;
}

int cpus_parse(const char *list, uint32_t **cpus, size_t *cnt)
{
	uint32_t *found = NULL;
	size_t n = 0;
	int err = -EINVAL;

	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		err = append_range(&found, &n, first, last);
		if (err)
			break;
		list = *end == ',' ? end + 1 : end;
	}
	if (err || (*list && *list != '\n')) {
		free(found);
		return err ? err : -EINVAL;
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
