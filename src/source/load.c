/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/load.h"
#include "base/log.h"

#include <bcc/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compat/cpus.h"

#define VERIFIER_LOG_SIZE (1U << 20)
#define KEY_SIZE_MAX 64

/* One program on its way into the kernel. */
struct load_request {
	const struct bundle_prog *prog;
	const struct bpf_insn *insns; /* filled in */
	const char *license;
	uint32_t kern_version;
};

struct maps {
	const struct bundle *bundle;
	int *fds; /* as many as bundle->map_cnt */
};

/* Kernels below 5.11 charge maps and programs to RLIMIT_MEMLOCK (64 KiB by default). Where it may not be raised the
 * kernel will say so itself. */
static void raise_memlock(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &all);
}

static uint32_t map_entries(const struct bundle_map *map, const struct load_size *sizes, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (!strcmp(sizes[i].map, map->name))
			return sizes[i].max_entries;
	if (map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return cpus_possible();
	return map->max_entries;
}

static int create_map(const struct bundle_map *map, uint32_t entries)
{
	int fd = bcc_create_map((enum bpf_map_type)map->type, map->name, (int)map->key_size, (int)map->value_size,
		(int)entries, (int)map->flags);
	int err = errno;

	if (fd >= 0)
		return fd;
	log_err("cannot create BPF map %s with %u entries: %s%s", map->name, entries, strerror(err),
		err == EPERM	? " (root or CAP_BPF is needed)"
		: err == ENOMEM ? " (a smaller --map-size needs less memory)"
				: "");
	return -err;
}

int maps_create(const struct bundle *b, const struct load_size *sizes, size_t size_cnt, struct maps **out)
{
	struct maps *m = calloc(1, sizeof(*m));
	int err = -ENOMEM;

	raise_memlock();
	if (!m)
		return err;
	m->bundle = b;
	m->fds = malloc((b->map_cnt + 1) * sizeof(*m->fds));
	if (!m->fds)
		goto fail;
	for (uint32_t i = 0; i < b->map_cnt; i++)
		m->fds[i] = -1;
	for (uint32_t i = 0; i < b->map_cnt; i++) {
		err = create_map(&b->maps[i], map_entries(&b->maps[i], sizes, size_cnt));
		if (err < 0)
			goto fail;
		m->fds[i] = err;
	}
	*out = m;
	return 0;
fail:
	maps_free(m);
	return err;
}

void maps_free(struct maps *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; m->fds && i < m->bundle->map_cnt; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	free(m->fds);
	free(m);
}

int maps_fd(const struct maps *m, const char *name)
{
	for (uint32_t i = 0; i < m->bundle->map_cnt; i++)
		if (!strcmp(m->bundle->maps[i].name, name))
			return m->fds[i];
	return -ENOENT;
}

size_t load_patch_insns(struct bpf_insn *insns, size_t cnt, uint64_t mark, uint64_t value)
{
	size_t hits = 0;

	for (size_t i = 0; i + 1 < cnt; i++) {
		struct bpf_insn *lo = &insns[i], *hi = &insns[i + 1];

		if (lo->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (!lo->src_reg && ((uint64_t)(uint32_t)hi->imm << 32 | (uint32_t)lo->imm) == mark) {
			lo->imm = (int32_t)(uint32_t)value;
			hi->imm = (int32_t)(value >> 32);
			hits++;
		}
		i++; /* its second half is no instruction */
	}
	return hits;
}

static int fill_in(const struct bundle_prog *prog, const struct maps *m, const struct load_patch *patches,
	size_t patch_cnt, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < prog->reloc_cnt; i++) {
		insns[prog->relocs[i].insn].src_reg = BPF_PSEUDO_MAP_FD;
		insns[prog->relocs[i].insn].imm = m->fds[prog->relocs[i].map];
	}
	for (size_t i = 0; i < patch_cnt; i++) {
		if (load_patch_insns(insns, prog->insn_cnt, patches[i].mark, patches[i].value))
			continue;
		log_err("BPF program %s has no place for constant %#llx: the bundle is of another pidtap, build it "
			"anew",
			prog->name, (unsigned long long)patches[i].mark);
		return -EINVAL;
	}
	return 0;
}

static enum bpf_prog_type prog_type(const char *name)
{
	static const struct {
		const char *prefix;
		enum bpf_prog_type type;
	} types[] = {
		{"kp_", BPF_PROG_TYPE_KPROBE},
		{"kr_", BPF_PROG_TYPE_KPROBE},
		{"up_", BPF_PROG_TYPE_KPROBE},
		{"ur_", BPF_PROG_TYPE_KPROBE},
		{"tp_", BPF_PROG_TYPE_TRACEPOINT},
		{"te_", BPF_PROG_TYPE_TRACEPOINT},
		{"rt_", BPF_PROG_TYPE_RAW_TRACEPOINT},
		{"tc_", BPF_PROG_TYPE_SCHED_CLS},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strncmp(name, types[i].prefix, 3))
			return types[i].type;
	return BPF_PROG_TYPE_UNSPEC;
}

/* bpf(2) itself: libbcc's loader adds words of its own on stderr. */
static int bpf_load(const struct load_request *r, bool named, char *log, uint32_t log_size)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = prog_type(r->prog->name);
	attr.insns = (uintptr_t)r->insns;
	attr.insn_cnt = r->prog->insn_cnt;
	attr.license = (uintptr_t)r->license;
	attr.kern_version = r->kern_version;
	attr.log_buf = (uintptr_t)log;
	attr.log_size = log_size;
	attr.log_level = log ? 1 : 0;
	if (named)
		snprintf(attr.prog_name, sizeof(attr.prog_name), "%.15s", r->prog->name);
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	return fd < 0 ? -errno : fd;
}

static void print_refusal(const struct load_request *r, int err)
{
	char *log = NULL;
	int fd;

	if (err == -EPERM) {
		log_err("the kernel refused BPF program %s: %s (root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, are needed; "
			"lockdown may forbid it)",
			r->prog->name, strerror(-err));
		return;
	}
	log_err("the kernel refused BPF program %s (%u instructions): %s; the verifier's words:", r->prog->name,
		r->prog->insn_cnt, strerror(-err));
	log = calloc(1, VERIFIER_LOG_SIZE);
	if (!log)
		return;
	fd = bpf_load(r, false, log, VERIFIER_LOG_SIZE);
	if (fd >= 0)
		close(fd);
	log_block(log);
	free(log);
}

/* Loads without a log, which costs time and, when too small, the load; a refusal is repeated with it. Programs have names
 * since 4.15: kernels before refuse what they do not know with E2BIG. */
static int load_filled(const struct load_request *r)
{
	int fd = bpf_load(r, true, NULL, 0);

	if (fd == -E2BIG || fd == -EINVAL)
		fd = bpf_load(r, false, NULL, 0);
	if (fd < 0)
		print_refusal(r, fd);
	return fd;
}

int prog_load(const struct bundle *b, const struct maps *m, const char *name, const struct load_patch *patches,
	size_t patch_cnt, uint32_t kern_version)
{
	const struct bundle_prog *prog = bundle_find_prog(b, name);
	struct bpf_insn *insns;
	int err;

	if (!prog) {
		log_err("the bundle has no BPF program %s: it is of another pidtap or back-end, build it anew", name);
		return -ENOENT;
	}
	insns = malloc(prog->insn_cnt * sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	memcpy(insns, prog->insns, prog->insn_cnt * sizeof(*insns));
	err = fill_in(prog, m, patches, patch_cnt, insns);
	if (!err)
		err = load_filled(&(struct load_request){prog, insns, b->license, kern_version});
	free(insns);
	return err;
}

int map_sum_percpu(int fd, uint64_t *sums, uint32_t cnt)
{
	uint32_t cpus = cpus_possible();
	uint64_t *values = calloc(cpus, sizeof(*values)); /* u64: the kernel pads per-CPU values to 8 */
	int err = 0;

	if (!values)
		return -ENOMEM;
	for (uint32_t key = 0; key < cnt && !err; key++) {
		if (bpf_lookup_elem(fd, &key, values)) {
			err = -errno;
			break;
		}
		sums[key] = 0;
		for (uint32_t cpu = 0; cpu < cpus; cpu++)
			sums[key] += values[cpu];
	}
	free(values);
	return err;
}

int map_set_prog(int fd, uint32_t index, int prog_fd)
{
	return bpf_update_elem(fd, &index, &prog_fd, BPF_ANY) ? -errno : 0;
}

int map_put(int fd, const void *key, uint8_t value)
{
	return bpf_update_elem(fd, (void *)key, &value, BPF_ANY) ? -errno : 0;
}

int map_add(int fd, const void *key, uint8_t value)
{
	return bpf_update_elem(fd, (void *)key, &value, BPF_NOEXIST) ? -errno : 0;
}

int map_remove(int fd, const void *key)
{
	return bpf_delete_elem(fd, (void *)key) ? -errno : 0;
}

int map_get(int fd, const void *key, void *value)
{
	return bpf_lookup_elem(fd, (void *)(uintptr_t)key, value) ? -errno : 0;
}

int64_t map_count(int fd, size_t key_size, uint32_t max)
{
	uint8_t key[KEY_SIZE_MAX], next[KEY_SIZE_MAX];
	int64_t n = 0;

	if (key_size > KEY_SIZE_MAX)
		return -EINVAL;
	memset(key, 0xff, sizeof(key)); /* a key that is not there: the walk begins with the first */
	while (n < max && !bpf_get_next_key(fd, key, next)) {
		memcpy(key, next, key_size);
		n++;
	}
	return n == max || errno == ENOENT ? n : -errno;
}
