/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * The classifiers: parse a packet (parse.h), look its owner up, put both on the ring. Attached without direct-action and
 * returning 0 ("no match"): every other filter on the interface still runs.
 */

#define PT_SOCK_RAW 3 /* include/linux/net.h */
#define PT_PACKET_LOOPBACK 5 /* include/uapi/linux/if_packet.h */
#define PT_TCP_FLAG_SYN 0x02
#define PT_TCP_FLAG_ACK 0x10

PT_INLINE u32 pt_min_u32(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* A handshake's first packet never belongs to a closed connection of the same tuple. */
PT_INLINE int pt_is_syn(struct ev_packet *ev)
{
	return (ev->tcp_flags & (PT_TCP_FLAG_SYN | PT_TCP_FLAG_ACK)) == PT_TCP_FLAG_SYN;
}

/* Does the owner noted for a flow still answer? Of one that ended user space knows who has the open socket now, unless
 * it had closed it. A closed TCP socket does so for a while: its FIN, its reset and retransmissions leave after the close. Datagram sockets are judged in user space then. */
PT_INLINE int pt_owner_answers(struct ev_owner_val *o, struct ev_packet *ev)
{
	u64 addr = o->sk;
	struct ev_sock *s;

	if (!addr)
		return !pt_actor_ended(o); /* a seed */
	s = m_sock.lookup(&addr);
	if (!s || s->released || s->owner.sock_id != o->sock_id)
		return 0;
	if (!s->closed_ns)
		return s->orphan || !pt_actor_ended(o);
	return ev->key.proto == PT_PROTO_TCP && !pt_is_syn(ev) && ev->hdr.ts_ns - s->closed_ns < EV_LINGER_NS;
}

PT_INLINE void pt_find_by_key(struct ev_key *key, struct ev_packet *ev)
{
	struct ev_owner_val *o = m_flow_owner.lookup(key);

	if (!o)
		return;
	if (pt_owner_answers(o, ev)) {
		ev->owner = *o;
	} else if (pt_is_syn(ev)) {
		/* else the closed connection's owner would answer for the rest of the new one's handshake */
		m_flow_owner.delete(key);
		pt_count(EV_STAT_FLOW_DELETE);
	}
}

#if HAVE_SKB_SK
PT_INLINE int pt_sock_is_any(struct bpf_sock *sk)
{
	if (sk->family == PT_AF_INET)
		return !sk->src_ip4;
	return !(sk->src_ip6[0] | sk->src_ip6[1] | sk->src_ip6[2] | sk->src_ip6[3]);
}

/* Is it bound to the packet's source address, or to none? `addr` is IPv4 as v4-mapped. */
PT_INLINE int pt_sock_has_addr(struct bpf_sock *sk, u8 *addr)
{
	u32 *words = (u32 *)addr;

	if (pt_sock_is_any(sk))
		return 1;
	if (sk->family == PT_AF_INET)
		return sk->src_ip4 == words[3];
	return sk->src_ip6[0] == words[0] && sk->src_ip6[1] == words[1] && sk->src_ip6[2] == words[2] &&
	       sk->src_ip6[3] == words[3];
}

/* Is this packet one that the socket sent? A packet socket sends whatever it likes. An error has the key of what it quotes: only a
 * raw socket of its protocol sends it. A tunnel's outer packet (vxlan, wireguard, ipip, gre) carries the socket of the inner
 * one. No tunnel goes over TCP; a tunnel over UDP may have chosen the inner port by chance, so addresses are compared too,
 * but not for TCP, where the source may be translated by now. A raw socket sends its protocol, or whatever it likes. */
PT_INLINE int pt_sock_sent(struct bpf_sock *sk, struct ev_packet *ev)
{
	if (sk->family == PT_AF_PACKET)
		return 1;
	if (ev->flags & EV_PKT_ERROR)
		return sk->type == PT_SOCK_RAW && (sk->protocol == PT_PROTO_ICMP || sk->protocol == PT_PROTO_ICMPV6);
	if (sk->type == PT_SOCK_RAW)
		return ev->key.proto && (sk->protocol == ev->key.proto || sk->protocol == PT_PROTO_RAW);
	if (!(ev->flags & EV_PKT_KEY) || sk->protocol != ev->key.proto || sk->src_port != ev->key.lport)
		return 0;
	return ev->key.proto == PT_PROTO_TCP || pt_sock_has_addr(sk, ev->key.laddr);
}

/* It made up the packet, of which addresses and ports say nothing then of whose it is, nor do answers to them come to it: but for
 * a raw socket's echo, whose identifier is the process's own. A raw TCP socket nobody is known to have sent with is the kernel's
 * own, by which it answers for a connection that is in TIME_WAIT (below 6.13, net/ipv4/tcp_ipv4.c, ipv4_tcp_sk). */
PT_INLINE int pt_sock_made_up(struct bpf_sock *sk, struct ev_packet *ev, struct ev_sock *known)
{
	if (sk->family == PT_AF_PACKET || ev->flags & EV_PKT_ERROR)
		return 1;
	if (sk->type != PT_SOCK_RAW)
		return 0;
	return ev->key.proto == PT_PROTO_UDP || (ev->key.proto == PT_PROTO_TCP && known && !known->closed_ns);
}

/* A close in softirq goes unseen where it interrupts another of our programs (bpf_prog_active): what is known may be of a socket
 * that had this address before. What a raw or packet socket made up tells nothing of its own port. */
PT_INLINE int pt_sock_is_stale(struct ev_sock *s, struct ev_packet *ev)
{
	return ev->flags & EV_PKT_KEY && ev->key.proto == PT_PROTO_TCP && s->port && s->port != ev->key.lport;
}

/* On its way out a packet carries its socket: it finds the owner before the tuple is known (a SYN under the tracepoint
 * back-end, the first datagram of an unconnected socket, a raw ping), and makes the tuple known. A SYN-ACK carries the
 * listener at best.
 *
 * Where the socket is bound to no address, the kernel or its owner chose one for this datagram, and what comes to that may be
 * another socket's: the tuple is known without it. */
PT_INLINE void pt_find_by_sock(struct __sk_buff *skb, struct ev_packet *ev)
{
	struct ev_owner learnt = {.fd = -1};
	struct bpf_sock *sk = skb->sk;
	u8 is_any;
	struct ev_sock *s;
	u64 addr;

	if (!sk)
		return;
	sk = bpf_sk_fullsock(sk);
	if (!sk || !pt_sock_sent(sk, ev))
		return;
	is_any = pt_sock_is_any(sk);
	addr = (u64)sk;
	s = m_sock.lookup(&addr);
	if (pt_sock_made_up(sk, ev, s))
		ev->flags &= ~EV_PKT_KEY;
	if (!s || s->closed_ns || s->released || s->netns != ev->netns || pt_sock_is_stale(s, ev))
		return;
	if (ev->key.proto == PT_PROTO_TCP && ev->tcp_flags & PT_TCP_FLAG_SYN && ev->tcp_flags & PT_TCP_FLAG_ACK)
		return;
	if (pt_actor_ended(&s->owner))
		return;
	ev->owner = s->owner;
	if (!(ev->flags & EV_PKT_KEY) || !ev->key.lport)
		return;
	learnt.key = ev->key;
	if (ev->key.proto == PT_PROTO_ICMP || ev->key.proto == PT_PROTO_ICMPV6)
		ev->owner.attr = EV_ATTR_ICMP;
	else if (is_any && ev->key.proto == PT_PROTO_UDP)
		__builtin_memset(learnt.key.laddr, 0, 16);
	learnt.owner = ev->owner;
	learnt.ino = s->ino;
	if (pt_flow_note(&learnt, 0))
		pt_owner_put(skb, &learnt);
}
#endif

/* Later fragments take the owner of the first one, whatever socket they carry. What leaves is of the socket that sent it, whoever
 * has that tuple, too. What comes goes to a UDP socket on any address only if there is none on this one: user space knows. */
PT_INLINE void pt_find_owner(struct __sk_buff *skb, struct ev_packet *ev)
{
	u8 may_be_any = ev->key.proto != PT_PROTO_TCP && (ev->key.proto != PT_PROTO_UDP || ev->dir == EV_DIR_OUT);

	if (ev->flags & EV_PKT_FRAG)
		return;
#if HAVE_SKB_SK
	if (ev->dir == EV_DIR_OUT)
		pt_find_by_sock(skb, ev);
#endif
	if (!ev->owner.pid && ev->flags & EV_PKT_KEY)
		pt_find_by_key(&ev->key, ev);
	if (!ev->owner.pid && ev->flags & EV_PKT_KEY && may_be_any) {
		struct ev_key any = ev->key;

		__builtin_memset(any.laddr, 0, 16);
		pt_find_by_key(&any, ev);
	}
	if (ev->owner.pid && ev->flags & EV_PKT_ERROR)
		ev->owner.attr = EV_ATTR_ICMP;
}

/* Only an owner that is certain can be judged here; the rest is judged in user space, after the window. Later fragments
 * take the owner of the first one there, and of an error's owner the last word is said there. */
PT_INLINE int pt_filtered_out(struct ev_packet *ev, u64 run)
{
	if (!ev->owner.pid || ev->owner.attr == EV_ATTR_SEED || ev->flags & (EV_PKT_FIRST | EV_PKT_ERROR))
		return 0;
	return !pt_filter_passes(&ev->owner, run);
}

/* However the packet was parsed, the verifier goes on with one state (6,000 instructions looked at on 6.18; 16,900 if only flags and
 * protocol are forgotten). */
PT_INLINE void pt_forget_paths(struct ev_packet *ev)
{
	u64 nothing = pt_nothing(ev->hdr.ts_ns), *key = (u64 *)&ev->key;

#pragma unroll
	for (int i = 0; i < sizeof(ev->key) / sizeof(*key); i++)
		key[i] |= nothing;
	ev->frag_id |= nothing;
	ev->flags |= nothing;
	ev->tcp_flags |= nothing;
}

#if HAVE_MEM_IN_MAP
struct pt_tail {
	struct ev_tail ev;
	u8 data[EV_TAIL_LEN];
};
BPF_PERCPU_ARRAY(m_tail, struct pt_tail, 1);

PT_INLINE int pt_send_piece(struct __sk_buff *skb, struct pt_tail *t)
{
	u32 left = t->ev.len - t->ev.offset, n = pt_bounded(pt_min_u32(left, EV_TAIL_LEN), EV_TAIL_LEN);

	t->ev.size = n;
	if (bpf_skb_load_bytes(skb, t->ev.offset, t->data, n))
		return -1;
	return m_packets.perf_submit(skb, t, sizeof(t->ev) + n);
}
#endif

/* What the packet's record has no room for. Not 0: the ring has none for the packet either. */
PT_INLINE int pt_send_tail(struct __sk_buff *skb, const struct ev_packet *ev)
{
#if HAVE_MEM_IN_MAP
	int zero = 0, err = 0;
	struct pt_tail *t;

	if (ev->caplen < EV_CAPLEN_MAX || ev->len > EV_SNAPLEN_MAX)
		return 0;
	t = m_tail.lookup(&zero);
	if (!t)
		return 0;
	t->ev.hdr.ts_ns = ev->hdr.ts_ns;
	t->ev.hdr.type = EV_TAIL;
	t->ev.hdr.size = sizeof(t->ev);
	t->ev.cpu = ev->cpu;
	t->ev.len = ev->len;
	t->ev.offset = EV_CAPLEN_MAX;
#pragma unroll
	for (int i = 0; i < EV_TAIL_CNT; i++) {
		if (t->ev.offset >= ev->len)
			break;
		err |= pt_send_piece(skb, t);
		t->ev.offset += EV_TAIL_LEN;
	}
	return err;
#else
	return 0;
#endif
}

PT_INLINE int pt_classify(struct __sk_buff *skb, u8 dir)
{
	u64 run = PT_PATCHED(0x7069647461700003), snaplen = PT_PATCHED(0x7069647461700002);
	struct ev_packet ev = {};
	u16 type;
	u32 off;
	int err;

	/* what was sent to a group comes back to the host's own members, without the link layer; it was seen on its way out */
	if (dir == EV_DIR_IN && skb->pkt_type == PT_PACKET_LOOPBACK)
		return 0;
	pt_count(EV_STAT_SEEN);
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	ev.hdr.type = EV_PACKET;
	ev.hdr.size = sizeof(ev);
	ev.netns = (u32)PT_PATCHED(0x7069647461700001);
	ev.key.netns = ev.netns;
	ev.ifindex = skb->ifindex;
	ev.len = skb->len;
	ev.caplen = pt_min_u32(ev.len, (u32)snaplen);
	ev.cpu = bpf_get_smp_processor_id();
	ev.dir = dir;
	if (run & EV_RUN_L3)
		ev.flags |= EV_PKT_L3;
	if (skb->vlan_present) {
		ev.flags |= EV_PKT_VLAN;
		ev.vlan_tci = skb->vlan_tci;
		ev.vlan_proto = bpf_ntohs(skb->vlan_proto);
	}
	type = pt_parse_link(skb, run & EV_RUN_L3, &off);
	pt_parse_packet(skb, type, off, &ev);
	pt_forget_paths(&ev);
	pt_find_owner(skb, &ev);
	if (pt_filtered_out(&ev, run)) {
		pt_count(EV_STAT_FILTERED);
		return 0;
	}
	err = pt_send_tail(skb, &ev);
	if (!err)
		err = m_packets.perf_submit_skb(skb, ev.caplen, &ev, sizeof(ev));
	pt_count(err ? EV_STAT_FAILED : EV_STAT_SENT);
	return 0;
}

int tc_ingress(struct __sk_buff *skb)
{
	return pt_classify(skb, EV_DIR_IN);
}

int tc_egress(struct __sk_buff *skb)
{
	return pt_classify(skb, EV_DIR_OUT);
}
