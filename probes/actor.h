/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Processes that own sockets, and whether they have ended. With the tracepoint back-end the end of a process closes its descriptors
 * without a hook of ours: which of its sockets are closed by that is told later or never, so it answers for none that is open.
 */
#if BACKEND_KPROBE
/* filp_close tells of each descriptor that goes with its process. */
PT_INLINE void pt_actor_acts(struct ev_owner_val *o)
{
}

PT_INLINE void pt_actor_ends(u32 pid, u64 start_ns)
{
}

PT_INLINE int pt_actor_ended(struct ev_owner_val *o)
{
	return 0;
}
#else
/* What /proc told of a start is in ticks. */
PT_INLINE int pt_same_start(u64 a_ns, u64 b_ns)
{
	return a_ns / EV_TICK_NS == b_ns / EV_TICK_NS;
}

PT_INLINE void pt_actor_acts(struct ev_owner_val *o)
{
	u32 pid = o->pid;
	struct ev_actor *known = m_actors.lookup(&pid), fresh = {.start_ns = o->start_ns};

	if (!known || known->start_ns != o->start_ns)
		m_actors.update(&pid, &fresh);
}

PT_INLINE void pt_actor_ends(u32 pid, u64 start_ns)
{
	struct ev_actor *a = m_actors.lookup(&pid);

	if (a && pt_same_start(a->start_ns, start_ns))
		a->ended = 1;
}

/* Also where its number is another's now. */
PT_INLINE int pt_actor_ended(struct ev_owner_val *o)
{
	u32 pid = o->pid;
	struct ev_actor *a = m_actors.lookup(&pid);

	return a && (a->ended || !pt_same_start(a->start_ns, o->start_ns));
}
#endif
