/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Who owns what: the only place that writes owners.
 *
 * The rule (DESIGN.md section 4): a wrong answer is worse than none. Only hooks that run in the context of the process
 * that acts may call pt_owner_current(), and a kernel thread is never an owner.
 */

/* The acting process, into a zeroed value. 0: nobody that may own a socket. */
PT_INLINE int pt_owner_current(struct ev_owner_val *o)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *leader = 0;
	u64 pid_tgid = bpf_get_current_pid_tgid(), exec_id = 0; /* 32 bits wide before 5.7 and its like among stable kernels */
	u32 flags = 0;

	PT_READ(flags, &task->flags);
	if (flags & PT_PF_KTHREAD || !(pid_tgid >> 32))
		return 0;
	PT_READ(leader, &task->group_leader);
	PT_READ(o->start_ns, &leader->PT_START_BOOTTIME);
	PT_READ_N(o->comm, EV_COMM_LEN, &leader->comm);
	bpf_get_current_comm(o->tcomm, EV_COMM_LEN);
	o->pid = pid_tgid >> 32;
	o->tid = (u32)pid_tgid;
	o->uid = (u32)bpf_get_current_uid_gid();
	PT_READ_N(&exec_id, sizeof(((struct task_struct *)0)->self_exec_id), &task->self_exec_id);
	o->exec_id = exec_id;
	return 1;
}

PT_INLINE int pt_same_process(struct ev_owner_val *a, struct ev_owner_val *b)
{
	return a->pid == b->pid && a->start_ns == b->start_ns;
}

/* In the same program, too: what it was before an exec is not what user space wants to know of it. */
PT_INLINE int pt_same_image(struct ev_owner_val *a, struct ev_owner_val *b)
{
	return pt_same_process(a, b) && a->exec_id == b->exec_id;
}

PT_INLINE int pt_same_comm(struct ev_owner_val *a, struct ev_owner_val *b)
{
	u64 *x = (u64 *)a->comm, *y = (u64 *)b->comm;

	return x[0] == y[0] && x[1] == y[1];
}

/* Also the thread, its credentials and its name: what a packet shows. */
PT_INLINE int pt_same_actor(struct ev_owner_val *a, struct ev_owner_val *b)
{
	return pt_same_image(a, b) && a->tid == b->tid && a->uid == b->uid && pt_same_comm(a, b);
}

/* Is what is known of this address about another socket? A datagram socket whose process died may have ended untold; one whose
 * owner acts is no other's. */
PT_INLINE int pt_sock_is_other(struct sock *sk, struct ev_owner_val *o)
{
	u64 addr = (u64)sk, ino = 0, known_ino = 0;
	struct ev_sock *known = m_sock.lookup(&addr);

	if (known && !pt_same_process(&known->owner, o))
		known_ino = known->ino;
	if (known_ino)
		ino = pt_sock_ino(sk);
	return ino && ino != known_ino;
}

/* Whom a datagram socket is connected to, as ev_sock.peer; TCP's change with a close. */
PT_INLINE u64 pt_peer(struct ev_key *key)
{
	u64 *addr = (u64 *)key->raddr;

	if (!key->rport || key->proto == PT_PROTO_TCP)
		return 0;
	return ((addr[0] ^ addr[1]) * 0x9e3779b97f4a7c15ULL + key->rport) << 1 | 1; /* never 0 */
}

/* Notes that `o` acts on `sk`, bound to `port` (0: not yet, or not looked at, nor is `peer` then), and completes it with the
 * socket's identity. A socket seen for the first time, or at the address of one that is gone, gets a new generation. Returns 1
 * where its process, its program or its port is news, or where nobody was sure to hold it, 0 where not, -1 where the map is full:
 * its close could not be told, so that nobody may be told of it. */
PT_INLINE int pt_sock_touch(struct sock *sk, u16 port, u64 peer, struct ev_owner_val *o)
{
	u64 addr = (u64)sk;
	int news = 1, is_other = pt_sock_is_other(sk, o);
	struct ev_sock *known = m_sock.lookup(&addr); /* anew: below 4.10 its check for NULL ends with the next helper */
	struct ev_sock fresh = {};

	o->sk = addr;
	o->attr = EV_ATTR_EXACT;
	if (known && !known->closed_ns && !is_other) {
		o->sock_id = known->owner.sock_id;
		if (!port) { /* who does not know it does not deny it */
			port = known->port;
			peer = known->peer;
		}
		news = known->port != port || known->released || !pt_same_image(&known->owner, o);
		if (!news && pt_same_actor(&known->owner, o)) {
			o->act_ns = known->owner.act_ns;
			return 0;
		}
		o->act_ns = bpf_ktime_get_ns();
	} else {
		o->sock_id = o->act_ns = bpf_ktime_get_ns();
	}
	fresh.owner = *o;
	fresh.ino = pt_sock_ino(sk);
	fresh.netns = pt_sock_netns(sk);
	fresh.port = port;
	fresh.peer = peer;
	if (m_sock.update(&addr, &fresh)) {
		pt_count(EV_STAT_SOCK_FULL);
		return -1;
	}
	if (!known)
		pt_count(EV_STAT_SOCK_INSERT);
	pt_actor_acts(o);
	return news;
}

PT_INLINE void pt_owner_put(void *ctx, struct ev_owner *ev)
{
	ev->hdr.ts_ns = bpf_ktime_get_ns();
	ev->hdr.type = EV_OWNER;
	ev->hdr.size = sizeof(*ev);
	if (m_owners.perf_submit(ctx, ev, sizeof(*ev)))
		pt_count(EV_STAT_OWNER_FAILED);
}

/* Of which file, and where the owner is the current process, by which descriptor. Not in tc programs, which lack the helpers. */
PT_INLINE void pt_owner_send(void *ctx, struct ev_owner *ev)
{
	if (ev->owner.sk)
		ev->ino = pt_sock_ino((struct sock *)ev->owner.sk);
	if (ev->owner.sk && ev->fd < 0 && ev->owner.pid == bpf_get_current_pid_tgid() >> 32)
		ev->fd = pt_acting_fd((struct sock *)ev->owner.sk);
	pt_owner_put(ctx, ev);
}

/* Writes the flow's owner where it is news. ev->owner is complete. true: user space is to be told; with `news` in any case. */
PT_INLINE int pt_flow_note(struct ev_owner *ev, int news)
{
	struct ev_owner_val *known = m_flow_owner.lookup(&ev->key);
	int new_key = !known, tell = 1;

	if (known) {
		tell = news || known->sock_id != ev->owner.sock_id || !pt_same_image(known, &ev->owner);
		if (!tell && pt_same_actor(known, &ev->owner))
			return 0;
	}
	if (m_flow_owner.update(&ev->key, &ev->owner))
		pt_count(EV_STAT_FLOW_FULL);
	else if (new_key)
		pt_count(EV_STAT_FLOW_INSERT);
	ev->kind = EV_OWN_FLOW;
	return tell;
}

PT_INLINE void pt_flow_write(void *ctx, struct ev_owner *ev, int news)
{
	if (pt_flow_note(ev, news))
		pt_owner_send(ctx, ev);
}

/* Both ends known (the local address may still be open: unconnected UDP on a wildcard address). */
PT_INLINE int pt_key_is_flow(struct ev_key *key)
{
	return key->lport && (key->rport || key->proto == PT_PROTO_ICMP || key->proto == PT_PROTO_ICMPV6);
}

/* A datagram socket that is connected to somebody else now, or to nobody, or has another port or none, gets nothing any more of
 * what it got before: to all that know of it, it is closed, and a new one. `key` is its own, or all zero: not known yet. */
PT_INLINE void pt_sock_moved(void *ctx, struct sock *sk, struct ev_key *key)
{
	u64 addr = (u64)sk;
	struct ev_sock *s = m_sock.lookup(&addr);
	struct ev_close ev = {};

	if (!s || s->closed_ns || !s->port || (s->port == key->lport && s->peer == pt_peer(key)))
		return;
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	ev.hdr.type = EV_CLOSE;
	ev.hdr.size = sizeof(ev);
	ev.sk = addr;
	ev.sock_id = s->owner.sock_id;
	s->owner.sock_id = ev.hdr.ts_ns;
	s->port = 0;
	s->peer = 0;
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_OWNER_FAILED);
}

/* The current process acts on `sk`, which speaks `proto` (pt_sock_proto): it owns the flow from now on. `ev` is zeroed but for fd.
 * `to` is the destination of the datagram where the sender names one, in kernel memory or (to_user) its own. */
PT_INLINE void pt_claim_as(void *ctx, struct sock *sk, u8 proto, struct ev_owner *ev, void *to, int to_user)
{
	int news;

	if (!proto || !pt_owner_current(&ev->owner))
		return;
	/* A reader may still come to a socket that is closed: it must not come to life again, its address is soon another's. */
	if (proto == PT_PROTO_TCP && pt_sock_state(sk) == PT_TCP_CLOSE)
		return;
	pt_sock_key(sk, proto, &ev->key);
	if (proto == PT_PROTO_UDP)
		pt_sock_moved(ctx, sk, &ev->key);
	news = pt_sock_touch(sk, ev->key.lport, pt_peer(&ev->key), &ev->owner);
	ev->flags = pt_sock_own_flags(sk);
	if (news < 0 || proto == PT_PROTO_RAW || !ev->key.lport)
		return; /* a raw one is found by its socket on the way out, or by claim_raw */
	if (proto == PT_PROTO_UDP && news && !ev->key.rport) {
		ev->kind = EV_OWN_PORT;
		pt_owner_send(ctx, ev);
	}
	if (to)
		pt_key_set_remote(&ev->key, to, to_user);
	if (proto == PT_PROTO_ICMP || proto == PT_PROTO_ICMPV6) {
		ev->key.rport = 0;
		ev->owner.attr = EV_ATTR_ICMP;
	}
	if (pt_key_is_flow(&ev->key))
		pt_flow_write(ctx, ev, news);
}

/* The current process is about to connect the datagram socket `sk` to `to`, in kernel memory. Where that fails, what it does
 * next with the socket says so. */
PT_INLINE void pt_claim_connect(void *ctx, struct sock *sk, void *to)
{
	struct ev_owner ev = {.fd = -1};
	int news;

	if (pt_sock_proto(sk) != PT_PROTO_UDP || !pt_owner_current(&ev.owner))
		return;
	pt_sock_key(sk, PT_PROTO_UDP, &ev.key);
	pt_key_set_remote(&ev.key, to, 0);
	pt_sock_moved(ctx, sk, &ev.key);
	news = pt_sock_touch(sk, ev.key.lport, pt_peer(&ev.key), &ev.owner);
	ev.flags = pt_sock_own_flags(sk);
	if (news >= 0 && pt_key_is_flow(&ev.key))
		pt_flow_write(ctx, &ev, news);
}

/* The current process took a datagram from `sk`. Where others are bound to its port in the same way, the kernel chose one by who
 * sent it: what else that one sends is this one's, too. */
PT_INLINE void pt_claim_received(void *ctx, struct sock *sk, struct sk_buff *skb)
{
	struct ev_owner ev = {.fd = -1};

	ev.flags = pt_sock_own_flags(sk);
	if (!(ev.flags & EV_OWN_REUSE) || pt_sock_proto(sk) != PT_PROTO_UDP || !pt_owner_current(&ev.owner))
		return;
	pt_sock_key(sk, PT_PROTO_UDP, &ev.key);
	if (ev.key.rport || !ev.key.lport || pt_sock_touch(sk, ev.key.lport, 0, &ev.owner) < 0)
		return;
	pt_key_set_sender(&ev.key, skb);
	pt_flow_write(ctx, &ev, 0);
}

#if !HAVE_SKB_SK
/* The current process sends `data` (user memory) through the raw socket `sk`: if that is an ICMP echo request, it owns the
 * identifier. With skb->sk the packet itself tells. */
PT_INLINE void pt_claim_raw(void *ctx, struct sock *sk, struct ev_owner *ev, void *to, int to_user, void *data)
{
	struct {
		u8 type, code;
		__be16 check, id;
	} echo = {};

	if (pt_sock_proto(sk) != PT_PROTO_RAW || !pt_owner_current(&ev->owner))
		return;
	pt_sock_key(sk, PT_PROTO_RAW, &ev->key);
	PT_READ_USER(echo, data);
	/* a raw socket's local port is its protocol */
	if (!(ev->key.lport == PT_PROTO_ICMP && echo.type == 8) && !(ev->key.lport == PT_PROTO_ICMPV6 && echo.type == 128))
		return;
	if (pt_sock_touch(sk, 0, 0, &ev->owner) < 0)
		return;
	ev->owner.attr = EV_ATTR_ICMP;
	if (to)
		pt_key_set_remote(&ev->key, to, to_user);
	ev->key.proto = ev->key.lport;
	ev->key.lport = bpf_ntohs(echo.id);
	ev->key.rport = 0;
	pt_flow_write(ctx, ev, 0);
}
#endif

PT_INLINE void pt_claim(void *ctx, struct sock *sk, int fd)
{
	struct ev_owner ev = {.fd = fd};

	pt_claim_as(ctx, sk, pt_sock_proto(sk), &ev, 0, 0);
}

/* The current process listens on `sk`. */
PT_INLINE void pt_claim_listen(void *ctx, struct sock *sk, int fd)
{
	struct ev_owner ev = {.fd = fd, .kind = EV_OWN_LISTEN};

	if (pt_sock_proto(sk) != PT_PROTO_TCP || !pt_owner_current(&ev.owner))
		return;
	pt_sock_key(sk, PT_PROTO_TCP, &ev.key);
	ev.flags = pt_sock_own_flags(sk);
	if (pt_sock_touch(sk, ev.key.lport, 0, &ev.owner) >= 0 && ev.key.lport)
		pt_owner_send(ctx, &ev);
}

/* The current process got a descriptor of a socket that has an owner: that one stays. It may be itself (dup). */
PT_INLINE void pt_tell_holder(void *ctx, struct sock *sk, u8 proto, int fd)
{
	struct ev_owner ev = {.fd = fd, .kind = EV_OWN_HOLD};
	u64 addr = (u64)sk;
	struct ev_sock *s;

	if (!pt_owner_current(&ev.owner))
		return;
	pt_sock_key(sk, proto, &ev.key);
	s = m_sock.lookup(&addr);
	if (!s)
		return;
	if (pt_same_process(&s->owner, &ev.owner))
		ev.flags = EV_OWN_AGAIN;
	ev.owner.sk = addr;
	ev.owner.sock_id = s->owner.sock_id;
	ev.owner.act_ns = bpf_ktime_get_ns();
	ev.owner.attr = EV_ATTR_EXACT;
	pt_owner_send(ctx, &ev);
}

/* A descriptor was installed: by accept, but also by dup or SCM_RIGHTS. It shows a holder and not an actor. */
PT_INLINE void pt_got_descriptor(void *ctx, struct sock *sk, int fd)
{
	u64 addr = (u64)sk;
	struct ev_sock *s = m_sock.lookup(&addr);
	u8 proto = pt_sock_proto(sk), state = pt_sock_state(sk);
	int known = 0, owned = 0;

	if (!proto || proto == PT_PROTO_RAW)
		return;
	if (s) {
		known = 1;
		owned = !s->closed_ns && !s->released;
	}
	if (owned)
		pt_tell_holder(ctx, sk, proto, fd);
	else if (proto == PT_PROTO_TCP && state == PT_TCP_LISTEN)
		pt_claim_listen(ctx, sk, fd);
	else if (known || (proto == PT_PROTO_TCP && state != PT_TCP_CLOSE)) /* not one that socket(2) just made */
		pt_claim(ctx, sk, fd);
}

/* The current process gives up a descriptor of `sk` (fd -1: one of them), and other references to its file are left: where it was
 * the owner, it is not known who holds the socket now. User space finds out; from then on until somebody acts it may be anybody who
 * gives up what was found. */
PT_INLINE void pt_released(void *ctx, struct sock *sk, u8 proto, int fd)
{
	u64 addr = (u64)sk;
	struct ev_sock *s = m_sock.lookup(&addr);
	struct ev_owner_val me = {};
	struct ev_release ev = {};

	if (!pt_owner_current(&me) || (s && (s->closed_ns || (!s->released && !pt_same_process(&s->owner, &me)))))
		return;
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	ev.hdr.type = EV_RELEASE;
	ev.hdr.size = sizeof(ev);
	ev.sk = addr;
	ev.ino = pt_sock_ino(sk);
	ev.pid = me.pid;
	ev.fd = fd;
	ev.start_ns = me.start_ns;
	pt_sock_key(sk, proto, &ev.key);
	if (s) {
		ev.sock_id = s->owner.sock_id;
		s->released = 1;
	} else {
		/* a seed, or evicted */
		if (!ev.key.lport)
			return;
		if (!m_flow_owner.delete(&ev.key))
			pt_count(EV_STAT_FLOW_DELETE);
	}
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_OWNER_FAILED);
}

PT_INLINE void pt_sock_orphaned(struct sock *sk)
{
	u64 addr = (u64)sk;
	struct ev_sock *s = m_sock.lookup(&addr);

	if (s)
		s->orphan = 1;
}

/* The current process closes the last descriptor of the connection `sk`: the FIN is its own. */
PT_INLINE void pt_ends(void *ctx, struct sock *sk)
{
	struct ev_owner ev = {.fd = -1};

	if (pt_sock_state(sk) != PT_TCP_LISTEN)
		pt_claim_as(ctx, sk, PT_PROTO_TCP, &ev, 0, 0);
}

/* The socket is gone. May run in any context: it stamps and names nobody. */
PT_INLINE void pt_sock_closed(void *ctx, struct sock *sk, u8 proto)
{
	u64 addr = (u64)sk;
	struct ev_sock *s = m_sock.lookup(&addr);
	struct ev_close ev = {};

	if (s && s->closed_ns)
		return;
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	ev.hdr.type = EV_CLOSE;
	ev.hdr.size = sizeof(ev);
	ev.sk = addr;
	ev.ino = pt_sock_ino(sk);
	pt_sock_last_key(sk, proto, &ev.key);
	if (s) {
		ev.sock_id = s->owner.sock_id;
		s->closed_ns = ev.hdr.ts_ns;
	} else {
		/* a seed, or evicted while open: user space may still know it by its key */
		if (!ev.key.lport)
			return;
		if (!m_flow_owner.delete(&ev.key))
			pt_count(EV_STAT_FLOW_DELETE);
	}
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_OWNER_FAILED);
}
