/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * The records that cross from the BPF programs to user space, and the map values both sides share.
 *
 * Compiled by both sides: here by libbcc for the kernel side, by the C compiler for user space. So: fixed
 * width types only, no implicit padding, every size and offset asserted below. Every record is zeroed before
 * it is filled (padding would leak kernel stack).
 *
 * Two perf buffers per CPU carry them:
 *   m_owners   ev_owner, ev_close, ev_release, ev_shake, ev_proc and ev_exec: small, rare, read at once
 *   m_packets  ev_packet + frame bytes: many; they stay in the ring until the order window has passed,
 *              so that every owner learnt meanwhile is known when a packet is judged
 *   m_tls      ev_tls_data + bytes, with --plaintext only: in a ring of its own, so that neither pushes out the other
 */
#ifndef PIDTAP_EVENTS_H
#define PIDTAP_EVENTS_H

#include <linux/types.h>

/* In a perf buffer a record begins 12 bytes behind an 8-byte boundary: user space must not take its 64-bit numbers for
 * aligned ones. The kernel side builds records on its stack, aligned. */
#ifdef PIDTAP_BPF_TEXT
#define EV_RECORD
#else
#define EV_RECORD __attribute__((packed, aligned(4)))
#endif

#define EV_TICK_NS (1000000000ULL / 100) /* USER_HZ, 100 wherever pidtap runs: what /proc tells of a start is in these */
#define EV_COMM_LEN 16 /* TASK_COMM_LEN, include/linux/sched.h; NUL-terminated by the kernel */

/* A record's type, ev_hdr.type */
#define EV_PACKET 1
#define EV_OWNER 2
#define EV_CLOSE 3
#define EV_RELEASE 4
#define EV_FORK 5 /* ev_proc: a process began */
#define EV_EXIT 6 /* ev_proc: its last thread ended */
#define EV_EXEC 7 /* ev_exec */
#define EV_SHAKE 8
#define EV_SECRET 9 /* ev_secret: TLS keys became known; on m_owners, read at once */
#define EV_TLS_DATA 10 /* ev_tls_data: what went through a TLS library, in clear; on m_tls */
#define EV_RENAME 11 /* ev_proc: it has another name (exec, prctl, /proc/PID/comm) */
#define EV_KDF 12 /* ev_kdf: as EV_SECRET, seen in libcrypto */
#define EV_TAIL 13 /* ev_tail: on m_packets, before the packet */

/* Which way a packet crosses the interface, seen from its host (ev_packet.dir) */
#define EV_DIR_IN 1
#define EV_DIR_OUT 2

/* How a packet was attributed (DESIGN.md section 4). The kernel side writes NONE, EXACT, ICMP or SEED only;
 * user space settles the rest. */
#define EV_ATTR_NONE 0
#define EV_ATTR_EXACT 1
#define EV_ATTR_LISTENER 2
#define EV_ATTR_PORT 3
#define EV_ATTR_ICMP 4
#define EV_ATTR_FRAG 5
#define EV_ATTR_SEED 6
#define EV_ATTR_HOST 7
#define EV_ATTR_CNT 8

/* What an ev_owner is told about (ev_owner.kind) */
#define EV_OWN_FLOW 1	/* key holds both ends; laddr may be all zero: unconnected UDP, source not yet chosen */
#define EV_OWN_PORT 2	/* bound local port, remote end open: laddr may be all zero (any), raddr and rport are 0 */
#define EV_OWN_LISTEN 3 /* listening TCP socket: as EV_OWN_PORT */
#define EV_OWN_HOLD 4	/* one more process got a descriptor of a socket that has an owner, or (EV_OWN_AGAIN) that got one more */

/* ev_owner.flags */
#define EV_OWN_V6 0x01	   /* AF_INET6 socket */
#define EV_OWN_V6ONLY 0x02 /* IPV6_V6ONLY: does not take IPv4 */
#define EV_OWN_REUSE 0x04  /* SO_REUSEADDR or SO_REUSEPORT: others may be bound to the same port */
#define EV_OWN_AGAIN 0x08  /* EV_OWN_HOLD of the owner itself: dup */

/* ev_packet.flags */
#define EV_PKT_KEY 0x01	 /* key is valid (TCP, UDP, or an ICMP echo: lport is then the identifier) */
#define EV_PKT_VLAN 0x02 /* the tag was stripped into skb metadata: vlan_tci, vlan_proto */
#define EV_PKT_L3 0x04	 /* the frame has no link-layer header: it begins with the IP header */
#define EV_PKT_FRAG 0x08 /* a fragment that is not the first: no ports in it; frag_id and key's proto and addresses are valid */
#define EV_PKT_FIRST 0x10 /* the first of several fragments: frag_id is valid */
#define EV_PKT_ERROR 0x20 /* an ICMP error: key is that of the packet it quotes, seen from the end that sent that */

/* Every record begins with this. */
struct ev_hdr {
	__u64 ts_ns; /* bpf_ktime_get_ns(): CLOCK_MONOTONIC */
	__u16 type;  /* EV_PACKET ... */
	__u16 size;  /* bytes of the fixed part, this header included */
	__u32 pad;
} EV_RECORD;

/* A flow seen from this host: local is the end whose socket is here at this point of capture (source on
 * egress, destination on ingress). Addresses are always 16 bytes in network order, IPv4 as v4-mapped
 * ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that a dual-stack socket and its IPv4 packets meet.
 * ICMP echo: lport is the identifier, rport 0. */
struct ev_key {
	__u8 laddr[16];
	__u8 raddr[16];
	__u32 netns; /* inode number of the network namespace: /proc/PID/ns/net */
	__u16 lport; /* host order */
	__u16 rport; /* host order */
	__u8 proto;  /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6 */
	__u8 pad[7];
};

/* Key of m_comms: a name as the kernel cuts it, padded with zeros. */
struct ev_comm {
	char name[EV_COMM_LEN];
};

/* Who owns a socket: value of m_flow_owner and part of m_sock's. All zero: unknown. */
struct ev_owner_val {
	__u64 start_ns;		 /* group leader's start, CLOCK_BOOTTIME: with pid the identity of a process */
	__u64 sk;		 /* kernel address of the socket; 0 in a seed. Identity only, never printed */
	__u64 sock_id;		 /* ktime at which this socket was first seen: its generation. 0 in a seed */
	__u64 act_ns;		 /* ktime at which all below was so; 0: not known */
	__u32 pid;		 /* tgid, in the initial pid namespace */
	__u32 tid;		 /* thread that acted last */
	__u32 uid;		 /* its uid, in the initial user namespace */
	__u16 attr;		 /* EV_ATTR_EXACT, EV_ATTR_ICMP or EV_ATTR_SEED */
	__u16 exec_id;		 /* another number: it runs another program since. For the kernel side only */
	char comm[EV_COMM_LEN];	 /* the group leader's */
	char tcomm[EV_COMM_LEN]; /* the thread's own */
} EV_RECORD;

/* Value of m_actors, keyed by pid: a process that owns sockets. */
struct ev_actor {
	__u64 start_ns;
	__u64 ended; /* 1: it is no more; whose its open sockets are now, user space finds out */
} EV_RECORD;

/* Value of m_sock, keyed by the socket's kernel address: is it alive, and whose is it? */
struct ev_sock {
	struct ev_owner_val owner;
	__u64 closed_ns; /* ktime of its close, 0 while alive. Closing stamps, it deletes nothing */
	__u64 ino;	 /* of its file; 0: not known */
	__u64 peer;	 /* a datagram socket's: a hash of whom it is connected to, 0: nobody */
	__u32 netns;	 /* of the socket: a packet may carry its sender's socket into another namespace */
	__u16 port;	 /* local port user space was told of, host order; 0 while unbound */
	__u8 released;	 /* 1: the owner gave up a descriptor while others were left; nobody acted since */
	__u8 orphan;	 /* 1: its last descriptor was closed; what still comes is the kernel's doing */
} EV_RECORD;

/* A process acted on a socket: it owns it from hdr.ts_ns on. Sent only when that is news. */
struct ev_owner {
	struct ev_hdr hdr;
	struct ev_key key;
	struct ev_owner_val owner;
	__u64 ino;  /* inode number of the socket's file: `socket:[INO]` in /proc/PID/fd; 0 while it has none */
	__s32 fd;   /* descriptor it was done with, -1: not known */
	__u8 kind;  /* EV_OWN_FLOW ... */
	__u8 flags; /* EV_OWN_V6 ... */
	__u8 pad[2];
} EV_RECORD;

/* A socket is gone. Its packets may still follow (FIN, RST, retransmissions): the owner answers for
 * EV_LINGER_NS more. */
struct ev_close {
	struct ev_hdr hdr;
	__u64 sk;
	__u64 sock_id;	   /* 0: the kernel's map does not know it (a seed, or evicted): key, sk and ino say whose end it is */
	struct ev_key key; /* lport 0: not known any more; with sock_id, of a datagram socket that moved on */
	__u64 ino;	   /* 0 where it has lost its file already */
} EV_RECORD;
#define EV_LINGER_NS 3000000000ULL

/* The owner gave up a descriptor of a socket that stays open: another process may hold it, or itself by another descriptor.
 * Until one acts on it the kernel side names nobody for it. */
struct ev_release {
	struct ev_hdr hdr;
	__u64 sk;
	__u64 sock_id;	   /* as in ev_close; 0: whoever gave it up may not have been the owner */
	struct ev_key key;
	__u64 ino;
	__u64 start_ns; /* of the process that gave it up */
	__u32 pid;
	__s32 fd;	/* which descriptor; -1: not known */
} EV_RECORD;

/* A SYN began a handshake, or a datagram came that nobody is known to take; the kernel chose this one of several sockets that share
 * its port (SO_REUSEPORT). Says which socket, and not whose: it is told in softirq. The SYN and the datagram are older, the SYN-ACK
 * is younger than the record. */
struct ev_shake {
	struct ev_hdr hdr;
	struct ev_key key; /* of the connection, or the datagram */
	__u64 ino;	   /* of the chosen socket's file, as in ev_owner */
} EV_RECORD;

/* A process began or ended. */
struct ev_proc {
	struct ev_hdr hdr;
	__u64 start_ns;	       /* CLOCK_BOOTTIME, as in ev_owner_val */
	__u64 parent_start_ns; /* of the parent at that time */
	__u64 cgroup_id;       /* inode number of its directory in the unified hierarchy; 0: not known */
	__u32 pid;	       /* tgid, in the initial pid namespace */
	__u32 ppid;	       /* likewise */
	__u32 uid;
	__u32 pad;
	char comm[EV_COMM_LEN];
} EV_RECORD;

/* It runs another program now: the first bytes of its arguments, which are gone once it is. */
#define EV_ARGS_LEN 240
struct ev_exec {
	struct ev_proc proc;
	__u32 args_len;		/* bytes of args that are valid, at most EV_ARGS_LEN; separated by NUL, as in /proc/PID/cmdline */
	__u32 args_total;	/* bytes there were */
	char args[EV_ARGS_LEN];
} EV_RECORD;

/* A TLS secret, as a line of a key log names it. */
#define EV_LABEL_LEN 40	 /* the longest of OpenSSL and GnuTLS have 31 characters; NUL-terminated by the kernel side */
#define EV_SECRET_MAX 64 /* SHA-512; a TLS 1.2 master secret has 48 bytes (RFC 5246 section 8.1) */
#define EV_RANDOM_LEN 32 /* ClientHello.random, RFC 8446 section 4.1.2 */
struct ev_secret {
	struct ev_hdr hdr;
	__u64 ssl; /* user address of the library's connection object; with pid its identity while it lives */
	__u32 pid;
	__u32 tid;
	__u8 random[EV_RANDOM_LEN]; /* of the client; all zero: not known */
	__u8 secret[EV_SECRET_MAX];
	__u32 secret_len; /* bytes that are valid, 1 .. EV_SECRET_MAX */
	__u32 pad;
	__u64 label_at;		  /* its user address: where `label` is empty the process had not touched that page yet */
	char label[EV_LABEL_LEN]; /* "CLIENT_RANDOM", "SERVER_TRAFFIC_SECRET_0" ... */
} EV_RECORD;

/* What libcrypto derived in TLS, where its use as a TLS secret is not told by libssl itself; of TLS 1.2 and before label is "key
 * expansion", secret the master secret. */
#define EV_KDF_LABEL_LEN 16
#define EV_KDF_OBJECT 4096   /* OpenSSL's connection object is larger (5,576 bytes and more), its secrets are in this much of it */
#define EV_KDF_UPDATES 0x01  /* flags: that libssl's own key log has the secrets of key updates */
struct ev_kdf {
	struct ev_hdr hdr;
	__u64 ssl; /* as in ev_secret; of TLS 1.2 not known: 0 */
	__u32 pid;
	__u32 tid;
	__u8 random[EV_RANDOM_LEN]; /* as in ev_secret */
	__u8 key[EV_SECRET_MAX];    /* TLS 1.3: what it was derived from, secret_len bytes */
	__u8 secret[EV_SECRET_MAX];
	__u32 secret_len; /* 0: whose it is is not known, and it is not told */
	__u32 flags;
	char label[EV_KDF_LABEL_LEN]; /* "c hs traffic" ... (RFC 8446 section 7.1); NUL-terminated by the kernel side */
} EV_RECORD;

/* ev_tls_data.flags */
#define EV_TLS_WRITE 0x01    /* the process wrote it; else it read it */
#define EV_TLS_KEY 0x02	     /* owner's socket is known: key, sk and sock_id are valid */
#define EV_TLS_INFERRED 0x04 /* ... as the program sent what the library wrote into memory: the records are the same */
#define EV_TLS_FD 0x08	     /* fd is valid, told by the program (SSL_set_fd, or where it sent the record); the key may be missing */
#define EV_TLS_EARLY 0x10    /* early data (0-RTT) */
#define EV_TLS_FILE 0x20     /* SSL_sendfile: `total` bytes of a file, none of them here */

#define EV_TLS_CUT 0x40 /* the rest of the call, from `offset` on, could not be told; no bytes are here */

/* A chunk of what one call wrote or read; len bytes follow, then padding. Chunks of one call have the same ts_ns, thread and ssl,
 * and come in order of `offset`. */
struct ev_tls_data {
	struct ev_hdr hdr;	   /* ts_ns: when the call returned */
	struct ev_key key;	   /* with EV_TLS_KEY */
	struct ev_owner_val owner; /* who called; sk and sock_id of the connection's socket with EV_TLS_KEY */
	__u64 ssl;
	__u64 total;  /* bytes the call wrote or read */
	__u64 offset; /* of this chunk in them; */
	__u32 len;    /* bytes that follow */
	__s32 fd;     /* with EV_TLS_FD */
	__u32 flags;  /* EV_TLS_* */
	__u32 pad;
} EV_RECORD;

/* A packet; caplen bytes of frame follow, then padding. */
struct ev_packet {
	struct ev_hdr hdr;
	struct ev_key key;	   /* valid with EV_PKT_KEY */
	struct ev_owner_val owner; /* all zero where the kernel side found nobody */
	__u32 ifindex;
	__u32 netns;	  /* namespace of the interface, patched into the program */
	__u32 len;	  /* bytes on the wire, GSO super-packets as one */
	__u32 caplen;	  /* bytes that follow */
	__u16 vlan_tci;	  /* host order: PCP, DEI, VID */
	__u16 vlan_proto; /* host order: 0x8100 or 0x88a8 */
	__u8 dir;	  /* EV_DIR_IN or EV_DIR_OUT */
	__u8 flags;	  /* EV_PKT_KEY ... */
	__u8 tcp_flags;	  /* byte 13 of the TCP header, 0 for the rest */
	__u8 pad;
	__u32 frag_id;	  /* host order: identification (IPv4: 16 bits) of a fragment */
	__u32 cpu;	  /* that took it */
} EV_RECORD;

/* perf_event_header.size is 16 bits wide, and the record is header (8) + u32 size (4) + payload, rounded up
 * to 8: a record above this vanishes without a trace, not even as lost (kernel/events/core.c; seen on 4.14
 * and 6.1). So the frame is cut here. */
#define EV_PERF_RECORD_MAX 65528
#define EV_CAPLEN_MAX (EV_PERF_RECORD_MAX - 12 - (int)sizeof(struct ev_packet))

/* GSO makes longer ones, 131,032 bytes over the loopback: the rest comes in pieces, before the packet. Of those that are longer still
 * ("BIG TCP", 5.19) the end is missing. */
#define EV_TAIL_LEN 16384
#define EV_TAIL_CNT 5
#define EV_SNAPLEN_MAX (EV_CAPLEN_MAX + EV_TAIL_CNT * EV_TAIL_LEN)

/* A piece of a packet behind EV_CAPLEN_MAX; `size` bytes of it follow. */
struct ev_tail {
	struct ev_hdr hdr; /* of the packet's time */
	__u32 cpu;	   /* ev_packet.cpu */
	__u32 len;	   /* ev_packet.len */
	__u32 offset;	   /* of its first byte in the frame */
	__u32 size;	   /* 1 .. EV_TAIL_LEN */
} EV_RECORD;

/* Counters of the BPF side: index into the per-CPU array m_stats. */
#define EV_STAT_SEEN 0		/* packets that reached a classifier */
#define EV_STAT_FILTERED 1	/* packets dropped by a process filter, owner exact */
#define EV_STAT_SENT 2		/* packets put on the ring */
#define EV_STAT_FAILED 3	/* packets the ring refused (it also counts them as lost) */
#define EV_STAT_FLOW_INSERT 4	/* new keys in m_flow_owner */
#define EV_STAT_FLOW_DELETE 5	/* keys removed by us */
#define EV_STAT_OWNER_FAILED 6	/* owner or close records the ring refused */
#define EV_STAT_FLOW_FULL 7	/* new keys m_flow_owner had no room for */
#define EV_STAT_SOCK_INSERT 8	/* new sockets in m_sock */
#define EV_STAT_SOCK_FULL 9	/* sockets m_sock had no room for: nobody is named for them */
#define EV_STAT_PID_FULL 10	/* processes m_pids had no room for: their packets are dropped */
#define EV_STAT_TLS_FAILED 11	/* plaintext records the ring refused */
#define EV_STAT_TLS_UNTOLD 12	/* calls of a TLS library that left no trace: no room to remember them, or how much is unreadable */
#define EV_STAT_SECRET_FAILED 13 /* TLS secrets the ring refused */
#define EV_STAT_CNT 14

/* Values that differ from run to run are not compiled in: these marks stand in the text as 64-bit immediate
 * loads and are patched by the loader (src/source/load.c). */
#define EV_PATCH_NETNS 0x7069647461700001ULL   /* u32: namespace this classifier is attached in */
#define EV_PATCH_SNAPLEN 0x7069647461700002ULL /* u32: 1 .. EV_CAPLEN_MAX, and there are tails then */
#define EV_PATCH_FLAGS 0x7069647461700003ULL   /* EV_RUN_* */

#define EV_PATCH_TLS_RANDOM 0x7069647461700004ULL /* where a library keeps the client's random: EV_TLS_RANDOM() */

/* *(ssl + outer) + inner, or, with outer EV_TLS_NO_DEREF, ssl + inner. */
#define EV_TLS_RANDOM(outer, inner) ((__u64)(outer) << 32 | (__u32)(inner))
#define EV_TLS_NO_DEREF 0xffffffffULL

#define EV_RUN_L3 0x01	     /* interface without link-layer header */
#define EV_RUN_PID 0x02	     /* m_pids is a filter */
#define EV_RUN_UID 0x04	     /* m_uids is a filter */
#define EV_RUN_COMM 0x08     /* m_comms is a filter */

#define EV_PIDS_MAX 4096 /* entries of m_pids */
#define EV_PID_GIVEN 0x01  /* values in m_pids: the process, */
#define EV_PID_FOLLOW 0x02 /* and the children it makes; */
#define EV_PID_NAMED 0x04  /* it got a name of m_comms by exec: noted owners may still have the old one */

_Static_assert(sizeof(struct ev_hdr) == 16, "ev_hdr");
_Static_assert(sizeof(struct ev_key) == 48, "ev_key");
_Static_assert(sizeof(struct ev_owner_val) == 80, "ev_owner_val");
_Static_assert(sizeof(struct ev_actor) == 16, "ev_actor");
_Static_assert(sizeof(struct ev_sock) == 112, "ev_sock");
_Static_assert(sizeof(struct ev_owner) == 160, "ev_owner");
_Static_assert(sizeof(struct ev_close) == 88, "ev_close");
_Static_assert(sizeof(struct ev_release) == 104, "ev_release");
_Static_assert(sizeof(struct ev_shake) == 72, "ev_shake");
_Static_assert(sizeof(struct ev_proc) == 72, "ev_proc");
_Static_assert(sizeof(struct ev_exec) == 320, "ev_exec");
_Static_assert(sizeof(struct ev_secret) == 184, "ev_secret");
_Static_assert(sizeof(struct ev_kdf) == 216, "ev_kdf");
_Static_assert(sizeof(struct ev_tls_data) == 184, "ev_tls_data");
_Static_assert(sizeof(struct ev_packet) == 176, "ev_packet");
_Static_assert(sizeof(struct ev_tail) == 32, "ev_tail");
_Static_assert(__builtin_offsetof(struct ev_packet, ifindex) == 144, "ev_packet.ifindex");
_Static_assert(__builtin_offsetof(struct ev_packet, dir) == 164, "ev_packet.dir");

#endif
