/* SPDX-License-Identifier: BSD-2-Clause */
/* How single features are found out; private to compat/. probe.c tries through bpf(2), probe_sys.c looks at
 * files.
 *
 * Only a refusal that can mean nothing else is NO. What could not be tried (no privilege, no memory, a
 * captured tree of another machine under the sysroot) is UNKNOWN, and the kernel version decides.
 */
#ifndef PIDTAP_COMPAT_PROBE_H
#define PIDTAP_COMPAT_PROBE_H

#include "compat/feature.h"

enum probe_result { PROBE_NO = -1, PROBE_UNKNOWN = 0, PROBE_YES = 1 };

/* Maps and programs that are created and closed again */
enum probe_result probe_lru_hash(const struct features *f);
enum probe_result probe_mem_in_map(const struct features *f);
enum probe_result probe_read_kernel(const struct features *f);
enum probe_result probe_memcg_account(const struct features *f);
enum probe_result probe_prog_name(const struct features *f);
enum probe_result probe_raw_tp(const struct features *f);
enum probe_result probe_skb_sk(const struct features *f);
enum probe_result probe_large_prog(const struct features *f);

/* These attach an empty program to the tracepoint for a moment, else look into tracefs. */
enum probe_result probe_sock_length_tp(const struct features *f);
enum probe_result probe_sock_state_tp(const struct features *f);

/* Files under the sysroot */
enum probe_result probe_syscall_tp(const struct features *f);
enum probe_result probe_perf_kprobe(const struct features *f);
enum probe_result probe_kprobes(const struct features *f);
enum probe_result probe_tc_bpf(const struct features *f);
enum probe_result probe_jit(const struct features *f);

/* Is tracefs mounted, and does it have `path` ("events/sock/sock_send_length")? UNKNOWN where it is not
 * mounted. */
enum probe_result probe_tracefs(const struct features *f, const char *path);

#endif
