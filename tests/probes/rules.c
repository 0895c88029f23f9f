/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/probes/rules.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>

#define CNT(a) (sizeof(a) / sizeof((a)[0]))
#define NEVER SINCE_NEVER
#define ALWAYS KVER(4, 9, 0) /* the oldest kernel pidtap serves has it */

static const struct rule_prog progs[] = {
	/* [bcc] 4.1 2541517c32be */
	{"kp_", "kprobe", RULE_TRACING, ALWAYS},
	{"kr_", "kretprobe", RULE_TRACING, ALWAYS},
	/* the same type of program; uprobes [bcc] 4.3 04a22fae4cbc */
	{"up_", "uprobe", RULE_TRACING, ALWAYS},
	{"ur_", "uretprobe", RULE_TRACING, ALWAYS},
	/* [commit] cf5f5cea2706; [seen] EINVAL on 4.9 */
	{"tp_", "system call tracepoint", RULE_TRACING, KVER(4, 14, 0)},
	/* [bcc] 4.7 98b5c2c65c29 */
	{"te_", "tracepoint", RULE_TRACING, ALWAYS},
	/* [bcc] c4f6699dfcb8 */
	{"rt_", "raw tracepoint", RULE_TRACING, KVER(4, 17, 0)},
	/* [bcc] 4.1 e2e9b6541dd4 */
	{"tc_", "tc", RULE_TC, ALWAYS},
};

/* In the order of their numbers. NEVER for tc: some were opened to it in the 5.x series, but the text
 * has to run without. That tc programs of 4.9, 4.14 and 4.19 have no probe_read is [seen]; which helpers a
 * program type has is [bcc], and kernel/trace/bpf_trace.c and net/core/filter.c of the kernel. */
static const struct rule_helper helpers[] = {
	/* [bcc] 3.19 d0003ec01c66 */
	{BPF_FUNC_map_lookup_elem, "map_lookup_elem", {ALWAYS, ALWAYS}, {RULE_MAP, RULE_KEY}},
	{BPF_FUNC_map_update_elem, "map_update_elem", {ALWAYS, ALWAYS},
		{RULE_MAP, RULE_KEY, RULE_VALUE, RULE_ANY}},
	{BPF_FUNC_map_delete_elem, "map_delete_elem", {ALWAYS, ALWAYS}, {RULE_MAP, RULE_KEY}},
	/* [bcc] 4.1 2541517c32be */
	{BPF_FUNC_probe_read, "probe_read", {ALWAYS, NEVER}, {RULE_OUT, RULE_SIZE, RULE_ANY}},
	/* [bcc] 4.1 d9847d310ab4 */
	{BPF_FUNC_ktime_get_ns, "ktime_get_ns", {ALWAYS, ALWAYS}, {0}},
	/* [bcc] 4.1 c04167ce2ca0 */
	{BPF_FUNC_get_smp_processor_id, "get_smp_processor_id", {ALWAYS, ALWAYS}, {0}},
	/* [bcc] 4.2 04fd61ab36ec */
	{BPF_FUNC_tail_call, "tail_call", {ALWAYS, ALWAYS}, {RULE_CTX, RULE_MAP, RULE_ANY}},
	/* [bcc] 4.2 ffeedafbf023 */
	{BPF_FUNC_get_current_pid_tgid, "get_current_pid_tgid", {ALWAYS, NEVER}, {0}},
	{BPF_FUNC_get_current_uid_gid, "get_current_uid_gid", {ALWAYS, NEVER}, {0}},
	{BPF_FUNC_get_current_comm, "get_current_comm", {ALWAYS, NEVER}, {RULE_OUT, RULE_SIZE}},
	/* [bcc] 4.4 a43eec304259; in tc programs 4.8; [seen] 4.9 */
	{BPF_FUNC_perf_event_output, "perf_event_output", {ALWAYS, ALWAYS},
		{RULE_CTX, RULE_MAP, RULE_ANY, RULE_IN, RULE_SIZE}},
	/* [bcc] 4.5 05c74e5e53f6 */
	{BPF_FUNC_skb_load_bytes, "skb_load_bytes", {NEVER, ALWAYS},
		{RULE_CTX, RULE_ANY, RULE_OUT, RULE_SIZE}},
	/* [bcc] 4.8 606274c5abd8 */
	{BPF_FUNC_get_current_task, "get_current_task", {ALWAYS, NEVER}, {0}},
	/* [bcc] 4.9 36bbef52c7eb */
	{BPF_FUNC_skb_pull_data, "skb_pull_data", {NEVER, ALWAYS}, {RULE_CTX, RULE_ANY}},
	/* [bcc] a5e8c07059d0; [seen] refused on 4.9 */
	{BPF_FUNC_probe_read_str, "probe_read_str", {KVER(4, 11, 0), NEVER}, {RULE_OUT, RULE_SIZE, RULE_ANY}},
	/* [bcc] 91b8270f2a4d, 6acc5c291068 */
	{BPF_FUNC_get_socket_cookie, "get_socket_cookie", {NEVER, KVER(4, 12, 0)}, {RULE_CTX}},
	{BPF_FUNC_get_socket_uid, "get_socket_uid", {NEVER, KVER(4, 12, 0)}, {RULE_CTX}},
	/* [bcc] 46f8bc92758c; the text asks from 5.11 on only (HAVE_SKB_SK) */
	{BPF_FUNC_sk_fullsock, "sk_fullsock", {NEVER, KVER(5, 1, 0)}, {RULE_ANY}},
	/* [bcc] 6ae08ae3dea2 */
	{BPF_FUNC_probe_read_user, "probe_read_user", {KVER(5, 5, 0), NEVER},
		{RULE_OUT, RULE_SIZE, RULE_ANY}},
	{BPF_FUNC_probe_read_kernel, "probe_read_kernel", {KVER(5, 5, 0), NEVER},
		{RULE_OUT, RULE_SIZE, RULE_ANY}},
	{BPF_FUNC_probe_read_user_str, "probe_read_user_str", {KVER(5, 5, 0), NEVER},
		{RULE_OUT, RULE_SIZE, RULE_ANY}},
	{BPF_FUNC_probe_read_kernel_str, "probe_read_kernel_str", {KVER(5, 5, 0), NEVER},
		{RULE_OUT, RULE_SIZE, RULE_ANY}},
};

static const struct rule_map maps[] = {
	/* [bcc] 3.19 0f8e4bd8a1fc, 28fbcfa08d8e */
	{BPF_MAP_TYPE_HASH, "hash", ALWAYS},
	{BPF_MAP_TYPE_ARRAY, "array", ALWAYS},
	/* [bcc] 4.2 04fd61ab36ec */
	{BPF_MAP_TYPE_PROG_ARRAY, "program array", ALWAYS},
	/* [bcc] 4.3 ea317b267e9d */
	{BPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf event array", ALWAYS},
	/* [bcc] 4.6 824bd0ce6c7c, a10423b87a7e */
	{BPF_MAP_TYPE_PERCPU_HASH, "per-CPU hash", ALWAYS},
	{BPF_MAP_TYPE_PERCPU_ARRAY, "per-CPU array", ALWAYS},
	/* [bcc] 29ba732acbee, 8f8449384ec3 */
	{BPF_MAP_TYPE_LRU_HASH, "LRU hash", KVER(4, 10, 0)},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, "LRU per-CPU hash", KVER(4, 10, 0)},
	/* [bcc] b95a5c4db09b */
	{BPF_MAP_TYPE_LPM_TRIE, "LPM trie", KVER(4, 11, 0)},
};

const struct rule_prog *rule_prog(const char *prog_name)
{
	for (size_t i = 0; i < CNT(progs); i++)
		if (!strncmp(prog_name, progs[i].prefix, strlen(progs[i].prefix)))
			return &progs[i];
	return NULL;
}

const struct rule_helper *rule_helper(int id)
{
	for (size_t i = 0; i < CNT(helpers); i++)
		if (helpers[i].id == id)
			return &helpers[i];
	return NULL;
}

const struct rule_map *rule_map(uint32_t type)
{
	for (size_t i = 0; i < CNT(maps); i++)
		if (maps[i].type == type)
			return &maps[i];
	return NULL;
}
