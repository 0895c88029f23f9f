/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Where owners are learnt, back-end "kprobe". The table of what is attached where is src/source/hooks.c. All but the
 * close hooks are functions the kernel enters in the context of the acting process only. No kretprobe on a function
 * that can block: its instances are few and misses are silent (facts/kernels.md).
 */

/* tcp_connect, where the tuple is complete and the SYN has not left; what sends and receives. */
int kp_claim(struct pt_regs *ctx, struct sock *sk)
{
	pt_claim(ctx, sk, -1);
	return 0;
}

/* Every new descriptor: accept, and also dup, SCM_RIGHTS, pidfd_getfd. */
int kp_fd_install(struct pt_regs *ctx, unsigned int fd, struct file *file)
{
	struct sock *sk = pt_file_sock(file);

	if (sk)
		pt_got_descriptor(ctx, sk, fd);
	return 0;
}

PT_INLINE void pt_give_up(void *ctx, struct file *file, int fd)
{
	struct sock *sk = pt_file_sock(file);
	u8 proto = sk ? pt_sock_proto(sk) : 0;

	if (!proto || proto == PT_PROTO_RAW)
		return;
	if (pt_file_refs(file) > 1)
		pt_released(ctx, sk, proto, fd);
	else if (proto == PT_PROTO_TCP)
		pt_ends(ctx, sk);
}

/* A descriptor goes: by close(2) below 6.6, by exit, exec and dup2. */
int kp_filp_close(struct pt_regs *ctx, struct file *file)
{
	pt_give_up(ctx, file, -1);
	return 0;
}

/* The same by close(2) from 6.6 on: close_fd_get_file there, file_close_fd from 6.8. */
int kp_close_fd(struct pt_regs *ctx, unsigned int fd)
{
	struct file *file = pt_fd_file(fd);

	if (file)
		pt_give_up(ctx, file, (int)fd);
	return 0;
}

/* inet_csk_listen_start calls the protocol's hash function once the port is bound, also by autobind. */
int kp_inet_hash(struct pt_regs *ctx, struct sock *sk)
{
	if (pt_sock_state(sk) == PT_TCP_LISTEN)
		pt_claim_listen(ctx, sk, -1);
	return 0;
}

/* The kernel chose `sk` of several sockets on a port. `ev` has time and key. */
PT_INLINE void pt_tell_chosen(void *ctx, struct sock *sk, struct ev_shake *ev)
{
	ev->hdr.type = EV_SHAKE;
	ev->hdr.size = sizeof(*ev);
	ev->ino = pt_sock_ino(sk);
	if (m_owners.perf_submit(ctx, ev, sizeof(*ev)))
		pt_count(EV_STAT_OWNER_FAILED);
}

/* A SYN came, and of the listeners of its port the kernel chose `sk`; the SYN-ACK has not left. In softirq, so it may not say who.
 * `req` begins as a socket does (sock_common), with both ends in it, IPv4 also as v4-mapped (sk_daddr_set). */
int kp_reqsk_add(struct pt_regs *ctx, struct sock *sk, struct sock *req)
{
	struct ev_shake ev = {};

	if (!pt_sock_reuseport(sk) || pt_sock_proto(sk) != PT_PROTO_TCP)
		return 0;
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	pt_sock_key(req, PT_PROTO_TCP, &ev.key);
	pt_tell_chosen(ctx, sk, &ev);
	return 0;
}

/* udp_sendmsg, udpv6_sendmsg and the ping ones: (sk, msg, len) in all; the local port is bound by now. An AF_INET6
 * socket that sends to a v4-mapped address fires two of them: the second finds nothing new. */
int kp_datagram_sendmsg(struct pt_regs *ctx, struct sock *sk, struct msghdr *msg)
{
	struct ev_owner ev = {.fd = -1};
	void *to = 0;

	PT_READ(to, &msg->msg_name);
	pt_claim_as(ctx, sk, pt_sock_proto(sk), &ev, to, 0);
	return 0;
}

#if !HAVE_SKB_SK
/* The first bytes to be sent, in user memory. */
PT_INLINE void *pt_msg_data(struct msghdr *msg)
{
	const struct iovec *iov = 0;
	void *data = 0;

#if LINUX_VERSION_CODE >= 0x060400 /* only with --assume-kernel: iov was renamed, and a single buffer has none */
	unsigned long segs = 0;

	PT_READ(segs, &msg->msg_iter.nr_segs);
	PT_READ(data, (void **)&msg->msg_iter.ubuf);
	if (segs == 1)
		return data;
	PT_READ(iov, &msg->msg_iter.__iov);
#else
	PT_READ(iov, &msg->msg_iter.iov);
#endif
	PT_READ(data, &iov->iov_base);
	return data;
}
#endif

/* raw_sendmsg, rawv6_sendmsg. Where the way out does not tell the socket, the first bytes sent tell the identifier. */
int kp_raw_sendmsg(struct pt_regs *ctx, struct sock *sk, struct msghdr *msg)
{
#if HAVE_SKB_SK
	pt_claim(ctx, sk, -1);
#else
	struct ev_owner ev = {.fd = -1};
	void *to = 0;

	PT_READ(to, &msg->msg_name);
	pt_claim_raw(ctx, sk, &ev, to, 0, pt_msg_data(msg));
#endif
	return 0;
}

/* The port is bound by now, but nothing is connected yet. */
int kp_datagram_connect(struct pt_regs *ctx, struct sock *sk, struct sockaddr *to)
{
	pt_claim_connect(ctx, sk, to);
	return 0;
}

/* By connect to AF_UNSPEC. What is left of its port is seen when the socket is used again. */
int kp_udp_disconnect(struct pt_regs *ctx, struct sock *sk)
{
	struct ev_key unknown = {};

	if (pt_sock_proto(sk) == PT_PROTO_UDP)
		pt_sock_moved(ctx, sk, &unknown);
	return 0;
}

/* packet_sendmsg, packet_sendmsg_spkt */
int kp_packet_sendmsg(struct pt_regs *ctx, struct socket *socket)
{
	struct sock *sk = 0;

	PT_READ(sk, &socket->sk);
	if (sk)
		pt_claim(ctx, sk, -1);
	return 0;
}

/* The end of udp_recvmsg and udpv6_recvmsg: the port is claimed by now. */
int kp_skb_consume_udp(struct pt_regs *ctx, struct sock *sk, struct sk_buff *skb)
{
	pt_claim_received(ctx, sk, skb);
	return 0;
}

/* Choices told on this CPU. Of a flood that nobody reads, or whose senders are all different, the rest is not: the buffer is
 * everybody's. */
#define PT_CHOICES_NS 100000000ULL
#define PT_CHOICES_MAX 500

struct pt_choices {
	u64 since_ns;
	u64 told;
};
BPF_PERCPU_ARRAY(m_choices, struct pt_choices, 1);

PT_INLINE int pt_may_tell_choice(u64 now_ns)
{
	int zero = 0;
	struct pt_choices *c = m_choices.lookup(&zero);

	if (!c)
		return 0;
	if (now_ns - c->since_ns > PT_CHOICES_NS) {
		c->since_ns = now_ns;
		c->told = 0;
	}
	c->told++;
	return c->told <= PT_CHOICES_MAX;
}

/* Addresses of sockets are used again. */
PT_INLINE int pt_is_of_sock(const struct ev_owner_val *known, struct sock *sk)
{
	u64 addr = (u64)sk;
	struct ev_sock *s = m_sock.lookup(&addr);

	return s && known->sk == addr && !s->closed_ns && known->sock_id == s->owner.sock_id;
}

/* A datagram is queued at `sk`, one of several that are bound in the same way, until somebody takes it. May run in any context: it
 * says which socket, and not whose. Of a sender that is known to be this one's that is no news. */
PT_INLINE void pt_tell_queued(void *ctx, struct sock *sk, struct sk_buff *skb)
{
	struct ev_shake ev = {};
	struct ev_owner_val *known;

	if (!(pt_sock_own_flags(sk) & EV_OWN_REUSE) || pt_sock_proto(sk) != PT_PROTO_UDP)
		return;
	pt_sock_key(sk, PT_PROTO_UDP, &ev.key);
	if (ev.key.rport || !ev.key.lport)
		return;
	pt_key_set_sender(&ev.key, skb);
	known = m_flow_owner.lookup(&ev.key);
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	if ((known && pt_is_of_sock(known, sk)) || !pt_may_tell_choice(ev.hdr.ts_ns))
		return;
	pt_key_set_destination(&ev.key, skb);
	pt_tell_chosen(ctx, sk, &ev);
}

/* The kernel has chosen this socket for a datagram, after its filters, in softirq: long before it is taken, maybe. */
int kp_udp_enqueue(struct pt_regs *ctx, struct sock *sk, struct sk_buff *skb)
{
	pt_tell_queued(ctx, sk, skb);
	return 0;
}

/* udp_lib_get_port binds the port (bind and autobind, both families) under spin locks: it cannot block, so its return
 * may be probed. The return has no arguments: the socket waits here. */
BPF_HASH(m_get_port, u64, u64, 1024);

int kp_udp_get_port(struct pt_regs *ctx, struct sock *sk)
{
	u64 id = bpf_get_current_pid_tgid(), addr = (u64)sk;

	m_get_port.update(&id, &addr);
	return 0;
}

int kr_udp_get_port(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	u64 *addr = m_get_port.lookup(&id);
	struct sock *sk;

	if (!addr)
		return 0;
	sk = (struct sock *)*addr;
	m_get_port.delete(&id);
	if (!PT_REGS_RC(ctx))
		pt_claim(ctx, sk, -1);
	return 0;
}

/* At its entry the tuple is whole; in tcp_v4_destroy_sock the local port is gone. Runs in softirq too. */
int kp_tcp_set_state(struct pt_regs *ctx, struct sock *sk, int state)
{
	if (state == PT_TCP_CLOSE)
		pt_sock_closed(ctx, sk, pt_sock_proto(sk));
	return 0;
}

/* The last descriptor of a socket is closed: the end of a datagram socket. TCP lives on until its state says so. */
int kp_inet_release(struct pt_regs *ctx, struct socket *socket)
{
	struct sock *sk = 0;
	u8 proto;

	PT_READ(sk, &socket->sk);
	if (!sk)
		return 0;
	proto = pt_sock_proto(sk);
	if (proto != PT_PROTO_TCP)
		pt_sock_closed(ctx, sk, proto);
	return 0;
}
