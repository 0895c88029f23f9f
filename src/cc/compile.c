/* SPDX-License-Identifier: BSD-2-Clause */
#include "cc/cc.h"
#include "base/log.h"

#include <bcc/bcc_common.h>
#include <bcc/bcc_version.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

/* A call of an undeclared helper would become a call of nothing in the bytecode. */
static const char implicit_is_error[] = "-Werror=implicit-function-declaration";

const char *cc_libbcc_version(void)
{
	return LIBBCC_VERSION;
}

static int copy_name(char *to, size_t size, const char *name)
{
	size_t len = strlen(name);

	if (len >= size) {
		log_err("the name %s is longer than %zu characters", name, size - 1);
		return -EINVAL;
	}
	memcpy(to, name, len + 1);
	return 0;
}

static int take_license(void *module, struct bundle *out)
{
	const char *license = bpf_module_license(module);

	return copy_name(out->license, sizeof(out->license), license ? license : "");
}

static int take_maps(void *module, struct bundle *out)
{
	size_t cnt = bpf_num_tables(module);

	out->maps = calloc(cnt ? cnt : 1, sizeof(*out->maps));
	if (!out->maps)
		return -ENOMEM;
	out->map_cnt = (uint32_t)cnt;
	for (size_t i = 0; i < cnt; i++) {
		struct bundle_map *map = &out->maps[i];
		int err = copy_name(map->name, sizeof(map->name), bpf_table_name(module, i));

		if (err)
			return err;
		map->type = (uint32_t)bpf_table_type_id(module, i);
		map->key_size = (uint32_t)bpf_table_key_size_id(module, i);
		map->value_size = (uint32_t)bpf_table_leaf_size_id(module, i);
		map->flags = (uint32_t)bpf_table_flags_id(module, i);
		/* libbcc writes the number of CPUs it sees here, which is not the one of where the bundle
		 * goes. */
		if (map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			map->max_entries = (uint32_t)bpf_table_max_entries_id(module, i);
	}
	return 0;
}

static int map_of_fd(void *module, int fd, uint32_t *map)
{
	for (size_t i = 0; i < bpf_num_tables(module); i++) {
		if (bpf_table_fd_id(module, i) == fd) {
			*map = (uint32_t)i;
			return 0;
		}
	}
	return -ENOENT;
}

static int take_reloc(void *module, struct bundle_prog *prog, uint32_t at)
{
	struct bundle_reloc *reloc = &prog->relocs[prog->reloc_cnt];
	struct bpf_insn *insn = &prog->insns[at];

	if (insn->src_reg != BPF_PSEUDO_MAP_FD || map_of_fd(module, insn->imm, &reloc->map)) {
		log_err("%s: instruction %u refers to something that is not a map", prog->name, at);
		return -EINVAL;
	}
	insn->imm = 0;
	reloc->insn = at;
	prog->reloc_cnt++;
	return 0;
}

static int take_relocs(void *module, struct bundle_prog *prog)
{
	prog->relocs = calloc(prog->insn_cnt / 2 + 1, sizeof(*prog->relocs)); /* each takes two slots */
	if (!prog->relocs)
		return -ENOMEM;
	for (uint32_t i = 0; i + 1 < prog->insn_cnt; i++) {
		int err;

		if (prog->insns[i].code != (BPF_LD | BPF_DW | BPF_IMM))
			continue;
		err = prog->insns[i].src_reg ? take_reloc(module, prog, i) : 0;
		if (err)
			return err;
		i++; /* the second slot is data */
	}
	return 0;
}

static int take_prog(void *module, size_t id, struct bundle_prog *prog)
{
	size_t size = bpf_function_size_id(module, id);
	int err = copy_name(prog->name, sizeof(prog->name), bpf_function_name(module, id));

	if (err)
		return err;
	prog->insns = malloc(size);
	if (!prog->insns)
		return -ENOMEM;
	memcpy(prog->insns, bpf_function_start_id(module, id), size);
	prog->insn_cnt = (uint32_t)(size / sizeof(*prog->insns));
	return take_relocs(module, prog);
}

static int take_progs(void *module, struct bundle *out)
{
	size_t cnt = bpf_num_functions(module);
	int err = 0;

	if (!cnt) {
		log_err("the text has no program in it");
		return -EINVAL;
	}
	out->progs = calloc(cnt, sizeof(*out->progs));
	if (!out->progs)
		return -ENOMEM;
	out->prog_cnt = (uint32_t)cnt;
	for (size_t i = 0; i < cnt && !err; i++)
		err = take_prog(module, i, &out->progs[i]);
	return err;
}

int cc_compile(const char *text, char *const *flags, int flag_cnt, struct bundle *out)
{
	const char **cflags = calloc((size_t)flag_cnt + 1, sizeof(*cflags));
	struct bundle b = {0};
	void *module;
	int err;

	if (!cflags)
		return -ENOMEM;
	cflags[0] = implicit_is_error;
	for (int i = 0; i < flag_cnt; i++)
		cflags[i + 1] = flags[i];
	module = bpf_module_create_c_from_string(text, 0, cflags, flag_cnt + 1, true, NULL);
	free(cflags);
	if (!module)
		return -EINVAL;
	err = take_license(module, &b);
	if (!err)
		err = take_maps(module, &b);
	if (!err)
		err = take_progs(module, &b);
	bpf_module_destroy(module);
	if (err)
		bundle_free(&b);
	else
		*out = b;
	return err;
}
