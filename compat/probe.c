/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat/probe.h"
#include "compat/insn.h"
#include "compat/kver.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CNT(a) (sizeof(a) / sizeof((a)[0]))
#define LICENSE "GPL"

/* Above the 4096 of kernels below 5.2 (include/uapi/linux/bpf_common.h: BPF_MAXINSNS) */
#define LARGE_INSNS 5000

/* BPF_FUNC_ktime_get_coarse_ns: came with 5.11, not in Debian 11's linux/bpf.h */
#define HELPER_COARSE_NS 160

/* A descriptor, or negative errno. */
static int bpf_call(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long fd = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return fd < 0 ? -errno : (int)fd;
}

/* Below 5.11 maps and programs count against RLIMIT_MEMLOCK, which is 64 KiB by default. Where it cannot be
 * raised the trial ends in EPERM, and that is UNKNOWN. */
static void raise_memlock(uint32_t kver)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	if (kver < KVER(5, 11, 0))
		(void)setrlimit(RLIMIT_MEMLOCK, &all);
}

static int try_map(enum bpf_map_type type)
{
	union bpf_attr attr;

	/* All of it: {0} leaves bytes unset since GCC 15, and the kernel looks at them. */
	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = sizeof(uint64_t);
	attr.value_size = sizeof(uint64_t);
	attr.max_entries = 1;
	return bpf_call(BPF_MAP_CREATE, &attr);
}

static int try_prog(enum bpf_prog_type type, const struct bpf_insn *insns, size_t cnt, const char *name)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)cnt;
	attr.license = (uintptr_t)LICENSE;
	strncpy(attr.prog_name, name, sizeof(attr.prog_name) - 1);
	return bpf_call(BPF_PROG_LOAD, &attr);
}

static int try_empty_prog(enum bpf_prog_type type, const char *name)
{
	const struct bpf_insn insns[] = {INSN_MOV_IMM(BPF_REG_0, 0), INSN_EXIT()};

	return try_prog(type, insns, CNT(insns), name);
}

/* Do maps and programs that every kernel has work at all? Without this a refusal by a security module
 * (SELinux says EACCES, as the verifier does) would pass for a missing feature. */
static bool control_passes(void)
{
	int map = try_map(BPF_MAP_TYPE_HASH);
	int prog = try_empty_prog(BPF_PROG_TYPE_SCHED_CLS, "");

	if (map >= 0)
		close(map);
	if (prog >= 0)
		close(prog);
	return map >= 0 && prog >= 0;
}

/* What kernels say to what they do not know: EINVAL; E2BIG for too many instructions and for attributes
 * beyond their own union; the verifier EACCES. Takes the descriptor. */
static enum probe_result verdict(int fd)
{
	if (fd >= 0) {
		close(fd);
		return PROBE_YES;
	}
	if (fd != -EINVAL && fd != -E2BIG && fd != -EACCES)
		return PROBE_UNKNOWN;
	return control_passes() ? PROBE_NO : PROBE_UNKNOWN;
}

/* The kernel under a sysroot is another one: asking ours would answer for the wrong machine. */
static bool can_try(const struct features *f)
{
	if (f->assumed || *f->root.prefix)
		return false;
	raise_memlock(f->kver);
	return true;
}

enum probe_result probe_lru_hash(const struct features *f)
{
	return can_try(f) ? verdict(try_map(BPF_MAP_TYPE_LRU_HASH)) : PROBE_UNKNOWN;
}

/* Helpers of the form f(void *stack, u32 size, ...) are tried in a tracepoint program: it has the helpers of
 * a kprobe program (kernel/trace/bpf_trace.c) and, unlike that, no kern_version that must match. */
static enum probe_result probe_helper(const struct features *f, int helper)
{
	const struct bpf_insn insns[] = {
		INSN_MOV_REG(BPF_REG_1, BPF_REG_10),
		INSN_ADD_IMM(BPF_REG_1, -8),
		INSN_MOV_IMM(BPF_REG_2, 8),
		INSN_MOV_IMM(BPF_REG_3, 0),
		INSN_CALL(helper),
		INSN_MOV_IMM(BPF_REG_0, 0),
		INSN_EXIT(),
	};

	return can_try(f) ? verdict(try_prog(BPF_PROG_TYPE_TRACEPOINT, insns, CNT(insns), ""))
			  : PROBE_UNKNOWN;
}

enum probe_result probe_read_kernel(const struct features *f)
{
	return probe_helper(f, BPF_FUNC_probe_read_kernel);
}

/* How memory is accounted cannot be tried without exhausting it: a helper of the same release stands for it.
 * Tracing programs may not call it. */
enum probe_result probe_memcg_account(const struct features *f)
{
	const struct bpf_insn insns[] = {
		INSN_CALL(HELPER_COARSE_NS), INSN_MOV_IMM(BPF_REG_0, 0), INSN_EXIT()};

	return can_try(f) ? verdict(try_prog(BPF_PROG_TYPE_SCHED_CLS, insns, CNT(insns), "")) : PROBE_UNKNOWN;
}

enum probe_result probe_prog_name(const struct features *f)
{
	return can_try(f) ? verdict(try_empty_prog(BPF_PROG_TYPE_SCHED_CLS, "pidtap")) : PROBE_UNKNOWN;
}

enum probe_result probe_raw_tp(const struct features *f)
{
	return can_try(f) ? verdict(try_empty_prog(BPF_PROG_TYPE_RAW_TRACEPOINT, "")) : PROBE_UNKNOWN;
}

/* What probes/ does with skb->sk: the pointer is tested, stored and looked up. Reading it alone works
 * earlier. */
static int try_skb_sk(int map)
{
	const struct bpf_insn insns[] = {
		INSN_LOAD64(BPF_REG_1, BPF_REG_1, offsetof(struct __sk_buff, sk)),
		INSN_JEQ_IMM(BPF_REG_1, 0, 6),
		INSN_STORE64(BPF_REG_10, -8, BPF_REG_1),
		INSN_LD_MAP(BPF_REG_1, map),
		INSN_MOV_REG(BPF_REG_2, BPF_REG_10),
		INSN_ADD_IMM(BPF_REG_2, -8),
		INSN_CALL(BPF_FUNC_map_lookup_elem),
		INSN_MOV_IMM(BPF_REG_0, 0),
		INSN_EXIT(),
	};

	return try_prog(BPF_PROG_TYPE_SCHED_CLS, insns, CNT(insns), "");
}

/* A program that needs a map. */
static enum probe_result probe_with_map(const struct features *f, int (*try)(int map))
{
	enum probe_result result = PROBE_UNKNOWN;
	int map;

	if (!can_try(f))
		return PROBE_UNKNOWN;
	map = try_map(BPF_MAP_TYPE_HASH);
	if (map >= 0) {
		result = verdict(try(map));
		close(map);
	}
	return result;
}

enum probe_result probe_skb_sk(const struct features *f)
{
	return probe_with_map(f, try_skb_sk);
}

static int try_mem_in_map(int map)
{
	const struct bpf_insn insns[] = {
		INSN_STORE64_IMM(BPF_REG_10, -8, 0),
		INSN_LD_MAP(BPF_REG_1, map),
		INSN_MOV_REG(BPF_REG_2, BPF_REG_10),
		INSN_ADD_IMM(BPF_REG_2, -8),
		INSN_CALL(BPF_FUNC_map_lookup_elem),
		INSN_JEQ_IMM(BPF_REG_0, 0, 4),
		INSN_MOV_REG(BPF_REG_1, BPF_REG_0),
		INSN_MOV_IMM(BPF_REG_2, 8),
		INSN_MOV_IMM(BPF_REG_3, 0),
		INSN_CALL(BPF_FUNC_probe_read),
		INSN_MOV_IMM(BPF_REG_0, 0),
		INSN_EXIT(),
	};

	return try_prog(BPF_PROG_TYPE_TRACEPOINT, insns, CNT(insns), "");
}

enum probe_result probe_mem_in_map(const struct features *f)
{
	return probe_with_map(f, try_mem_in_map);
}

enum probe_result probe_large_prog(const struct features *f)
{
	enum probe_result result;
	struct bpf_insn *insns;

	if (!can_try(f))
		return PROBE_UNKNOWN;
	insns = calloc(LARGE_INSNS, sizeof(*insns));
	if (!insns)
		return PROBE_UNKNOWN;
	for (size_t i = 0; i < LARGE_INSNS - 1; i++)
		insns[i] = (struct bpf_insn)INSN_MOV_IMM(BPF_REG_0, 0);
	insns[LARGE_INSNS - 1] = (struct bpf_insn)INSN_EXIT();
	result = verdict(try_prog(BPF_PROG_TYPE_SCHED_CLS, insns, LARGE_INSNS, ""));
	free(insns);
	return result;
}

/* Attaching needs neither tracefs nor /proc/kallsyms, which may be unmounted or hidden. */
static enum probe_result probe_tracepoint(
	const struct features *f, const char *name, const char *tracefs_path)
{
	union bpf_attr attr;
	int prog, link;

	if (!can_try(f))
		return PROBE_UNKNOWN;
	prog = try_empty_prog(BPF_PROG_TYPE_RAW_TRACEPOINT, "");
	if (prog < 0)
		return probe_tracefs(f, tracefs_path);
	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = (uintptr_t)name;
	attr.raw_tracepoint.prog_fd = (uint32_t)prog;
	link = bpf_call(BPF_RAW_TRACEPOINT_OPEN, &attr);
	close(prog);
	return link == -ENOENT ? PROBE_NO : verdict(link);
}

enum probe_result probe_sock_length_tp(const struct features *f)
{
	return probe_tracepoint(f, "sock_send_length", "events/sock/sock_send_length");
}

enum probe_result probe_sock_state_tp(const struct features *f)
{
	return probe_tracepoint(f, "inet_sock_set_state", "events/sock/inet_sock_set_state");
}
