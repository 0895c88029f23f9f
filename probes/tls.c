/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * TLS libraries: their secrets, and the calls that write and read in clear. up_: at a function's entry, ur_: at its return, in user
 * space; src/source/tls_points.c says where. All run in the thread that calls. Loaded with the first library only.
 *
 * OpenSSL's functions and GnuTLS's take the same arguments in the same places: the connection first, then buffer and length.
 */

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
	if (m_tls_call.update(&id, &call))
		pt_count(EV_STAT_TLS_UNTOLD);
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

/* ---- their ends ---- */

/* int or ssize_t: bytes, or not above 0. What SSL_sendfile sent is not in memory. */
int ur_ssl_data(struct pt_regs *ctx)
{
	struct pt_tls_call call = {};
	int bytes = (int)PT_REGS_RC(ctx);

	if (pt_tls_leave(&call) && bytes > 0)
		pt_tls_done(ctx, &call, bytes);
	return 0;
}

/* 1, and the number of bytes where the caller wants it: in its own memory */
int ur_ssl_data_ex(struct pt_regs *ctx)
{
	struct pt_tls_call call = {};
	u64 bytes = 0;

	if (!pt_tls_leave(&call) || (int)PT_REGS_RC(ctx) != 1)
		return 0;
	if (PT_READ_USER(bytes, (u64 *)call.done))
		pt_count(EV_STAT_TLS_UNTOLD);
	if (bytes)
		pt_tls_done(ctx, &call, bytes);
	return 0;
}
