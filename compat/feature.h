/* SPDX-License-Identifier: BSD-2-Clause */
/* What this kernel can do. One table (feature.c): name, since which kernel, how it is probed, what is lost without.
 *
 * A feature is probed at most once, when first asked for, by trying the thing itself; the version decides only where
 * a trial is impossible, and everything when --assume-kernel is given. The HAVE_* toggles of the BPF text come from
 * here and nowhere else: features with a toggle are always defined, 0 or 1, and tested with #if.
 */
#ifndef PIDTAP_COMPAT_FEATURE_H
#define PIDTAP_COMPAT_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"

/* HAVE_<NAME> in the text for those marked T. Sources of the numbers: facts in feature.c. */
enum feature {
	FEAT_LRU_HASH,	       /* T 4.10 BPF_MAP_TYPE_LRU_HASH */
	FEAT_MEM_IN_MAP,       /* T 4.11 helpers read and write map values */
	FEAT_SYSCALL_TP_BPF,   /* T 4.14 programs on syscalls:sys_* tracepoints */
	FEAT_PROG_NAME,	       /*   4.15 program and map names */
	FEAT_RAW_TP,	       /*   4.17 raw tracepoint programs */
	FEAT_PERF_KPROBE,      /*   4.17 kprobes as perf events: nothing stays behind after a kill */
	FEAT_SKB_SK,	       /* T 5.11 skb->sk in a tc program (5.1), usable as a hash key */
	FEAT_LARGE_PROG,       /*   5.2  more than 4096 instructions */
	FEAT_PROBE_READ_KERNEL,/* T 5.5  bpf_probe_read_kernel, bpf_probe_read_user */
	FEAT_MEMCG_ACCOUNT,    /*   5.11 BPF memory charged to the cgroup, not to RLIMIT_MEMLOCK */
	FEAT_KPROBES,	       /*   CONFIG_KPROBES */
	FEAT_SOCK_LENGTH_TP,   /*   6.3  sock:sock_send_length, sock:sock_recv_length */
	FEAT_SOCK_STATE_TP,    /*   4.16 sock:inet_sock_set_state */
	FEAT_TC_BPF,	       /*   CONFIG_NET_CLS_BPF and clsact (4.5) */
	FEAT_JIT,	       /*   net.core.bpf_jit_enable: costs several times the time per packet when off */
	FEAT_CNT
};

struct features {
	struct sysroot root;
	uint32_t kver;		/* LINUX_VERSION_CODE judged by: assumed, else running */
	bool assumed;		/* --assume-kernel: versions decide, nothing is probed */
	signed char state[FEAT_CNT]; /* 0 unknown, 1 yes, -1 no */
};

struct feature_info {
	const char *name;	/* "LRU_HASH": HAVE_LRU_HASH in the text where `toggle` */
	const char *what;	/* one line for people */
	uint32_t since;		/* kernel version, 0 where it is configuration only */
	bool toggle;
	const char *lost;	/* what pidtap does worse without it */
};

/* `assume_kver` 0: the running kernel. */
void features_init(struct features *f, const struct sysroot *root, uint32_t assume_kver);

bool feature_has(struct features *f, enum feature id);

const struct feature_info *feature_info(enum feature id);

/* Writes "-DHAVE_X=0" or "-DHAVE_X=1" for every toggle, in table order, into `out` (an array of FEAT_CNT rows).
 * Returns how many. */
size_t feature_defines(struct features *f, char out[FEAT_CNT][40]);

#endif
