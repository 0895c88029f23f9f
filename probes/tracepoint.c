/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Where owners are learnt, back-end "tracepoint", for kernels built without kprobes. The table of what is attached
 * where is src/source/hooks.c. rt_: raw tracepoints (4.17+), tp_: syscall tracepoints.
 */

/* kernel/trace/trace.h, struct syscall_trace_exit */
struct pt_sys_exit {
	u64 common;
	s64 nr;
	s64 ret;
};

/* What a system call was entered with, until it returns. */
struct pt_call {
	void *to; /* user address of the destination, or NULL */
	u64 fd;
};
BPF_HASH(m_call, u64, struct pt_call, 10240);

PT_INLINE void pt_call_enter(int fd, void *to)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_call call = {.to = to, .fd = fd};

	m_call.update(&id, &call);
}

/* The call that ends: 1 and its arguments, or 0 where its entry was not seen. */
PT_INLINE int pt_call_exit(struct pt_call *call)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_call *known = m_call.lookup(&id);

	if (!known)
		return 0;
	*call = *known;
	m_call.delete(&id);
	return 1;
}

/* The current process closes the connection's last descriptor, or shuts it down: the FIN is its own. Of one that dies this is told
 * in any case: the connection was no other's. */
PT_INLINE void pt_claim_fin(void *ctx, struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct ev_owner ev = {.fd = -1};
	u32 flags = 0;
	int news;

	if (!pt_sock_locked(sk) || !pt_owner_current(&ev.owner))
		return;
	pt_sock_key(sk, PT_PROTO_TCP, &ev.key);
	ev.flags = pt_sock_own_flags(sk);
	news = pt_sock_touch(sk, ev.key.lport, 0, &ev.owner);
	if (pt_file_refs(pt_sock_file(sk)) < 1)
		pt_sock_orphaned(sk);
	PT_READ(flags, &task->flags);
	if (news >= 0 && ev.key.lport)
		pt_flow_write(ctx, &ev, news || flags & PT_PF_EXITING);
}

/* Whoever connects was noted at SYN_SENT; the tuple is complete by now, whatever comes of it. May run in any context. */
PT_INLINE void pt_tell_connecting(void *ctx, struct sock *sk)
{
	u64 addr = (u64)sk;
	struct ev_sock *s = m_sock.lookup(&addr);
	struct ev_owner ev = {.fd = -1};

	if (!s || s->closed_ns)
		return;
	ev.owner = s->owner;
	pt_sock_last_key(sk, PT_PROTO_TCP, &ev.key);
	if (ev.key.lport)
		pt_flow_write(ctx, &ev, 0);
}

/* SYN_SENT and LISTEN are entered in the context of the process that connects or listens, the states of a FIN in that of the one that
 * closes if it holds the lock (from softirq, too, where a shutdown was put off: 6.10); ESTABLISHED and CLOSE may be entered in
 * softirq and take no name from there. */
int rt_inet_sock_set_state(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	int old = (int)ctx->args[1], state = (int)ctx->args[2];

	if (pt_sock_proto(sk) != PT_PROTO_TCP)
		return 0;
	if (state == PT_TCP_SYN_SENT || state == PT_TCP_LISTEN) {
		struct ev_owner ev = {.fd = -1, .kind = EV_OWN_LISTEN};

		if (!pt_owner_current(&ev.owner))
			return 0;
		pt_sock_key(sk, PT_PROTO_TCP, &ev.key);
		ev.flags = pt_sock_own_flags(sk);
		if (pt_sock_touch(sk, ev.key.lport, 0, &ev.owner) >= 0 && state == PT_TCP_LISTEN && ev.key.lport)
			pt_owner_send(ctx, &ev);
	} else if (state == PT_TCP_FIN_WAIT1 || state == PT_TCP_LAST_ACK) {
		pt_claim_fin(ctx, sk);
	}
	if (old == PT_TCP_SYN_SENT && (state == PT_TCP_ESTABLISHED || state == PT_TCP_CLOSE))
		pt_tell_connecting(ctx, sk);
	if (state == PT_TCP_CLOSE)
		pt_sock_closed(ctx, sk, PT_PROTO_TCP);
	return 0;
}

/* 6.16+: whoever sends over TCP, before anything leaves. 6.3+: the end of every send and receive, the local port bound by then. */
int rt_claim(struct bpf_raw_tracepoint_args *ctx)
{
	pt_claim(ctx, (struct sock *)ctx->args[0], -1);
	return 0;
}

/* accept, accept4 */
int tp_exit_accept(struct pt_sys_exit *ctx)
{
	struct ev_owner ev = {.fd = (int)ctx->ret};
	struct sock *sk = pt_fd_sock(ev.fd);

	if (sk && pt_sock_proto(sk) == PT_PROTO_TCP)
		pt_claim_as(ctx, sk, PT_PROTO_TCP, &ev, 0, 0);
	return 0;
}

/* bind, listen, connect */
int tp_enter_fd(struct pt_sys_enter *ctx)
{
	pt_call_enter((int)ctx->args[0], 0);
	return 0;
}

int tp_exit_listen(struct pt_sys_exit *ctx)
{
	struct pt_call call = {};
	struct sock *sk;

	if (!pt_call_exit(&call) || ctx->ret)
		return 0;
	sk = pt_fd_sock(call.fd);
	if (sk)
		pt_claim_listen(ctx, sk, call.fd);
	return 0;
}

/* The socket is noted before the packet leaves, so that it is found by it on the way out; its port may be bound only
 * during the call, so the flow is claimed at its end. */
PT_INLINE void pt_send_enter(void *ctx, int fd, void *to, void *data)
{
	struct ev_owner ev = {.fd = fd};
	struct sock *sk = pt_fd_sock(fd);
	u8 proto = sk ? pt_sock_proto(sk) : 0;

	if (proto == PT_PROTO_TCP)
		pt_claim_as(ctx, sk, PT_PROTO_TCP, &ev, 0, 0);
	if (!proto || proto == PT_PROTO_TCP)
		return;
	pt_call_enter(fd, to);
#if !HAVE_SKB_SK
	if (proto == PT_PROTO_RAW) {
		pt_claim_raw(ctx, sk, &ev, to, 1, data);
		return;
	}
#endif
	/* port 0: what is bound is told at the end, where it is sure */
	if (pt_owner_current(&ev.owner))
		pt_sock_touch(sk, 0, 0, &ev.owner);
}

/* sendto(fd, buf, len, flags, addr, addrlen) */
int tp_enter_sendto(struct pt_sys_enter *ctx)
{
	pt_send_enter(ctx, (int)ctx->args[0], (void *)ctx->args[4], (void *)ctx->args[1]);
	return 0;
}

/* sendmsg(fd, msghdr, flags), sendmmsg(fd, mmsghdr, n, flags): a mmsghdr begins with its msghdr. */
int tp_enter_sendmsg(struct pt_sys_enter *ctx)
{
	struct { /* struct user_msghdr, include/linux/socket.h; a tree made from BTF may lack it */
		void *name;
		s64 namelen;
		struct iovec *iov;
	} msg = {};
	void *data = 0;

	PT_READ_USER(msg, (void *)ctx->args[1]);
	PT_READ_USER(data, &msg.iov->iov_base);
	pt_send_enter(ctx, (int)ctx->args[0], msg.name, data);
	return 0;
}

/* bind, connect, sendto, sendmsg, sendmmsg: whatever came of it, the socket's state says. */
int tp_exit_claim(struct pt_sys_exit *ctx)
{
	struct pt_call call = {};
	struct ev_owner ev = {};
	struct sock *sk;

	if (!pt_call_exit(&call))
		return 0;
	sk = pt_fd_sock(call.fd);
	ev.fd = call.fd;
	if (sk)
		pt_claim_as(ctx, sk, pt_sock_proto(sk), &ev, call.to, 1);
	return 0;
}

/* The last reference of a datagram socket goes: its end, unless the process dies with it open. Where others are left, it is
 * only given up. */
int tp_enter_close(struct pt_sys_enter *ctx)
{
	int fd = (int)ctx->args[0];
	struct file *file = pt_fd_file(fd);
	struct sock *sk = file ? pt_file_sock(file) : 0;
	u8 proto = sk ? pt_sock_proto(sk) : 0;

	if (!proto)
		return 0;
	if (pt_file_refs(file) > 1) {
		if (proto != PT_PROTO_RAW)
			pt_released(ctx, sk, proto, fd);
	} else if (proto != PT_PROTO_TCP) {
		pt_sock_closed(ctx, sk, proto);
	} else {
		pt_ends(ctx, sk);
		pt_sock_orphaned(sk); /* also where its FIN is sent already */
	}
	return 0;
}
