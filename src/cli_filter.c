/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli_filter.h"
#include "cli_number.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

static int out_of_memory(void)
{
	log_err("out of memory");
	return -ENOMEM;
}

static int append_u32(uint32_t **list, size_t *cnt, uint32_t v)
{
	uint32_t *grown = realloc(*list, (*cnt + 1) * sizeof(*grown));

	if (!grown)
		return out_of_memory();
	*list = grown;
	grown[(*cnt)++] = v;
	return 0;
}

int cli_append(const char ***list, size_t *cnt, const char *arg)
{
	const char **grown = realloc(*list, (*cnt + 1) * sizeof(*grown));

	if (!grown)
		return out_of_memory();
	*list = grown;
	grown[(*cnt)++] = arg;
	return 0;
}

int cli_set_pid(struct options *opts, const char *name, const char *arg)
{
	uint64_t v;
	int err = cli_number(name, arg, 1, INT32_MAX, &v);

	return err ? err : append_u32(&opts->pids, &opts->pid_cnt, (uint32_t)v);
}

int cli_set_uid(struct options *opts, const char *name, const char *arg)
{
	uint64_t v;
	int err = cli_number(name, arg, 0, UINT32_MAX - 1, &v);

	return err ? err : append_u32(&opts->uids, &opts->uid_cnt, (uint32_t)v);
}

int cli_set_comm(struct options *opts, const char *name, const char *arg)
{
	(void)name;
	return cli_append(&opts->comms, &opts->comm_cnt, arg);
}

bool cli_is_filtered(const struct options *opts)
{
	return opts->pid_cnt || opts->uid_cnt || opts->comm_cnt || opts->command;
}
