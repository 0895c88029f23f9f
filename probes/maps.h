/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * The maps. Sizes are defaults; the loader sets those of m_flow_owner and m_sock from --map-size.
 */

#if HAVE_LRU_HASH
#define PT_LRU "lru_hash"
#else
#define PT_LRU "hash" /* 4.9: user space evicts */
#endif

/* Who owns this flow: written in process context by the owner itself, and by user space for sockets that existed
 * before the start. */
BPF_TABLE(PT_LRU, struct ev_key, struct ev_owner_val, m_flow_owner, 10240);

/* Sockets by kernel address: alive or closed, and who acted on them last. */
BPF_TABLE(PT_LRU, u64, struct ev_sock, m_sock, 10240);

#if !BACKEND_KPROBE
/* Processes that own sockets: the end of one closes these without a hook of ours. */
BPF_TABLE(PT_LRU, u32, struct ev_actor, m_actors, 10240);
#endif

/* Process filters. A value of m_pids says why it is there: EV_PID_*. */
BPF_HASH(m_pids, u32, u8, EV_PIDS_MAX);
BPF_HASH(m_uids, u32, u8, 4096);
BPF_HASH(m_comms, struct ev_comm, u8, 256);

BPF_PERCPU_ARRAY(m_stats, u64, EV_STAT_CNT);

BPF_PERF_OUTPUT(m_packets);
BPF_PERF_OUTPUT(m_owners);

PT_INLINE void pt_count(int which)
{
	u64 *n = m_stats.lookup(&which);

	if (n)
		*n += 1;
}
