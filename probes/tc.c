/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * The classifiers: parse a packet, look its owner up, put both on the ring. Attached without direct-action and
 * returning 0 ("no match"): every other filter on the interface still runs.
 */

#define PT_ETH_P_IP 0x0800
#define PT_ETH_P_8021Q 0x8100
#define PT_ETH_P_IPV6 0x86DD
#define PT_ETH_P_8021AD 0x88A8
#define PT_IPPROTO_HOPOPTS 0
#define PT_IPPROTO_ROUTING 43
#define PT_IPPROTO_FRAGMENT 44
#define PT_IPPROTO_AH 51
#define PT_IPPROTO_DSTOPTS 60
#define PT_TCP_FLAG_SYN 0x02
#define PT_TCP_FLAG_ACK 0x10

#define PT_LOAD(skb, off, dst) bpf_skb_load_bytes(skb, off, &(dst), sizeof(dst))

PT_INLINE u32 pt_min_u32(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* Where the network layer begins, and what it is; 0: not IP. */
PT_INLINE u16 pt_parse_link(struct __sk_buff *skb, int l3, u32 *off)
{
	__be16 type = 0;
	u8 first = 0;

	if (l3) {
		*off = 0;
		PT_LOAD(skb, 0, first);
		return first >> 4 == 4 ? PT_ETH_P_IP : first >> 4 == 6 ? PT_ETH_P_IPV6 : 0;
	}
	*off = 14;
	PT_LOAD(skb, 12, type);
	/* tags in the frame: 802.1ad carries a second one */
	if (type == bpf_htons(PT_ETH_P_8021AD) || type == bpf_htons(PT_ETH_P_8021Q)) {
		PT_LOAD(skb, 16, type);
		*off = 18;
	}
	if (type == bpf_htons(PT_ETH_P_8021Q)) {
		PT_LOAD(skb, 20, type);
		*off = 22;
	}
	return bpf_ntohs(type);
}

/* The ports, which are in the same place in TCP and UDP; an ICMP echo's identifier. */
PT_INLINE void pt_parse_l4(struct __sk_buff *skb, u32 off, u8 proto, struct ev_packet *ev)
{
	struct {
		__be16 src, dst; /* ICMP: type and code, checksum */
		__be16 id, seq;
	} l4 = {};
	u16 src, dst;
	u8 type;

	if (PT_LOAD(skb, off, l4))
		return;
	src = bpf_ntohs(l4.src);
	dst = bpf_ntohs(l4.dst);
	ev->key.proto = proto;
	if (proto == PT_PROTO_TCP || proto == PT_PROTO_UDP) {
		ev->key.lport = ev->dir == EV_DIR_OUT ? src : dst;
		ev->key.rport = ev->dir == EV_DIR_OUT ? dst : src;
		if (proto == PT_PROTO_TCP)
			PT_LOAD(skb, off + 13, ev->tcp_flags);
		ev->flags |= EV_PKT_KEY;
		return;
	}
	/* The pinger's own two: its request on the way out, the reply on the way in (RFC 792, RFC 4443). */
	type = src >> 8;
	if (proto == PT_PROTO_ICMP ? type == (ev->dir == EV_DIR_OUT ? 8 : 0)
				   : type == (ev->dir == EV_DIR_OUT ? 128 : 129)) {
		ev->key.lport = bpf_ntohs(l4.id);
		ev->flags |= EV_PKT_KEY;
	}
}

PT_INLINE int pt_proto_has_key(u8 proto)
{
	return proto == PT_PROTO_TCP || proto == PT_PROTO_UDP || proto == PT_PROTO_ICMP || proto == PT_PROTO_ICMPV6;
}

PT_INLINE void pt_parse_ipv4(struct __sk_buff *skb, u32 off, struct ev_packet *ev)
{
	struct {
		u8 vihl, tos;
		__be16 len, id, frag;
		u8 ttl, proto;
		__be16 check;
		__be32 src, dst;
	} ip = {};

	if (PT_LOAD(skb, off, ip) || ip.vihl >> 4 != 4)
		return;
	pt_addr_from_v4(ev->key.laddr, ev->dir == EV_DIR_OUT ? ip.src : ip.dst);
	pt_addr_from_v4(ev->key.raddr, ev->dir == EV_DIR_OUT ? ip.dst : ip.src);
	if (ip.frag & bpf_htons(0x1fff)) {
		ev->flags |= EV_PKT_FRAG;
		return;
	}
	if (pt_proto_has_key(ip.proto))
		pt_parse_l4(skb, off + (ip.vihl & 15) * 4, ip.proto, ev);
}

PT_INLINE void pt_parse_ipv6(struct __sk_buff *skb, u32 off, struct ev_packet *ev)
{
	struct {
		__be32 flow;
		__be16 len;
		u8 next, hops;
		u8 src[16], dst[16];
	} ip = {};
	u8 next;

	if (PT_LOAD(skb, off, ip) || (*(u8 *)&ip) >> 4 != 6)
		return;
	__builtin_memcpy(ev->key.laddr, ev->dir == EV_DIR_OUT ? ip.src : ip.dst, 16);
	__builtin_memcpy(ev->key.raddr, ev->dir == EV_DIR_OUT ? ip.dst : ip.src, 16);
	next = ip.next;
	off += 40;
	/* Extension headers (RFC 8200 section 4.1): each kind once and destination options twice make six. */
#pragma unroll
	for (int i = 0; i < 6; i++) {
		struct {
			u8 next, len;
			__be16 frag;
		} ext = {};

		if (next != PT_IPPROTO_HOPOPTS && next != PT_IPPROTO_ROUTING && next != PT_IPPROTO_FRAGMENT &&
			next != PT_IPPROTO_AH && next != PT_IPPROTO_DSTOPTS)
			break;
		if (PT_LOAD(skb, off, ext))
			return;
		if (next == PT_IPPROTO_FRAGMENT && ext.frag & bpf_htons(0xfff8)) {
			ev->flags |= EV_PKT_FRAG;
			return;
		}
		off += next == PT_IPPROTO_FRAGMENT ? 8 : next == PT_IPPROTO_AH ? (ext.len + 2) * 4 : (ext.len + 1) * 8;
		next = ext.next;
	}
	if (pt_proto_has_key(next))
		pt_parse_l4(skb, off, next, ev);
}

/* A handshake's first packet never belongs to a closed connection of the same tuple. */
PT_INLINE int pt_is_syn(struct ev_packet *ev)
{
	return (ev->tcp_flags & (PT_TCP_FLAG_SYN | PT_TCP_FLAG_ACK)) == PT_TCP_FLAG_SYN;
}

/* Does the owner noted for a flow still answer? A closed TCP socket does so for a while: its FIN, its reset and
 * retransmissions leave after the close. Datagram sockets are judged in user space then. */
PT_INLINE int pt_owner_answers(struct ev_owner_val *o, struct ev_packet *ev)
{
	u64 addr = o->sk;
	struct ev_sock *s;

	if (!addr)
		return 1; /* a seed */
	s = m_sock.lookup(&addr);
	if (!s || s->released || s->owner.sock_id != o->sock_id)
		return 0;
	if (!s->closed_ns)
		return 1;
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
/* On its way out a packet carries its socket: it finds the owner before the tuple is known (a SYN under the tracepoint
 * back-end, the first datagram of an unconnected socket, a raw ping), and makes the tuple known. A SYN-ACK carries the
 * listener at best. */
PT_INLINE void pt_find_by_sock(struct __sk_buff *skb, u64 addr, struct ev_packet *ev)
{
	struct ev_sock *s = addr ? m_sock.lookup(&addr) : 0;
	struct ev_owner learnt = {.fd = -1};

	if (!s || s->closed_ns || s->released || s->netns != ev->netns)
		return;
	if (ev->key.proto == PT_PROTO_TCP && ev->tcp_flags & PT_TCP_FLAG_SYN && ev->tcp_flags & PT_TCP_FLAG_ACK)
		return;
	/* a tunnel's outer packet carries the socket of the inner one: its port is another */
	if (ev->flags & EV_PKT_KEY && (ev->key.proto == PT_PROTO_TCP || ev->key.proto == PT_PROTO_UDP) && s->port &&
		s->port != ev->key.lport)
		return;
	ev->owner = s->owner;
	if (!(ev->flags & EV_PKT_KEY))
		return;
	if (ev->key.proto == PT_PROTO_ICMP || ev->key.proto == PT_PROTO_ICMPV6)
		ev->owner.attr = EV_ATTR_ICMP;
	learnt.key = ev->key;
	learnt.owner = ev->owner;
	pt_flow_write(skb, &learnt, 0);
}
#endif

PT_INLINE void pt_find_owner(struct __sk_buff *skb, struct ev_packet *ev)
{
#if HAVE_SKB_SK
	u64 addr = ev->dir == EV_DIR_OUT ? (u64)skb->sk : 0;
#endif
	if (ev->flags & EV_PKT_KEY)
		pt_find_by_key(&ev->key, ev);
#if HAVE_SKB_SK
	if (!ev->owner.pid && addr)
		pt_find_by_sock(skb, addr, ev);
#endif
	if (!ev->owner.pid && ev->flags & EV_PKT_KEY && ev->key.proto != PT_PROTO_TCP) {
		struct ev_key any = ev->key;

		__builtin_memset(any.laddr, 0, 16);
		pt_find_by_key(&any, ev);
	}
}

/* Only an owner that is certain can be judged here; the rest is judged in user space, after the window. */
PT_INLINE int pt_filtered_out(struct ev_packet *ev, u64 run)
{
	u32 pid = ev->owner.pid, uid = ev->owner.uid;

	if (!pid || ev->owner.attr == EV_ATTR_SEED)
		return 0;
	return (run & EV_RUN_PID && !m_pids.lookup(&pid)) || (run & EV_RUN_UID && !m_uids.lookup(&uid));
}

PT_INLINE int pt_classify(struct __sk_buff *skb, u8 dir)
{
	u64 run = PT_PATCHED(0x7069647461700003), snaplen = PT_PATCHED(0x7069647461700002);
	struct ev_packet ev = {};
	u16 type;
	u32 off;
	int err;

	pt_count(EV_STAT_SEEN);
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	ev.hdr.type = EV_PACKET;
	ev.hdr.size = sizeof(ev);
	ev.netns = (u32)PT_PATCHED(0x7069647461700001);
	ev.key.netns = ev.netns;
	ev.ifindex = skb->ifindex;
	ev.len = skb->len;
	ev.caplen = pt_min_u32(ev.len, (u32)snaplen);
	ev.dir = dir;
	if (run & EV_RUN_L3)
		ev.flags |= EV_PKT_L3;
	if (skb->vlan_present) {
		ev.flags |= EV_PKT_VLAN;
		ev.vlan_tci = skb->vlan_tci;
		ev.vlan_proto = bpf_ntohs(skb->vlan_proto);
	}
	type = pt_parse_link(skb, run & EV_RUN_L3, &off);
	if (type == PT_ETH_P_IP)
		pt_parse_ipv4(skb, off, &ev);
	else if (type == PT_ETH_P_IPV6)
		pt_parse_ipv6(skb, off, &ev);
	pt_find_owner(skb, &ev);
	if (pt_filtered_out(&ev, run)) {
		pt_count(EV_STAT_FILTERED);
		return 0;
	}
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
