/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Reading a struct sock: what it speaks, and the key of the flow it is one end of. Fields are named through
 * __sk_common: the short names are macros, which a tree made from BTF does not have.
 */

PT_INLINE u16 pt_sock_family(struct sock *sk)
{
	u16 family = 0;

	PT_READ(family, &sk->__sk_common.skc_family);
	return family;
}

PT_INLINE u8 pt_sock_state(struct sock *sk)
{
	u8 state = 0;

	PT_READ(state, (u8 *)&sk->__sk_common.skc_state);
	return state;
}

/* Does a process hold it (lock_sock)? Then whatever happens to it does so in that one's context: what softirq brings waits in the
 * backlog (net/ipv4/tcp_ipv4.c, tcp_v4_rcv). */
PT_INLINE int pt_sock_locked(struct sock *sk)
{
	int owned = 0;

	PT_READ(owned, &sk->sk_lock.owned);
	return owned;
}

/* By the name of its struct proto: sk_protocol is a bit field below 5.6, and SOCK_STREAM may also be SCTP or MPTCP. */
PT_INLINE u8 pt_sock_proto_by_name(struct sock *sk)
{
	struct proto *prot = 0;
	char name[8] = {};
	u16 family = pt_sock_family(sk);

	if (family == PT_AF_PACKET)
		return PT_PROTO_RAW;
	if (family != PT_AF_INET && family != PT_AF_INET6)
		return 0;
	PT_READ(prot, &sk->__sk_common.skc_prot);
	PT_READ_N(name, sizeof(name), &prot->name);
	if (name[0] == 'T' && name[1] == 'C' && name[2] == 'P' && (!name[3] || name[3] == 'v'))
		return PT_PROTO_TCP;
	if (name[0] == 'U' && name[1] == 'D' && name[2] == 'P' && (!name[3] || name[3] == 'v'))
		return PT_PROTO_UDP;
	if (name[0] == 'P' && name[1] == 'I' && name[2] == 'N' && name[3] == 'G')
		return family == PT_AF_INET6 ? PT_PROTO_ICMPV6 : PT_PROTO_ICMP;
	if (name[0] == 'R' && name[1] == 'A' && name[2] == 'W')
		return PT_PROTO_RAW;
	return 0;
}

/* Packet sockets count as raw ones. 0 for what pidtap does not attribute. The verifier goes on once, not once for each protocol. */
PT_INLINE u8 pt_sock_proto(struct sock *sk)
{
	return pt_sock_proto_by_name(sk) | pt_nothing(bpf_get_current_pid_tgid());
}

PT_INLINE u32 pt_sock_netns(struct sock *sk)
{
	struct net *net = 0;
	u32 inum = 0;

	PT_READ(net, &sk->__sk_common.skc_net);
	PT_READ(inum, &net->ns.inum);
	return inum;
}

/* IPv4 as ::ffff:a.b.c.d; 0.0.0.0 stays all zero, which means "any" in a key. */
PT_INLINE void pt_addr_from_v4(u8 *to, __be32 v4)
{
	if (!v4)
		return;
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, &v4, 4);
}

PT_INLINE void pt_read_v4_addr(u8 *to, __be32 *from)
{
	__be32 v4 = 0;

	PT_READ(v4, from);
	pt_addr_from_v4(to, v4);
}

/* The key of the socket's flow as far as it is known: an unconnected one has no remote end, an unbound one may have
 * local port 0. `key` is zeroed by the caller. */
PT_INLINE void pt_sock_key(struct sock *sk, u8 proto, struct ev_key *key)
{
	__be16 rport = 0;

	if (pt_sock_family(sk) == PT_AF_INET6) {
		PT_READ_N(key->laddr, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		PT_READ_N(key->raddr, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		pt_read_v4_addr(key->laddr, &sk->__sk_common.skc_rcv_saddr);
		pt_read_v4_addr(key->raddr, &sk->__sk_common.skc_daddr);
	}
	PT_READ(key->lport, &sk->__sk_common.skc_num);
	PT_READ(rport, &sk->__sk_common.skc_dport);
	key->rport = bpf_ntohs(rport);
	key->netns = pt_sock_netns(sk);
	key->proto = proto;
}

/* The same of one that is being closed: tcp_set_state() takes skc_num away before it tells of TCP_CLOSE, and leaves inet_sport. */
PT_INLINE void pt_sock_last_key(struct sock *sk, u8 proto, struct ev_key *key)
{
	__be16 lport = 0;

	pt_sock_key(sk, proto, key);
	if (key->lport)
		return;
	PT_READ(lport, &((struct inet_sock *)sk)->inet_sport);
	key->lport = bpf_ntohs(lport);
}

/* The remote end a datagram is sent to, where the sender names it (msg_name, sendto). The address is in kernel memory
 * (kprobes) or still the user's (syscall tracepoints). */
PT_INLINE void pt_key_set_remote(struct ev_key *key, void *addr, int user)
{
	struct sockaddr_in6 to = {}; /* also large enough for sockaddr_in */
	struct sockaddr_in *to4 = (void *)&to;

	if (user)
		PT_READ_USER(to, addr);
	else
		PT_READ(to, addr);
	if (to.sin6_family == PT_AF_INET6) {
		__builtin_memcpy(key->raddr, &to.sin6_addr, 16);
	} else if (to.sin6_family == PT_AF_INET) {
		__builtin_memset(key->raddr, 0, 16);
		pt_addr_from_v4(key->raddr, to4->sin_addr.s_addr);
	} else {
		return;
	}
	key->rport = bpf_ntohs(to.sin6_port); /* the same place in both */
}

/* Where the network layer's header of a packet that came is; *v6: which of the two it is. */
PT_INLINE unsigned char *pt_skb_ip(struct sk_buff *skb, int *v6)
{
	unsigned char *head = 0;
	u16 net = 0;
	u8 vihl = 0;

	PT_READ(head, &skb->head);
	PT_READ(net, &skb->network_header);
	PT_READ(vihl, head + net);
	*v6 = vihl >> 4 == 6;
	return head + net;
}

/* Who sent the datagram that a socket receives. */
PT_INLINE void pt_key_set_sender(struct ev_key *key, struct sk_buff *skb)
{
	int v6;
	unsigned char *ip = pt_skb_ip(skb, &v6), *head = 0;
	u16 transport = 0;
	__be16 port = 0;

	if (v6)
		PT_READ_N(key->raddr, 16, ip + 8);
	else
		pt_read_v4_addr(key->raddr, (__be32 *)(ip + 12));
	PT_READ(head, &skb->head);
	PT_READ(transport, &skb->transport_header);
	PT_READ(port, (__be16 *)(head + transport));
	key->rport = bpf_ntohs(port);
}

/* The address it was sent to. */
PT_INLINE void pt_key_set_destination(struct ev_key *key, struct sk_buff *skb)
{
	int v6;
	unsigned char *ip = pt_skb_ip(skb, &v6);

	if (v6)
		PT_READ_N(key->laddr, 16, ip + 24);
	else
		pt_read_v4_addr(key->laddr, (__be32 *)(ip + 16));
}

/* The byte behind skc_state holds bit fields (include/net/sock.h): reuse:4, reuseport:1, ipv6only:1. */
#ifdef __BIG_ENDIAN_BITFIELD
#define PT_SKC_REUSE 0xf8
#define PT_SKC_REUSEPORT 0x08
#define PT_SKC_V6ONLY 0x04
#else
#define PT_SKC_REUSE 0x1f
#define PT_SKC_REUSEPORT 0x10
#define PT_SKC_V6ONLY 0x20
#endif

PT_INLINE u8 pt_sock_own_flags(struct sock *sk)
{
	u8 bits = 0, flags = 0;

	PT_READ(bits, (u8 *)&sk->__sk_common.skc_state + 1);
	if (bits & PT_SKC_REUSE)
		flags |= EV_OWN_REUSE;
	if (pt_sock_family(sk) == PT_AF_INET6)
		flags |= bits & PT_SKC_V6ONLY ? EV_OWN_V6 | EV_OWN_V6ONLY : EV_OWN_V6;
	return flags;
}

/* Do several sockets share its port? */
PT_INLINE int pt_sock_reuseport(struct sock *sk)
{
	u8 bits = 0;

	PT_READ(bits, (u8 *)&sk->__sk_common.skc_state + 1);
	return bits & PT_SKC_REUSEPORT;
}

/* The socket behind a file, or NULL where the file is none. */
PT_INLINE struct sock *pt_file_sock(struct file *file)
{
	struct inode *inode = 0;
	struct socket *socket = 0;
	struct sock *sk = 0;
	umode_t mode = 0;

	PT_READ(inode, &file->f_inode);
	PT_READ(mode, &inode->i_mode);
	if ((mode & PT_IFMT) != PT_IFSOCK)
		return 0;
	PT_READ(socket, (struct socket **)&file->private_data);
	PT_READ(sk, &socket->sk);
	return sk;
}

/* The file behind a descriptor of the current process: current->files->fdt->fd[fd]; NULL where there is none. */
PT_INLINE struct file *pt_fd_file(int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct files_struct *files = 0;
	struct fdtable *fdt = 0;
	struct file **fds = 0, *file = 0;
	unsigned int max = 0;

	PT_READ(files, &task->files);
	PT_READ(fdt, &files->fdt);
	PT_READ(max, &fdt->max_fds);
	if (fd < 0 || (unsigned int)fd >= max)
		return 0;
	PT_READ(fds, (struct file ***)&fdt->fd);
	PT_READ(file, &fds[fd]);
	return file;
}

/* How many references the file has; below 1 when the last is gone. struct file counts them from 1 below 6.13 (f_count), from 0 since (f_ref). */
PT_INLINE long pt_file_refs(struct file *file)
{
	long refs = 0;

#if LINUX_VERSION_CODE >= 0x060d00
	PT_READ_N(&refs, sizeof(refs), &file->f_ref);
	refs++;
#else
	PT_READ_N(&refs, sizeof(refs), &file->f_count);
#endif
	return refs;
}

PT_INLINE struct file *pt_sock_file(struct sock *sk)
{
	struct socket *socket = 0;
	struct file *file = 0;

	PT_READ(socket, &sk->sk_socket);
	PT_READ(file, &socket->file);
	return file;
}

/* The inode number by which /proc/PID/fd shows a socket; 0 while it has no file. */
PT_INLINE u64 pt_sock_ino(struct sock *sk)
{
	struct file *file = pt_sock_file(sk);
	struct inode *inode = 0;
	unsigned long ino = 0;

	PT_READ(inode, &file->f_inode);
	PT_READ(ino, &inode->i_ino);
	return ino;
}

/* The socket behind a descriptor, or NULL. */
PT_INLINE struct sock *pt_fd_sock(int fd)
{
	struct file *file = pt_fd_file(fd);

	return file ? pt_file_sock(file) : 0;
}

/* The first argument of the system call the current process is in, if `gap` bytes lie behind its registers. */
PT_INLINE int pt_call_arg(u64 gap)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	void *stack = 0;
	struct pt_regs *regs;
	u64 arg = 0;

	PT_READ(stack, &task->stack);
	regs = stack + PT_STACK_SIZE - gap - sizeof(*regs);
	PT_READ_N(&arg, sizeof(arg), (void *)&PT_REGS_PARM1(regs));
	return (int)arg;
}

/* The descriptor by which the current process acts on `sk`: what sends, receives, connects and so on takes it first. It is looked
 * up, so what is no descriptor of that socket names none. -1: not known. */
PT_INLINE int pt_acting_fd(struct sock *sk)
{
	int fd = pt_call_arg(0);

	if (pt_fd_sock(fd) == sk)
		return fd;
#if LINUX_VERSION_CODE >= 0x060900 /* x86-64 that can do FRED (TOP_OF_KERNEL_STACK_PADDING) */
	fd = pt_call_arg(16);
	if (pt_fd_sock(fd) == sk)
		return fd;
#endif
	return -1;
}
