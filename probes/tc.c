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
#define PT_SOCK_RAW 3 /* include/linux/net.h */
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

/* The network layer: a packet's, or that of one quoted in an ICMP error. */
struct pt_net {
	u32 off; /* where its header begins; once it is parsed, the transport header */
	u32 frag_id;
	u8 dir;	  /* which end is local: EV_DIR_OUT: the source */
	u8 proto; /* 0: nothing of it can be read */
	u8 frag;  /* EV_PKT_FIRST, EV_PKT_FRAG; 0: whole */
};

/* The ports, which are in the same place in TCP and UDP; an ICMP echo's identifier. */
PT_INLINE void pt_parse_l4(struct __sk_buff *skb, struct pt_net *n, struct ev_packet *ev)
{
	struct {
		__be16 src, dst; /* ICMP: type and code, checksum */
		__be16 id, seq;
	} l4 = {};
	u16 src, dst;
	u8 type;

	if (PT_LOAD(skb, n->off, l4))
		return;
	src = bpf_ntohs(l4.src);
	dst = bpf_ntohs(l4.dst);
	if (n->proto == PT_PROTO_ICMP || n->proto == PT_PROTO_ICMPV6) {
		/* The identifier is the port of the end that pings (RFC 792, RFC 4443): of the source of a request, the
		 * destination of a reply. */
		type = src >> 8;
		src = dst = 0;
		if (type == (n->proto == PT_PROTO_ICMP ? 8 : 128))
			src = bpf_ntohs(l4.id);
		else if (type == (n->proto == PT_PROTO_ICMP ? 0 : 129))
			dst = bpf_ntohs(l4.id);
		else
			return;
	}
	ev->key.lport = n->dir == EV_DIR_OUT ? src : dst;
	ev->key.rport = n->dir == EV_DIR_OUT ? dst : src;
	ev->flags |= EV_PKT_KEY;
}

PT_INLINE int pt_proto_has_key(u8 proto)
{
	return proto == PT_PROTO_TCP || proto == PT_PROTO_UDP || proto == PT_PROTO_ICMP || proto == PT_PROTO_ICMPV6;
}

PT_INLINE void pt_parse_ipv4(struct __sk_buff *skb, struct pt_net *n, struct ev_packet *ev)
{
	struct {
		u8 vihl, tos;
		__be16 len, id, frag;
		u8 ttl, proto;
		__be16 check;
		__be32 src, dst;
	} ip = {};

	if (PT_LOAD(skb, n->off, ip) || ip.vihl >> 4 != 4)
		return;
	pt_addr_from_v4(ev->key.laddr, n->dir == EV_DIR_OUT ? ip.src : ip.dst);
	pt_addr_from_v4(ev->key.raddr, n->dir == EV_DIR_OUT ? ip.dst : ip.src);
	if (ip.frag & bpf_htons(0x3fff)) { /* more fragments, or an offset */
		n->frag = ip.frag & bpf_htons(0x1fff) ? EV_PKT_FRAG : EV_PKT_FIRST;
		n->frag_id = bpf_ntohs(ip.id);
	}
	n->off += (ip.vihl & 15) * 4;
	n->proto = ip.proto;
}

PT_INLINE int pt_parse_ipv6(struct __sk_buff *skb, struct pt_net *n, struct ev_packet *ev)
{
	struct {
		__be32 flow;
		__be16 len;
		u8 next, hops;
		u8 src[16], dst[16];
	} ip = {};

	if (PT_LOAD(skb, n->off, ip) || (*(u8 *)&ip) >> 4 != 6)
		return 0;
	__builtin_memcpy(ev->key.laddr, n->dir == EV_DIR_OUT ? ip.src : ip.dst, 16);
	__builtin_memcpy(ev->key.raddr, n->dir == EV_DIR_OUT ? ip.dst : ip.src, 16);
	n->off += 40;
	n->proto = ip.next;
	return 1;
}

/* Goes over one extension header (RFC 8200 section 4). 0: there is none, or nothing to be read behind it. */
PT_INLINE int pt_parse_ext(struct __sk_buff *skb, struct pt_net *n)
{
	struct {
		u8 next, len;
		__be16 frag;
		__be32 id;
	} ext = {};
	u8 kind = n->proto;

	if (kind != PT_IPPROTO_HOPOPTS && kind != PT_IPPROTO_ROUTING && kind != PT_IPPROTO_FRAGMENT &&
		kind != PT_IPPROTO_AH && kind != PT_IPPROTO_DSTOPTS)
		return 0;
	n->proto = 0;
	if (PT_LOAD(skb, n->off, ext))
		return 0;
	n->proto = ext.next;
	/* neither offset nor more: a fragment that is the whole packet (RFC 6946) */
	if (kind == PT_IPPROTO_FRAGMENT && ext.frag & bpf_htons(0xfff9)) {
		n->frag = ext.frag & bpf_htons(0xfff8) ? EV_PKT_FRAG : EV_PKT_FIRST;
		n->frag_id = bpf_ntohl(ext.id);
	}
	n->off += kind == PT_IPPROTO_FRAGMENT ? 8 : kind == PT_IPPROTO_AH ? (ext.len + 2) * 4 : (ext.len + 1) * 8;
	return n->frag != EV_PKT_FRAG;
}

/* The network layer of a packet. Extension headers: each kind once and destination options twice make six. */
PT_INLINE void pt_parse_net(struct __sk_buff *skb, u16 type, struct pt_net *n, struct ev_packet *ev)
{
	if (type == PT_ETH_P_IP) {
		pt_parse_ipv4(skb, n, ev);
	} else if (type == PT_ETH_P_IPV6 && pt_parse_ipv6(skb, n, ev)) {
#pragma unroll
		for (int i = 0; i < 6; i++)
			if (!pt_parse_ext(skb, n))
				break;
	}
	ev->key.proto = n->proto;
	ev->flags |= n->frag;
	ev->frag_id = n->frag_id;
}

/* ICMP's errors (RFC 792, RFC 4443): unreachable, source quench, redirect, time exceeded, parameter problem;
 * unreachable, too big, time exceeded, parameter problem. */
PT_INLINE int pt_is_icmp_error(struct __sk_buff *skb, struct pt_net *n)
{
	u8 type = 0;

	if (PT_LOAD(skb, n->off, type))
		return 0;
	if (n->proto == PT_PROTO_ICMP)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return n->proto == PT_PROTO_ICMPV6 && type >= 1 && type <= 4;
}

/* An ICMP error belongs to the flow of the packet it quotes, which went the other way. Of the quoted one's extension
 * headers only a fragment's is gone over. */
PT_INLINE void pt_parse_quoted(struct __sk_buff *skb, u16 type, struct pt_net *n, struct ev_packet *ev)
{
	n->off += 8;
	n->dir = n->dir == EV_DIR_OUT ? EV_DIR_IN : EV_DIR_OUT;
	n->proto = n->frag = 0;
	__builtin_memset(ev->key.laddr, 0, 16);
	__builtin_memset(ev->key.raddr, 0, 16);
	if (type == PT_ETH_P_IP)
		pt_parse_ipv4(skb, n, ev);
	else if (pt_parse_ipv6(skb, n, ev))
		pt_parse_ext(skb, n);
	ev->key.proto = n->proto;
	ev->flags |= EV_PKT_ERROR;
}

PT_INLINE void pt_parse_packet(struct __sk_buff *skb, u16 type, u32 off, struct ev_packet *ev)
{
	struct pt_net n = {.off = off, .dir = ev->dir};

	pt_parse_net(skb, type, &n, ev);
	if (n.frag == EV_PKT_FRAG || !pt_proto_has_key(n.proto))
		return;
	if (n.proto == PT_PROTO_TCP)
		PT_LOAD(skb, n.off + 13, ev->tcp_flags);
	else if (n.proto != PT_PROTO_UDP && pt_is_icmp_error(skb, &n))
		pt_parse_quoted(skb, type, &n, ev);
	if (n.frag != EV_PKT_FRAG && pt_proto_has_key(n.proto))
		pt_parse_l4(skb, &n, ev);
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
	if (!s || s->owner.sock_id != o->sock_id)
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
/* Is it bound to the packet's source address, or to none? `addr` is IPv4 as v4-mapped. */
PT_INLINE int pt_sock_has_addr(struct bpf_sock *sk, u8 *addr)
{
	u32 *words = (u32 *)addr;

	if (sk->family == PT_AF_INET)
		return !sk->src_ip4 || sk->src_ip4 == words[3];
	if (!(sk->src_ip6[0] | sk->src_ip6[1] | sk->src_ip6[2] | sk->src_ip6[3]))
		return 1;
	return sk->src_ip6[0] == words[0] && sk->src_ip6[1] == words[1] && sk->src_ip6[2] == words[2] &&
	       sk->src_ip6[3] == words[3];
}

/* Is this packet one that the socket sent? A tunnel's outer packet (vxlan, wireguard, ipip, gre) carries the socket of the
 * inner one. No tunnel goes over TCP; a tunnel over UDP may have chosen the inner port by chance, so addresses are compared too,
 * but not for TCP, where the source may be translated by now. A raw socket sends its protocol, or whatever it likes. */
PT_INLINE int pt_sock_sent(struct bpf_sock *sk, struct ev_packet *ev)
{
	if (sk->type == PT_SOCK_RAW)
		return ev->key.proto && (sk->protocol == ev->key.proto || sk->protocol == PT_PROTO_RAW);
	if (!(ev->flags & EV_PKT_KEY) || sk->protocol != ev->key.proto || sk->src_port != ev->key.lport)
		return 0;
	return ev->key.proto == PT_PROTO_TCP || pt_sock_has_addr(sk, ev->key.laddr);
}

/* On its way out a packet carries its socket: it finds the owner before the tuple is known (a SYN under the tracepoint
 * back-end, the first datagram of an unconnected socket, a raw ping), and makes the tuple known. A SYN-ACK carries the
 * listener at best. */
PT_INLINE void pt_find_by_sock(struct __sk_buff *skb, struct ev_packet *ev)
{
	struct ev_owner learnt = {.fd = -1};
	struct bpf_sock *sk = skb->sk;
	struct ev_sock *s;
	u64 addr;

	if (!sk)
		return;
	sk = bpf_sk_fullsock(sk);
	if (!sk || !pt_sock_sent(sk, ev))
		return;
	addr = (u64)sk;
	s = m_sock.lookup(&addr);
	if (!s || s->closed_ns || s->netns != ev->netns)
		return;
	if (ev->key.proto == PT_PROTO_TCP && ev->tcp_flags & PT_TCP_FLAG_SYN && ev->tcp_flags & PT_TCP_FLAG_ACK)
		return;
	ev->owner = s->owner;
	if (!(ev->flags & EV_PKT_KEY) || !ev->key.lport)
		return;
	if (ev->key.proto == PT_PROTO_ICMP || ev->key.proto == PT_PROTO_ICMPV6)
		ev->owner.attr = EV_ATTR_ICMP;
	learnt.key = ev->key;
	learnt.owner = ev->owner;
	pt_flow_write(skb, &learnt);
}
#endif

/* Later fragments take the owner of the first one, and an error that leaves was sent by the kernel, whatever socket they
 * carry. */
PT_INLINE void pt_find_owner(struct __sk_buff *skb, struct ev_packet *ev)
{
	if (ev->flags & EV_PKT_FRAG)
		return;
	if (ev->flags & EV_PKT_KEY)
		pt_find_by_key(&ev->key, ev);
#if HAVE_SKB_SK
	if (!ev->owner.pid && ev->dir == EV_DIR_OUT && !(ev->flags & EV_PKT_ERROR))
		pt_find_by_sock(skb, ev);
#endif
	if (!ev->owner.pid && ev->flags & EV_PKT_KEY && ev->key.proto != PT_PROTO_TCP) {
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
	u32 pid = ev->owner.pid, uid = ev->owner.uid;

	if (!pid || ev->owner.attr == EV_ATTR_SEED || ev->flags & (EV_PKT_FIRST | EV_PKT_ERROR))
		return 0;
	return (run & EV_RUN_PID && !m_pids.lookup(&pid)) || (run & EV_RUN_UID && !m_uids.lookup(&uid));
}

/* Adds nothing, but the verifier cannot know: it goes on with one state for all the ways a packet may have been parsed (9,100
 * instructions looked at on 6.18, else 14,300). */
PT_INLINE void pt_forget_paths(struct ev_packet *ev)
{
	u8 nothing = (s64)ev->hdr.ts_ns >> 63;

	ev->flags |= nothing;
	ev->key.proto |= nothing;
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
	pt_parse_packet(skb, type, off, &ev);
	pt_forget_paths(&ev);
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
