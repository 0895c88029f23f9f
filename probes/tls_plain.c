/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * What went through a TLS library, in clear: a call's bytes, in chunks, to user space. The calls are in tls.c.
 */

BPF_PERF_OUTPUT(m_tls);

#if HAVE_MEM_IN_MAP
#define PT_TLS_CHUNK 16384 /* a per-CPU value has room for 32 KiB (include/linux/percpu.h, PCPU_MIN_UNIT_SIZE) */
#else
#define PT_TLS_CHUNK 128 /* on the stack, beside the rest */
#endif

struct pt_tls_buf {
	struct ev_tls_data ev;
	u8 data[PT_TLS_CHUNK];
};

/* From 6.0 on the program of a uprobe can be preempted, and another's runs on its CPU meanwhile: each takes a buffer of its own. */
#define PT_TLS_BUFS 4
#if HAVE_MEM_IN_MAP
BPF_PERCPU_ARRAY(m_tls_buf, struct pt_tls_buf, PT_TLS_BUFS);
BPF_PERCPU_ARRAY(m_tls_busy, u64, PT_TLS_BUFS);

/* Whoever counts it to 1 has it: who comes later counts to 2, and takes that back. PT_TLS_BUFS: none is free. */
PT_INLINE int pt_tls_take_buf(void)
{
#pragma unroll
	for (int i = 0; i < PT_TLS_BUFS; i++) {
		int at = i;
		u64 *busy = m_tls_busy.lookup(&at);

		if (!busy)
			break;
		__sync_fetch_and_add(busy, 1);
		if (*(volatile u64 *)busy == 1)
			return i;
		__sync_fetch_and_add(busy, -1);
	}
	return PT_TLS_BUFS;
}

PT_INLINE void pt_tls_give_buf(int at)
{
	u64 *busy = m_tls_busy.lookup(&at);

	if (busy)
		__sync_fetch_and_add(busy, -1);
}
#endif

/* Chunks of one run of a program; ur_tls_more runs for the rest, 32 times at most: some kernels allow 33 (include/linux/bpf.h,
 * MAX_TAIL_CALL_CNT, and what 5.16 made of it). 4 MiB, or 32 KiB. */
#define PT_TLS_CHUNKS 8
#define PT_TLS_MAX (32 * PT_TLS_CHUNKS * PT_TLS_CHUNK)
BPF_PROG_ARRAY(m_tls_progs, 1);

/* What a thread has yet to tell of a call that returned. */
struct pt_tls_rest {
	u64 ts_ns;
	u64 ssl;
	u8 *data; /* user memory: of the whole call */
	u64 total;
	u64 offset;
	u64 flags;
};
BPF_HASH(m_tls_rest, u64, struct pt_tls_rest, 10240);

/* Bytes at `from` into the buffer: exactly n, 1 .. PT_TLS_CHUNK. Where sizes must be constant what lies behind comes along, and
 * user space cuts it off; near the end of a page less is tried. */
PT_INLINE int pt_tls_copy(struct pt_tls_buf *buf, u8 *from, u64 n)
{
#if HAVE_MEM_IN_MAP
	return PT_READ_USER_N(buf->data, pt_bounded(n, PT_TLS_CHUNK), from);
#else
	if (n == PT_TLS_CHUNK)
		return PT_READ_USER_N(buf->data, PT_TLS_CHUNK, from);
	return PT_READ_USER_N(buf->data, PT_TLS_CHUNK, from) && PT_READ_USER_N(buf->data, 64, from) &&
	       PT_READ_USER_N(buf->data, 16, from);
#endif
}

/* The next chunk. 0: there is none, or it cannot be told. */
PT_INLINE int pt_tls_chunk(void *ctx, struct pt_tls_buf *buf, struct pt_tls_rest *rest)
{
	u64 left = rest->total - rest->offset;
	u64 n = left < PT_TLS_CHUNK ? left : PT_TLS_CHUNK;

	if (!n)
		return 0;
	buf->ev.offset = rest->offset;
	buf->ev.len = n;
	if (pt_tls_copy(buf, rest->data + rest->offset, n))
		return 0; /* the call is cut */
#if HAVE_MEM_IN_MAP
	n = pt_bounded(n, PT_TLS_CHUNK);
#else
	n = PT_TLS_CHUNK;
#endif
	if (m_tls.perf_submit(ctx, buf, sizeof(buf->ev) + n))
		pt_count(EV_STAT_TLS_FAILED);
	rest->offset += buf->ev.len;
	return 1;
}

PT_INLINE void pt_tls_fill(struct ev_tls_data *ev, struct pt_tls_rest *rest)
{
	struct pt_tls_id id = {.ssl = rest->ssl, .pid = bpf_get_current_pid_tgid() >> 32};
	struct pt_tls_sock *s = m_tls_sock.lookup(&id);

	__builtin_memset(ev, 0, sizeof(*ev));
	ev->hdr.ts_ns = rest->ts_ns;
	ev->hdr.type = EV_TLS_DATA;
	ev->hdr.size = sizeof(*ev);
	ev->ssl = rest->ssl;
	ev->total = rest->total;
	ev->flags = (u32)rest->flags;
	pt_owner_current(&ev->owner);
	if (!s)
		return;
	ev->fd = s->fd;
	if (s->fd >= 0)
		ev->flags |= EV_TLS_FD;
	if (!s->key.rport)
		return;
	ev->key = s->key;
	ev->flags |= EV_TLS_KEY | s->flags;
	ev->owner.sk = s->sk;
	ev->owner.sock_id = s->sock_id;
}

/* It was too long, or its memory could not be read. */
PT_INLINE void pt_tls_cut(void *ctx, struct ev_tls_data *ev, struct pt_tls_rest *rest)
{
	ev->flags |= EV_TLS_CUT;
	ev->len = 0;
	ev->offset = rest->offset;
	if (m_tls.perf_submit(ctx, ev, sizeof(*ev)))
		pt_count(EV_STAT_TLS_FAILED);
}

/* As much as one run of a program can. 0: there is no more to tell. */
PT_INLINE int pt_tls_tell(void *ctx, struct pt_tls_buf *buf, struct pt_tls_rest *rest)
{
	int left = 1;

	pt_tls_fill(&buf->ev, rest);
#pragma unroll
	for (int i = 0; i < PT_TLS_CHUNKS; i++)
		if (left)
			left = pt_tls_chunk(ctx, buf, rest);
	if (rest->offset >= rest->total)
		return 0;
	if (left && rest->offset < PT_TLS_MAX)
		return 1;
	pt_tls_cut(ctx, &buf->ev, rest);
	return 0;
}

PT_INLINE int pt_tls_tell_some(void *ctx, struct pt_tls_rest *rest)
{
#if HAVE_MEM_IN_MAP
	int at = pt_tls_take_buf(), left;
	struct pt_tls_buf *buf = m_tls_buf.lookup(&at); /* there is none behind the last */

	if (!buf) {
		pt_count(EV_STAT_TLS_FAILED);
		return 0;
	}
	left = pt_tls_tell(ctx, buf, rest);
	pt_tls_give_buf(at);
	return left;
#else
	struct pt_tls_buf on_stack = {};

	return pt_tls_tell(ctx, &on_stack, rest);
#endif
}

/* Tells some of the rest, and runs again for what is left: a program of its own, as stack and instructions of one are few. */
int ur_tls_more(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_tls_rest *rest = m_tls_rest.lookup(&id);

	if (!rest)
		return 0;
	if (pt_tls_tell_some(ctx, rest))
		m_tls_progs.call(ctx, 0);
	m_tls_rest.delete(&id);
	return 0;
}

/* A call that wrote or read `total` bytes. */
PT_INLINE void pt_tls_done(void *ctx, struct pt_tls_call *call, u64 total)
{
	struct pt_tls_rest rest = {
		.ts_ns = bpf_ktime_get_ns(),
		.ssl = call->ssl,
		.data = call->data,
		.total = total,
		.flags = call->flags,
	};
	u64 id = bpf_get_current_pid_tgid();

	if (call->flags & EV_TLS_FILE)
		rest.data = 0;
	if (!m_tls_rest.update(&id, &rest))
		m_tls_progs.call(ctx, 0); /* returns only if it is refused */
	pt_count(EV_STAT_TLS_UNTOLD);
}
