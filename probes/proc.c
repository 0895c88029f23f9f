/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Processes begin, run another program and end. te_: tracepoints that are not of a system call, which take programs since
 * 4.7, so that both back-ends have them. A fork's tracepoint tells the child's number only: there each has a hook of its own.
 */

/* The directory of its cgroup in the unified hierarchy: what /proc/PID/cgroup calls "0::PATH"; 0 where it is the root. */
PT_INLINE u64 pt_cgroup_id(struct task_struct *task)
{
	u64 id = 0;
#ifdef CONFIG_CGROUPS
	struct css_set *set = 0;
	struct cgroup *cgrp = 0;
	struct kernfs_node *kn = 0;
	u32 ino = 0;

	PT_READ(set, &task->cgroups);
	PT_READ(cgrp, &set->dfl_cgrp);
	PT_READ(kn, &cgrp->kn);
#if LINUX_VERSION_CODE >= 0x050500
	PT_READ(id, &kn->id);
#elif LINUX_VERSION_CODE >= 0x040e00
	PT_READ(ino, &kn->id.ino);
#else
	PT_READ(ino, &kn->ino);
#endif
	if (ino)
		id = ino;
	if (id == 1)
		id = 0;
#endif
	return id;
}

/* `task` is the current process or its child that has not run yet, and has that one's credentials. */
PT_INLINE void pt_proc_fill(struct ev_proc *p, u16 type, u16 size, struct task_struct *task)
{
	struct task_struct *leader = 0, *parent = 0;

	p->hdr.ts_ns = bpf_ktime_get_ns();
	p->hdr.type = type;
	p->hdr.size = size;
	PT_READ(p->pid, &task->tgid);
	p->uid = (u32)bpf_get_current_uid_gid();
	PT_READ(leader, &task->group_leader);
	PT_READ(p->start_ns, &leader->PT_START_BOOTTIME);
	PT_READ_N(p->comm, EV_COMM_LEN, &leader->comm);
	PT_READ(parent, &task->real_parent);
	PT_READ(p->ppid, &parent->tgid);
	PT_READ(leader, &parent->group_leader);
	PT_READ(p->parent_start_ns, &leader->PT_START_BOOTTIME);
	p->cgroup_id = pt_cgroup_id(task);
}

PT_INLINE int pt_is_kthread(struct task_struct *task)
{
	u32 flags = 0;

	PT_READ(flags, &task->flags);
	return flags & PT_PF_KTHREAD;
}

/* The current process made `child`, which cannot have run yet. */
PT_INLINE void pt_forked(void *ctx, struct task_struct *child)
{
	struct ev_proc ev = {};
	u32 pid = 0, tgid = 0;

	PT_READ(pid, &child->pid);
	PT_READ(tgid, &child->tgid);
	if (pid != tgid || pt_is_kthread(child)) /* a thread */
		return;
	pt_filter_fork(tgid);
	pt_proc_fill(&ev, EV_FORK, sizeof(ev), child);
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_OWNER_FAILED);
}

/* A process gets another name: that of its first thread, which another of its threads may give it. */
PT_INLINE void pt_renamed(void *ctx, struct task_struct *task, const char *name)
{
	struct task_struct *leader = 0;
	struct ev_proc ev = {};

	PT_READ(leader, &task->group_leader);
	if (task != leader || pt_is_kthread(task))
		return;
	pt_proc_fill(&ev, EV_RENAME, sizeof(ev), task);
	__builtin_memset(ev.comm, 0, EV_COMM_LEN);
	if (!PT_READ_N(ev.comm, EV_COMM_LEN, name) && m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_OWNER_FAILED);
}

#if BACKEND_KPROBE
/* exec, prctl, /proc/PID/comm */
int kp_set_task_comm(struct pt_regs *ctx, struct task_struct *task, const char *name)
{
	pt_renamed(ctx, task, name);
	return 0;
}

int kp_wake_up_new_task(struct pt_regs *ctx, struct task_struct *child)
{
	pt_forked(ctx, child);
	return 0;
}
#else
int rt_task_rename(struct bpf_raw_tracepoint_args *ctx)
{
	pt_renamed(ctx, (struct task_struct *)ctx->args[0], (const char *)ctx->args[1]);
	return 0;
}

int rt_process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	pt_forked(ctx, (struct task_struct *)ctx->args[1]);
	return 0;
}
#endif

/* The arguments lie on the new program's stack, below its environment and its file's name. Piece by piece: what is behind the
 * last may not be mapped, and then nothing of a piece is read. The stack ends with 8 bytes of 0 (fs/exec.c, bprm_mm_init). */
PT_INLINE void pt_read_args(struct ev_exec *ev, struct task_struct *task)
{
	unsigned long start = 0, end = 0;
	struct mm_struct *mm = 0;

	PT_READ(mm, &task->mm);
	PT_READ(start, &mm->arg_start);
	PT_READ(end, &mm->arg_end);
	ev->args_total = end - start;
	ev->args_len = ev->args_total < EV_ARGS_LEN ? ev->args_total : EV_ARGS_LEN;
#pragma unroll
	for (u32 i = 0; i < EV_ARGS_LEN; i += 8)
		if (i < ev->args_len)
			PT_READ_USER_N(ev->args + i, 8, (void *)(start + i));
}

/* sched:sched_process_exec: its name is new and its arguments are there; none of it has run. */
int te_process_exec(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct ev_exec ev = {};

	pt_proc_fill(&ev.proc, EV_EXEC, sizeof(ev), task);
	pt_filter_exec(&ev.proc);
	pt_read_args(&ev, task);
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_OWNER_FAILED);
	return 0;
}

/* sched:sched_process_exit: of each thread; its descriptors are still open. Of two threads that end at once both may be told. */
int te_process_exit(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct signal_struct *signal = 0;
	struct ev_proc ev = {};
	int live = 0;

	PT_READ(signal, &task->signal);
	PT_READ(live, (int *)&signal->live);
	if (live || pt_is_kthread(task))
		return 0;
	pt_proc_fill(&ev, EV_EXIT, sizeof(ev), task);
	pt_filter_exit(ev.pid);
	pt_actor_ends(ev.pid, ev.start_ns);
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_OWNER_FAILED);
	return 0;
}
