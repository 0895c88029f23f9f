/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * The process filters, and how they follow processes that fork, exec and end. Only an owner that is certain is judged here; the
 * rest, and every doubt, is left to user space (src/pipeline/filter.c), which knows identities and times.
 */

/* Could this be an owner that user space lets pass? `o` lies on the stack. */
PT_INLINE int pt_filter_passes(struct ev_owner_val *o, u64 run)
{
	u32 pid = o->pid, uid = o->uid;
	u8 *listed = m_pids.lookup(&pid), how = listed ? *listed : 0;

	if (run & EV_RUN_PID && !(how & (EV_PID_GIVEN | EV_PID_FOLLOW)))
		return 0;
	if (run & EV_RUN_UID && !m_uids.lookup(&uid))
		return 0;
	return !(run & EV_RUN_COMM) || how & EV_PID_NAMED || m_comms.lookup((struct ev_comm *)o->comm);
}

PT_INLINE void pt_filter_list(u32 pid, u8 how)
{
	if (m_pids.update(&pid, &how))
		pt_count(EV_STAT_PID_FULL);
}

/* The current process made `child`, which has not run. By the current one, not by the child's parent: CLONE_PARENT. */
PT_INLINE void pt_filter_fork(u32 child)
{
	u32 maker = bpf_get_current_pid_tgid() >> 32;
	u8 *how = m_pids.lookup(&maker);

	if (how && *how & EV_PID_FOLLOW)
		pt_filter_list(child, EV_PID_FOLLOW);
}

/* The current process runs another program: the owners noted for its sockets have the old name until it acts on them. `p` lies on
 * the stack. */
PT_INLINE void pt_filter_exec(struct ev_proc *p)
{
	u32 pid = p->pid;
	u8 *how;

	if (!m_comms.lookup((struct ev_comm *)p->comm))
		return;
	how = m_pids.lookup(&pid);
	pt_filter_list(pid, how ? *how | EV_PID_NAMED : EV_PID_NAMED);
}

/* It ends. Its packets may follow, but who gets its number has no part in this: the children of that one are not followed. User
 * space takes it out when they need the room. */
PT_INLINE void pt_filter_exit(u32 pid)
{
	u8 *how = m_pids.lookup(&pid);

	if (how && *how == EV_PID_NAMED)
		m_pids.delete(&pid);
	else if (how && *how & EV_PID_FOLLOW)
		pt_filter_list(pid, (*how & ~EV_PID_FOLLOW) | EV_PID_GIVEN);
}
