/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Small differences between kernels and header trees, settled once. HAVE_* come from compat/feature.c, always 0 or 1.
 *
 * Every name of ours begins with pt_ or PT_ (maps with m_, records with ev_): kernel headers take the rest, 6.12 even READ
 * and fd_file.
 */

/* A header tree made from BTF has types and no macros; these are ABI. */
#define PT_AF_INET 2
#define PT_AF_INET6 10
#define PT_AF_PACKET 17
#define PT_IFMT 0170000
#define PT_IFSOCK 0140000
#define PT_PF_EXITING 0x00000004 /* include/linux/sched.h */
#define PT_PF_KTHREAD 0x00200000

#define PT_TCP_ESTABLISHED 1 /* include/net/tcp_states.h */
#define PT_TCP_SYN_SENT 2
#define PT_TCP_FIN_WAIT1 4
#define PT_TCP_CLOSE 7
#define PT_TCP_LAST_ACK 9
#define PT_TCP_LISTEN 10

#define PT_PROTO_ICMP 1
#define PT_PROTO_TCP 6
#define PT_PROTO_UDP 17
#define PT_PROTO_ICMPV6 58
#define PT_PROTO_RAW 255

#define PT_INLINE static inline __attribute__((always_inline))

/* Reads kernel memory: PT_READ(destination, &pointer->field). On failure the destination is zeroed (5.x) or unchanged;
 * all destinations start as 0. */
#if HAVE_PROBE_READ_KERNEL
#define PT_READ_N(dst, size, src) bpf_probe_read_kernel(dst, size, src)
#define PT_READ_USER_N(dst, size, src) bpf_probe_read_user(dst, size, src)
#else
#define PT_READ_N(dst, size, src) bpf_probe_read(dst, size, src)
#define PT_READ_USER_N(dst, size, src) bpf_probe_read(dst, size, src)
#endif
#define PT_READ(dst, src) PT_READ_N(&(dst), sizeof(dst), src)
#define PT_READ_USER(dst, src) PT_READ_USER_N(&(dst), sizeof(dst), src)

/* What a probed function was called with, from the fourth argument on. As a program's parameter libbcc 0.18 (Debian 11) takes the
 * fourth from r10, as only system calls have it (iovisor/bcc pull request 3153, undone by 3275 in 0.19): programs have three. To be
 * removed with that libbcc. */
#define PT_ARG4(ctx) PT_REGS_PARM4(ctx)
#define PT_ARG5(ctx) PT_REGS_PARM5(ctx)
#define PT_ARG6(ctx) PT_REGS_PARM6(ctx)

/* struct task_struct's start on CLOCK_BOOTTIME was renamed in 5.5; this is about the headers, not the kernel's
 * abilities. */
#if LINUX_VERSION_CODE >= 0x050500
#define PT_START_BOOTTIME start_boottime
#else
#define PT_START_BOOTTIME real_start_time
#endif

/* A system call's registers are at the far end of its task's stack (task_pt_regs, asm/processor.h). That is so for x86-64 and
 * arm64 with pages of 4 KiB; other sizes are known where the tree has macros. */
#ifdef THREAD_SIZE
#define PT_STACK_SIZE THREAD_SIZE
#else
#define PT_STACK_SIZE 16384
#endif

/* The context of a syscall tracepoint, common to all of them (kernel/trace/trace.h, struct syscall_trace_enter). */
struct pt_sys_enter {
	u64 common;
	s64 nr;
	u64 args[6];
};

/* A value the loader patches in at load time. A plain constant would be folded away. */
#define PT_PATCHED(mark)                                                                                        \
	({                                                                                                   \
		__u64 pt_patched;                                                                            \
		asm volatile("%0 = " #mark " ll" : "=r"(pt_patched));                                        \
		pt_patched;                                                                                  \
	})

/* n, 1 .. max, a power of 2, in a form whose bounds every verifier sees: the compiler must not know them. */
PT_INLINE u64 pt_bounded(u64 n, u64 max)
{
	n--;
	asm volatile("" : "+r"(n));
	return (n & (max - 1)) + 1;
}

/* 0, which the verifier cannot know. `positive` is what never has its uppermost bit: a time, a thread. What 0 is put to may be
 * anything from there on, and what follows is verified once, not once for each constant it may have been. */
PT_INLINE u64 pt_nothing(u64 positive)
{
	return (u64)((s64)positive >> 63);
}
