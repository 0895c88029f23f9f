/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Reading a packet: link, network and transport layer, and the packet an ICMP error quotes. What comes out is the key, seen from
 * this host's end, and what kind of packet it is.
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

#define PT_LOAD_SKB(skb, off, dst) bpf_skb_load_bytes(skb, off, &(dst), sizeof(dst))

/* Where the network layer begins, and what it is; 0: not IP. */
PT_INLINE u16 pt_parse_link(struct __sk_buff *skb, int l3, u32 *off)
{
	__be16 type = 0;
	u8 first = 0;

	if (l3) {
		*off = 0;
		PT_LOAD_SKB(skb, 0, first);
		return first >> 4 == 4 ? PT_ETH_P_IP : first >> 4 == 6 ? PT_ETH_P_IPV6 : 0;
	}
	*off = 14;
	PT_LOAD_SKB(skb, 12, type);
	/* tags in the frame: 802.1ad carries a second one */
	if (type == bpf_htons(PT_ETH_P_8021AD) || type == bpf_htons(PT_ETH_P_8021Q)) {
		PT_LOAD_SKB(skb, 16, type);
		*off = 18;
	}
	if (type == bpf_htons(PT_ETH_P_8021Q)) {
		PT_LOAD_SKB(skb, 20, type);
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

	if (PT_LOAD_SKB(skb, n->off, l4))
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

	if (PT_LOAD_SKB(skb, n->off, ip) || ip.vihl >> 4 != 4)
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

	if (PT_LOAD_SKB(skb, n->off, ip) || (*(u8 *)&ip) >> 4 != 6)
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
	if (PT_LOAD_SKB(skb, n->off, ext))
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

	if (PT_LOAD_SKB(skb, n->off, type))
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
		PT_LOAD_SKB(skb, n.off + 13, ev->tcp_flags);
	else if (n.proto != PT_PROTO_UDP && pt_is_icmp_error(skb, &n))
		pt_parse_quoted(skb, type, &n, ev);
	if (n.frag != EV_PKT_FRAG && pt_proto_has_key(n.proto))
		pt_parse_l4(skb, &n, ev);
}
