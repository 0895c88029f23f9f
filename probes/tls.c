/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * TLS libraries: their secrets, and what is written and read in clear. up_: at a function's entry, ur_: at its return, in user
 * space; src/source/tls_points.c says where. All run in the thread that calls. Loaded with the first library only.
 *
 * OpenSSL's functions and GnuTLS's take the same arguments in the same places: the connection first, then buffer and length.
 */

BPF_PERF_OUTPUT(m_tls);

/* ---- secrets ---- */

/* Where less is left of the page than is asked for, less is enough; unless the text goes on in a page that cannot be read. */
PT_INLINE void pt_read_label(char *to, void *from)
{
	if (!PT_READ_USER_N(to, EV_LABEL_LEN, from))
		to[EV_LABEL_LEN - 1] = 0;
	else if (!PT_READ_USER_N(to, 32, from))
		to[0] = to[31] ? 0 : to[0];
	else if (PT_READ_USER_N(to, 16, from) || to[15])
		to[0] = 0;
}

/* In pieces of constant sizes, and nothing behind them. */
PT_INLINE void pt_read_secret(u8 *to, u8 *from, u64 len)
{
	PT_READ_USER_N(to, 32, from);
	if (len > 32)
		PT_READ_USER_N(to + 32, 16, from + 32);
	if (len > 48)
		PT_READ_USER_N(to + 48, 16, from + 48);
}

/* `place`: EV_TLS_RANDOM() */
PT_INLINE void pt_read_random(u8 *to, void *ssl, u64 place)
{
	void *object = ssl;

	if (place >> 32 != EV_TLS_NO_DEREF) {
		object = 0;
		PT_READ_USER(object, (void **)(ssl + (place >> 32)));
	}
	PT_READ_USER_N(to, EV_RANDOM_LEN, object + (u32)place);
}

/* ssl_log_secret(ssl, label, secret, len), _gnutls_call_keylog_func(session, label, data, size) */
int up_log_secret(struct pt_regs *ctx, void *ssl, void *label, void *secret)
{
	u64 id = bpf_get_current_pid_tgid(), len = (u32)PT_ARG4(ctx);
	struct ev_secret ev = {};

	if (!len || len > EV_SECRET_MAX)
		return 0;
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	ev.hdr.type = EV_SECRET;
	ev.hdr.size = sizeof(ev);
	ev.ssl = (u64)ssl;
	ev.pid = id >> 32;
	ev.tid = id;
	ev.secret_len = len;
	ev.label_at = (u64)label;
	pt_read_label(ev.label, label);
	pt_read_secret(ev.secret, secret, len);
	pt_read_random(ev.random, ssl, PT_PATCHED(0x7069647461700004));
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_SECRET_FAILED);
	return 0;
}

/* ---- calls ---- */

/* A call within a call is the same one: what is written or read is told by the innermost (SSL_write_early_data calls SSL_write_ex),
 * which is early if the outer one is; a handshake on the way hides nothing. */
PT_INLINE void pt_tls_enter(void *ssl, void *data, void *done, u64 flags)
{
	struct pt_tls_call call = {.ssl = (u64)ssl, .data = data, .done = done, .flags = flags};
	u64 id = bpf_get_current_pid_tgid();
	struct pt_tls_call *outer = m_tls_call.lookup(&id);

	if (outer && outer->ssl == call.ssl) {
		if (!data && !flags && (outer->data || outer->flags & EV_TLS_FILE))
			return;
		call.flags |= outer->flags & (EV_TLS_EARLY | PT_TLS_MADE | PT_TLS_SENT);
	}
	m_tls_call.update(&id, &call);
}

/* The call returns: 1 and what it was entered with, or 0. */
PT_INLINE int pt_tls_leave(struct pt_tls_call *call)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_tls_call *known = m_tls_call.lookup(&id);

	if (!known)
		return 0;
	*call = *known;
	m_tls_call.delete(&id);
	if (call->flags & PT_TLS_MADE)
		pt_tls_made(call);
	return 1;
}

/* Handshakes, shutdowns, looking ahead: nothing of the application's in them. */
int up_ssl_call(struct pt_regs *ctx, void *ssl)
{
	pt_tls_enter(ssl, 0, 0, 0);
	return 0;
}

int ur_ssl_call(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_tls_call *known = m_tls_call.lookup(&id), call = {};

	if (known && !known->data && !(known->flags & EV_TLS_FILE))
		pt_tls_leave(&call);
	return 0;
}

/* SSL_write(ssl, buf, num), gnutls_record_send */
int up_ssl_write(struct pt_regs *ctx, void *ssl, void *data)
{
	pt_tls_enter(ssl, data, 0, EV_TLS_WRITE);
	return 0;
}

/* SSL_read(ssl, buf, num), gnutls_record_recv */
int up_ssl_read(struct pt_regs *ctx, void *ssl, void *data)
{
	pt_tls_enter(ssl, data, 0, 0);
	return 0;
}

/* SSL_write_ex(ssl, buf, num, size_t *written), and so on */
int up_ssl_write_ex(struct pt_regs *ctx, void *ssl, void *data)
{
	pt_tls_enter(ssl, data, (void *)PT_ARG4(ctx), EV_TLS_WRITE);
	return 0;
}

/* SSL_write_ex2(ssl, buf, num, flags, size_t *written) */
int up_ssl_write_ex2(struct pt_regs *ctx, void *ssl, void *data)
{
	pt_tls_enter(ssl, data, (void *)PT_ARG5(ctx), EV_TLS_WRITE);
	return 0;
}

int up_ssl_read_ex(struct pt_regs *ctx, void *ssl, void *data)
{
	pt_tls_enter(ssl, data, (void *)PT_ARG4(ctx), 0);
	return 0;
}

int up_ssl_write_early(struct pt_regs *ctx, void *ssl, void *data)
{
	pt_tls_enter(ssl, data, (void *)PT_ARG4(ctx), EV_TLS_WRITE | EV_TLS_EARLY);
	return 0;
}

int up_ssl_read_early(struct pt_regs *ctx, void *ssl, void *data)
{
	pt_tls_enter(ssl, data, (void *)PT_ARG4(ctx), EV_TLS_EARLY);
	return 0;
}

/* SSL_sendfile(ssl, fd, offset, size, flags): the bytes are in a file. */
int up_ssl_sendfile(struct pt_regs *ctx, void *ssl)
{
	pt_tls_enter(ssl, 0, 0, EV_TLS_WRITE | EV_TLS_FILE);
	return 0;
}

/* ---- what was written and read ---- */

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
	if (pt_tls_copy(buf, rest->data + rest->offset, n)) {
		pt_count(EV_STAT_TLS_UNREAD);
		return 0;
	}
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
	m_tls_rest.update(&id, &rest);
	m_tls_progs.call(ctx, 0);
}

/* int or ssize_t: bytes, or not above 0. What SSL_sendfile sent is not in memory. */
int ur_ssl_data(struct pt_regs *ctx)
{
	struct pt_tls_call call = {};
	int bytes = (int)PT_REGS_RC(ctx);

	if (pt_tls_leave(&call) && bytes > 0)
		pt_tls_done(ctx, &call, bytes);
	return 0;
}

/* 1, and the number of bytes where the caller wants it */
int ur_ssl_data_ex(struct pt_regs *ctx)
{
	struct pt_tls_call call = {};
	u64 bytes = 0;

	if (!pt_tls_leave(&call) || (int)PT_REGS_RC(ctx) != 1)
		return 0;
	PT_READ_USER(bytes, (u64 *)call.done);
	if (bytes)
		pt_tls_done(ctx, &call, bytes);
	return 0;
}
