/* SPDX-License-Identifier: BSD-2-Clause */
/* What sys/kernel/btf/vmlinux beside this file was made of, once:
 *
 *   clang -target bpf -g -c -o vmlinux.o vmlinux.c
 *   llvm-objcopy --dump-section .BTF=sys/kernel/btf/vmlinux vmlinux.o
 *
 * The structures that pidtap asks for, small; sock has room left by an alignment, task_struct a real bit-field.
 */
struct sock {
	short skc_family;
	char skc_state __attribute__((aligned(64)));
	void *sk_socket;
};

struct inet_sock {
	struct sock sk;
	unsigned short inet_sport;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

struct nsproxy {
	struct net *net_ns;
};

struct cred {
	unsigned int uid;
};

struct task_struct {
	unsigned int flags;
	unsigned int in_execve : 1;
	unsigned int in_iowait : 1;
	struct task_struct *group_leader;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	const struct cred *real_cred;
	char comm[16];
};

struct sk_buff {
	struct sock *sk;
	unsigned int len;
};

struct msghdr {
	void *msg_name;
};

struct sockaddr_in {
	unsigned short sin_family;
	unsigned short sin_port;
};

struct pt_regs {
	unsigned long di;
};

/* clang describes what variables need, and only declares what they point to. */
struct inet_sock v_inet_sock;
struct inode v_inode;
struct file v_file;
struct socket v_socket;
struct fdtable v_fdtable;
struct files_struct v_files_struct;
struct net v_net;
struct nsproxy v_nsproxy;
struct cred v_cred;
struct task_struct v_task_struct;
struct sk_buff v_sk_buff;
struct msghdr v_msghdr;
struct sockaddr_in v_sockaddr_in;
struct pt_regs v_pt_regs;
