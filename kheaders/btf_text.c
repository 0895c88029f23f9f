/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a BTF tree that do not depend on the kernel.
 *
 * libbcc includes include/linux/kconfig.h before everything else, so all there is to say is said there, and
 * the headers that the BPF text and libbcc's own texts name are empty. BTF knows types and enumerators but no
 * macros: the ones below are part of the kernel's ABI or, like sk_family, the same since 4.9. Where BTF has
 * an enumerator of that name, the macro comes after it and has its value.
 */
#include "kheaders/kheaders_int.h"

static const char kconfig_h[] =
	"#ifndef PIDTAP_KCONFIG_H\n"
	"#define PIDTAP_KCONFIG_H\n"
	"#include <generated/autoconf.h>\n"
	"\n"
	"/* asm-generic/int-ll64.h, linux/types.h: what libbcc's texts need and the dump may lack */\n"
	"typedef signed char __s8, s8;\n"
	"typedef unsigned char __u8, u8;\n"
	"typedef short __s16, s16;\n"
	"typedef unsigned short __u16, u16, __be16, __le16, __sum16, umode_t;\n"
	"typedef int __s32, s32;\n"
	"typedef unsigned int __u32, u32, __be32, __le32, __wsum;\n"
	"typedef long long __s64, s64;\n"
	"typedef unsigned long long __u64, u64, __be64, __le64;\n"
	"typedef unsigned long uintptr_t;\n"
	"typedef __SIZE_TYPE__ size_t;\n"
	"typedef _Bool bool;\n"
	"#define __aligned_u64 __u64 __attribute__((aligned(8)))\n"
	"\n"
	"#include <generated/btf.h>\n"
	"\n"
	"/* linux/stddef.h, linux/compiler_types.h */\n"
	"#define NULL ((void *)0)\n"
	"#define true 1\n"
	"#define false 0\n"
	"#define offsetof(type, member) __builtin_offsetof(type, member)\n"
	"#define __always_inline inline __attribute__((always_inline))\n"
	"#define __packed __attribute__((packed))\n"
	"#define likely(x) __builtin_expect(!!(x), 1)\n"
	"#define unlikely(x) __builtin_expect(!!(x), 0)\n"
	"\n"
	"/* linux/byteorder/generic.h */\n"
	"#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__\n"
	"#define htons(x) ((__be16)__builtin_bswap16(x))\n"
	"#define htonl(x) ((__be32)__builtin_bswap32(x))\n"
	"#else\n"
	"#define htons(x) ((__be16)(x))\n"
	"#define htonl(x) ((__be32)(x))\n"
	"#endif\n"
	"#define ntohs(x) htons(x)\n"
	"#define ntohl(x) htonl(x)\n"
	"\n"
	"/* linux/sched.h, linux/stat.h */\n"
	"#define PF_KTHREAD 0x00200000\n"
	"#define TASK_COMM_LEN 16\n"
	"#define S_IFMT 00170000\n"
	"#define S_IFSOCK 0140000\n"
	"#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)\n"
	"\n"
	"/* linux/socket.h, linux/net.h, linux/in.h, net/tcp_states.h */\n"
	"#define AF_UNSPEC 0\n"
	"#define AF_UNIX 1\n"
	"#define AF_INET 2\n"
	"#define AF_INET6 10\n"
	"#define AF_PACKET 17\n"
	"#define SOCK_STREAM 1\n"
	"#define SOCK_DGRAM 2\n"
	"#define SOCK_RAW 3\n"
	"#define MSG_PEEK 2\n"
	"#define IPPROTO_IP 0\n"
	"#define IPPROTO_ICMP 1\n"
	"#define IPPROTO_TCP 6\n"
	"#define IPPROTO_UDP 17\n"
	"#define IPPROTO_IPV6 41\n"
	"#define IPPROTO_RAW 255\n"
	"#define IPPROTO_HOPOPTS 0\n"
	"#define IPPROTO_ROUTING 43\n"
	"#define IPPROTO_FRAGMENT 44\n"
	"#define IPPROTO_AH 51\n"
	"#define IPPROTO_ICMPV6 58\n"
	"#define IPPROTO_NONE 59\n"
	"#define IPPROTO_DSTOPTS 60\n"
	"#define TCP_ESTABLISHED 1\n"
	"#define TCP_SYN_SENT 2\n"
	"#define TCP_SYN_RECV 3\n"
	"#define TCP_FIN_WAIT1 4\n"
	"#define TCP_FIN_WAIT2 5\n"
	"#define TCP_TIME_WAIT 6\n"
	"#define TCP_CLOSE 7\n"
	"#define TCP_CLOSE_WAIT 8\n"
	"#define TCP_LAST_ACK 9\n"
	"#define TCP_LISTEN 10\n"
	"#define TCP_CLOSING 11\n"
	"#define TCP_NEW_SYN_RECV 12\n"
	"\n"
	"/* linux/in6.h, net/sock.h, net/inet_sock.h: members under their usual names */\n"
	"#define s6_addr in6_u.u6_addr8\n"
	"#define s6_addr16 in6_u.u6_addr16\n"
	"#define s6_addr32 in6_u.u6_addr32\n"
	"#define sk_family __sk_common.skc_family\n"
	"#define sk_state __sk_common.skc_state\n"
	"#define sk_num __sk_common.skc_num\n"
	"#define sk_dport __sk_common.skc_dport\n"
	"#define sk_daddr __sk_common.skc_daddr\n"
	"#define sk_rcv_saddr __sk_common.skc_rcv_saddr\n"
	"#define sk_v6_daddr __sk_common.skc_v6_daddr\n"
	"#define sk_v6_rcv_saddr __sk_common.skc_v6_rcv_saddr\n"
	"#define sk_net __sk_common.skc_net\n"
	"#define inet_daddr sk.__sk_common.skc_daddr\n"
	"#define inet_rcv_saddr sk.__sk_common.skc_rcv_saddr\n"
	"#define inet_dport sk.__sk_common.skc_dport\n"
	"#define inet_num sk.__sk_common.skc_num\n"
	"\n"
	"/* linux/if_ether.h, linux/if_vlan.h, linux/pkt_cls.h */\n"
	"#define ETH_ALEN 6\n"
	"#define ETH_HLEN 14\n"
	"#define ETH_P_IP 0x0800\n"
	"#define ETH_P_ARP 0x0806\n"
	"#define ETH_P_IPV6 0x86DD\n"
	"#define ETH_P_8021Q 0x8100\n"
	"#define ETH_P_8021AD 0x88A8\n"
	"#define VLAN_HLEN 4\n"
	"#define TC_ACT_UNSPEC (-1)\n"
	"#define TC_ACT_OK 0\n"
	"#define TC_ACT_SHOT 2\n"
	"#endif\n";

/* The types in BTF are as this kernel was configured; libbcc asks only for CONFIG_BPF_SYSCALL. */
static const char autoconf_h[] = "#define CONFIG_BPF_SYSCALL 1\n";

const struct kh_file kh_btf_files[] = {
	{"include/linux/kconfig.h", kconfig_h},
	{"include/generated/autoconf.h", autoconf_h},
	/* libbcc's bpf.h and helpers.h */
	{"include/linux/types.h", ""},
	{"include/linux/bpf_common.h", ""},
	{"include/linux/log2.h", ""},
	{"include/asm/page.h", ""},
	{"include/uapi/linux/bpf.h", ""},
	{"include/uapi/linux/if_packet.h", ""},
	/* the BPF text; one below uapi/ is found with and without "uapi/" */
	{"include/linux/cgroup-defs.h", ""},
	{"include/linux/cred.h", ""},
	{"include/linux/fdtable.h", ""},
	{"include/linux/fs.h", ""},
	{"include/linux/kernfs.h", ""},
	{"include/linux/mm_types.h", ""},
	{"include/linux/nsproxy.h", ""},
	{"include/linux/sched.h", ""},
	{"include/linux/sched/signal.h", ""},
	{"include/linux/skbuff.h", ""},
	{"include/net/inet_sock.h", ""},
	{"include/net/net_namespace.h", ""},
	{"include/net/sock.h", ""},
	{"include/net/tcp_states.h", ""},
	{"include/uapi/linux/icmp.h", ""},
	{"include/uapi/linux/icmpv6.h", ""},
	{"include/uapi/linux/if_ether.h", ""},
	{"include/uapi/linux/if_vlan.h", ""},
	{"include/uapi/linux/in.h", ""},
	{"include/uapi/linux/in6.h", ""},
	{"include/uapi/linux/ip.h", ""},
	{"include/uapi/linux/ipv6.h", ""},
	{"include/uapi/linux/net.h", ""},
	{"include/uapi/linux/pkt_cls.h", ""},
	{"include/uapi/linux/ptrace.h", ""},
	{"include/uapi/linux/socket.h", ""},
	{"include/uapi/linux/stat.h", ""},
	{"include/uapi/linux/tcp.h", ""},
	{"include/uapi/linux/udp.h", ""},
	{NULL, NULL},
};
