/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * The BPF text: compiled by libbcc at start-up against the headers of the kernel it finds. tools/embed flattens this
 * file and what it includes into one text, because libbcc rewrites functions of the main file only.
 *
 * Limits that hold for every program, because 4.9-5.1 demand them (tests/probes/audit proves it on the bytecode): at
 * most 4096 instructions, no loops, no calls between BPF functions, no global data, 512 bytes of stack, map keys and
 * values and helper buffers on the stack with constant sizes.
 */
#include <uapi/linux/ptrace.h>
#include <uapi/linux/bpf.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/kernfs.h>
#include <linux/mm_types.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/version.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#if LINUX_VERSION_CODE >= 0x040b00
#include <linux/sched/signal.h>
#endif
#ifdef CONFIG_CGROUPS
#include <linux/cgroup-defs.h>
#endif

#define PIDTAP_BPF_TEXT
#include "events.h"
#include "kernel.h"
#include "maps.h"
#include "sock.h"
#include "actor.h"
#include "owner.h"
#include "filter.h"
#include "parse.h"
#include "tc.c"
#include "proc.c"
#if BACKEND_KPROBE
#include "kprobe.c"
#else
#include "tracepoint.c"
#endif
#include "tls_sock.c"
#include "tls_plain.c"
#include "tls.c"
#include "tls_kdf.c"
