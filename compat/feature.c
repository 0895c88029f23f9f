/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat/feature.h"
#include "compat/kver.h"
#include "compat/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	struct feature_info info;
	enum probe_result (*probe)(const struct features *f);
};

/* Where the versions are from: [bcc] docs/kernel-versions.md of BCC, with the commit it names; [commit] the
 * kernel commit that brought it, and where; [seen] tried on real kernels. */
static const struct row table[FEAT_CNT] = {
	/* [bcc] 29ba732acbee, 3a08c2fd7634 */
	[FEAT_LRU_HASH] = {
		{"LRU_HASH", "maps that drop their oldest entry when full", KVER(4, 10, 0), true,
			"a full owner map takes new owners only after user space has evicted old ones"},
		probe_lru_hash,
	},
	/* [commit] 5722569bb9c3 kernel/bpf/verifier.c; [seen] refused on 4.9, taken on 4.14 */
	[FEAT_MEM_IN_MAP] = {
		{"MEM_IN_MAP", "buffers of BPF programs in maps", KVER(4, 11, 0), true,
			"TLS plaintext comes in pieces of 128 bytes, and no more than 33 KiB of a call"},
		probe_mem_in_map,
	},
	/* [commit] cf5f5cea2706 kernel/trace/trace_syscalls.c; [seen] EINVAL on 4.9, taken on 4.14 */
	[FEAT_SYSCALL_TP_BPF] = {
		{"SYSCALL_TP_BPF", "programs on system call tracepoints", KVER(4, 14, 0), true,
			"the tracepoint back-end cannot see accept, bind and sendto; plaintext of programs that have TLS in memory (asyncio, "
			"Node) has no connection"},
		probe_syscall_tp,
	},
	/* [commit] cb4d2b3f03d8 include/uapi/linux/bpf.h */
	[FEAT_PROG_NAME] = {
		{"PROG_NAME", "names of programs and maps", KVER(4, 15, 0), false,
			"bpftool shows our programs without a name"},
		probe_prog_name,
	},
	/* [bcc] c4f6699dfcb8 */
	[FEAT_RAW_TP] = {
		{"RAW_TP", "raw tracepoint programs", KVER(4, 17, 0), false,
			"the tracepoint back-end learns senders from their system calls only"},
		probe_raw_tp,
	},
	/* [commit] e12f03d7031a kernel/events/core.c */
	[FEAT_PERF_KPROBE] = {
		{"PERF_KPROBE", "kprobes as perf events", KVER(4, 17, 0), false,
			"probe names of a killed run stay in tracefs until the next start"},
		probe_perf_kprobe,
	},
	/* Readable since 5.1, [commit] 46f8bc92758c; a stored pointer passes as a map key only since 5.11,
	 * [commit] cd17d38f8b28. [seen] refused on 4.14; loads on 5.10.223, where it is backported and the
	 * trial finds it, and on 6.1 and later */
	[FEAT_SKB_SK] = {
		{"SKB_SK", "a packet's socket as a key in a tc program", KVER(5, 11, 0), true,
			"with the tracepoint back-end a connection's first packet is settled in user space"},
		probe_skb_sk,
	},
	/* [commit] c04c0d2b968a include/linux/bpf.h BPF_COMPLEXITY_LIMIT_INSNS */
	[FEAT_LARGE_PROG] = {
		{"LARGE_PROG", "programs of more than 4096 instructions", KVER(5, 2, 0), false,
			"nothing: every program is held to 4096"},
		probe_large_prog,
	},
	/* [bcc] 6ae08ae3dea2 */
	[FEAT_PROBE_READ_KERNEL] = {
		{"PROBE_READ_KERNEL", "reading kernel and user memory told apart", KVER(5, 5, 0),
			true,
			"bpf_probe_read does both, which is wrong where their addresses overlap (s390x)"},
		probe_read_kernel,
	},
	/* [commit] 80ee81e0403c kernel/bpf/syscall.c */
	[FEAT_MEMCG_ACCOUNT] = {
		{"MEMCG_ACCOUNT", "BPF memory charged to the cgroup", KVER(5, 11, 0), false,
			"the limit of locked memory (RLIMIT_MEMLOCK) has to be raised"},
		probe_memcg_account,
	},
	[FEAT_KPROBES] = {
		{"KPROBES", "kprobes (CONFIG_KPROBE_EVENTS)", 0, false,
			"only the tracepoint back-end can be used"},
		probe_kprobes,
	},
	/* [commit] 6e6eda44b939 include/trace/events/sock.h */
	[FEAT_SOCK_LENGTH_TP] = {
		{"SOCK_LENGTH_TP", "tracepoints sock:sock_send_length, sock:sock_recv_length",
			KVER(6, 3, 0), false,
			"the tracepoint back-end learns senders from their system calls only"},
		probe_sock_length_tp,
	},
	/* [commit] 563e0bb0dc74 include/trace/events/sock.h */
	[FEAT_SOCK_STATE_TP] = {
		{"SOCK_STATE_TP", "tracepoint sock:inet_sock_set_state", KVER(4, 16, 0), false,
			"the tracepoint back-end cannot see connections begin and end"},
		probe_sock_state_tp,
	},
	/* clsact [bcc] 1f211a1b929c is of 4.5: every kernel we serve has it, if it was built in */
	[FEAT_TC_BPF] = {
		{"TC_BPF", "tc programs (CONFIG_NET_CLS_BPF, CONFIG_NET_SCH_INGRESS)", 0, false,
			"no packet can be captured"},
		probe_tc_bpf,
	},
	[FEAT_JIT] = {
		{"JIT", "BPF compiled to machine code (sysctl net.core.bpf_jit_enable)", 0, false,
			"every packet costs several times the processor time"},
		probe_jit,
	},
};

static uint32_t kver_of(const struct sysroot *root)
{
	uint32_t kver = 0;
	char *text;

	if (!*root->prefix && !kver_running(&kver))
		return kver;
	if (!sysroot_read(root, "/proc/sys/kernel/osrelease", 4096, &text, NULL)) {
		kver_parse(text, &kver);
		free(text);
	}
	return kver;
}

void features_init(struct features *f, const struct sysroot *root, uint32_t assume_kver)
{
	memset(f, 0, sizeof(*f));
	f->root = *root;
	f->assumed = assume_kver != 0;
	f->kver = assume_kver ? assume_kver : kver_of(root);
}

static bool find_out(const struct features *f, const struct row *row)
{
	enum probe_result result;

	if (f->assumed && row->info.since)
		return f->kver >= row->info.since;
	result = row->probe(f);
	return result == PROBE_UNKNOWN ? f->kver >= row->info.since : result == PROBE_YES;
}

bool feature_has(struct features *f, enum feature id)
{
	if (!f->state[id])
		f->state[id] = find_out(f, &table[id]) ? 1 : -1;
	return f->state[id] > 0;
}

const struct feature_info *feature_info(enum feature id)
{
	return &table[id].info;
}

size_t feature_defines(struct features *f, char out[FEAT_CNT][40])
{
	size_t cnt = 0;

	for (enum feature id = 0; id < FEAT_CNT; id++)
		if (table[id].info.toggle)
			snprintf(out[cnt++], sizeof(out[0]), "-DHAVE_%s=%d", table[id].info.name,
				feature_has(f, id));
	return cnt;
}
