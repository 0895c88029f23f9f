/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/hooks.h"
#include "source/perf_attach.h"
#include "source/tracefs.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct backend {
	const char *name;
	const struct hook *hooks;
	size_t cnt;
};

static const char no_ipv6[] = "owners of IPv6 datagrams (IPv6 is not loaded)";
static const char late_peer[] = "that a datagram socket is connected to somebody else (until it sends or receives)";
static const char no_packets[] = "owners of packet sockets";
static const char no_pings[] = "owners of ping sockets";

/* Functions that kernels 4.9 to 7.2 have (facts: seen firing on 4.9, 4.14, 4.19, 6.1; attached by tests/live on 5.10, 6.1,
 * 6.12, 7.2). The close hooks come last: nothing is stamped before it can be noted. */
static const struct hook kprobe_hooks[] = {
	{"kp_claim", NULL, "tcp_connect", NULL},
	{"kp_fd_install", NULL, "fd_install", NULL},
	{"kp_inet_hash", NULL, "inet_hash", NULL},
	{"kp_inet_hash", NULL, "inet6_hash", "nothing where inet_hash serves both families (6.15+)"},
	{"kp_reqsk_add", NULL, "inet_csk_reqsk_queue_hash_add", "which of several listeners on a port (SO_REUSEPORT) a handshake is with"},
	{"kp_filp_close", NULL, "filp_close", NULL},
	{"kp_close_fd", NULL, "close_fd_get_file", "nothing where filp_close serves close(2) (below 6.6)"},
	{"kp_close_fd", NULL, "file_close_fd", "nothing where filp_close or close_fd_get_file serves close(2) (below 6.8)"},
	{"kp_claim", NULL, "tcp_sendmsg", NULL},
	{"kp_claim", NULL, "tcp_sendpage", "nothing where sendfile and splice go through tcp_sendmsg (6.5+)"},
	{"kp_claim", NULL, "tcp_recvmsg", NULL},
	{"kp_udp_get_port", NULL, "udp_lib_get_port", NULL},
	{"kr_udp_get_port", NULL, "udp_lib_get_port", NULL},
	{"kp_datagram_sendmsg", NULL, "udp_sendmsg", NULL},
	{"kp_datagram_sendmsg", NULL, "udpv6_sendmsg", no_ipv6},
	{"kp_datagram_connect", NULL, "__ip4_datagram_connect", late_peer},
	{"kp_datagram_connect", NULL, "__ip6_datagram_connect", late_peer},
	{"kp_udp_disconnect", NULL, "__udp_disconnect", late_peer},
	{"kp_claim", NULL, "udp_recvmsg", NULL},
	{"kp_claim", NULL, "udpv6_recvmsg", no_ipv6},
	{"kp_skb_consume_udp", NULL, "skb_consume_udp", "which of several sockets on one UDP port gets what, until it answers (4.10)"},
	{"kp_udp_enqueue", NULL, "__udp_enqueue_schedule_skb", "the same until it is taken (4.10)"},
	{"kp_datagram_sendmsg", NULL, "ping_v4_sendmsg", no_pings},
	{"kp_datagram_sendmsg", NULL, "ping_v6_sendmsg", no_pings},
	{"kp_raw_sendmsg", NULL, "raw_sendmsg", "owners of raw sockets"},
	{"kp_raw_sendmsg", NULL, "rawv6_sendmsg", no_ipv6},
	{"kp_packet_sendmsg", NULL, "packet_sendmsg", no_packets},
	{"kp_packet_sendmsg", NULL, "packet_sendmsg_spkt", no_packets},
	{"kp_tcp_set_state", NULL, "tcp_set_state", NULL},
	{"kp_inet_release", NULL, "inet_release", NULL},
	{"kp_inet_release", NULL, "packet_release", no_packets},
	{"kp_wake_up_new_task", NULL, "wake_up_new_task", NULL},
	{"kp_set_task_comm", NULL, "__set_task_comm", "names that processes give themselves, until they send or receive"},
	{"te_process_exec", "sched", "sched_process_exec", NULL},
	{"te_process_exit", "sched", "sched_process_exit", NULL},
};

static const char late_data[] = "the thread that sends or receives (the owner stays the one that opened it)";

static const char early_data[] = "which of its holders writes to a shared connection (first packet only: 6.16)";

static const struct hook tracepoint_hooks[] = {
	{"tp_enter_fd", "syscalls", "sys_enter_bind", NULL},
	{"tp_exit_claim", "syscalls", "sys_exit_bind", NULL},
	{"tp_enter_fd", "syscalls", "sys_enter_listen", NULL},
	{"tp_exit_listen", "syscalls", "sys_exit_listen", NULL},
	{"tp_enter_fd", "syscalls", "sys_enter_connect", NULL},
	{"tp_exit_claim", "syscalls", "sys_exit_connect", NULL},
	{"tp_exit_accept", "syscalls", "sys_exit_accept", NULL},
	{"tp_exit_accept", "syscalls", "sys_exit_accept4", NULL},
	{"tp_enter_sendto", "syscalls", "sys_enter_sendto", NULL},
	{"tp_exit_claim", "syscalls", "sys_exit_sendto", NULL},
	{"tp_enter_sendmsg", "syscalls", "sys_enter_sendmsg", NULL},
	{"tp_exit_claim", "syscalls", "sys_exit_sendmsg", NULL},
	{"tp_enter_sendmsg", "syscalls", "sys_enter_sendmmsg", NULL},
	{"tp_exit_claim", "syscalls", "sys_exit_sendmmsg", NULL},
	{"rt_claim", NULL, "tcp_sendmsg_locked", early_data},
	{"rt_claim", NULL, "sock_send_length", late_data},
	{"rt_claim", NULL, "sock_recv_length", late_data},
	{"rt_inet_sock_set_state", NULL, "inet_sock_set_state", NULL},
	{"tp_enter_close", "syscalls", "sys_enter_close", NULL},
	{"rt_process_fork", NULL, "sched_process_fork", NULL},
	{"rt_task_rename", NULL, "task_rename", NULL},
	{"te_process_exec", "sched", "sched_process_exec", NULL},
	{"te_process_exit", "sched", "sched_process_exit", NULL},
};

static const char no_tls_memory[] = "the connection of programs that send what TLS libraries write into memory (asyncio, Node)";

/* Which socket a TLS library's call goes over; attached for plaintext only. */
#define TLS_SENDING                                                          \
	{"tp_tls_send", "syscalls", "sys_enter_write", no_tls_memory},       \
	{"tp_tls_send", "syscalls", "sys_enter_sendto", no_tls_memory},      \
	{"tp_tls_writev", "syscalls", "sys_enter_writev", no_tls_memory},    \
	{"tp_tls_sendmsg", "syscalls", "sys_enter_sendmsg", no_tls_memory}

static const struct hook kprobe_tls_hooks[] = {
	{"kp_tls_io", NULL, "tcp_sendmsg", NULL},
	{"kp_tls_io", NULL, "tcp_recvmsg", NULL},
	TLS_SENDING,
};

static const char no_tls_io[] = "the connection of what is written and read in clear, but for SSL_set_fd";

static const struct hook tracepoint_tls_hooks[] = {
	{"rt_tls_io", NULL, "sock_send_length", no_tls_io},
	{"rt_tls_io", NULL, "sock_recv_length", no_tls_io},
	TLS_SENDING,
};

#define CNT(table) (sizeof(table) / sizeof(*(table)))

static const struct backend kprobe_backend = {"kprobe", kprobe_hooks, CNT(kprobe_hooks)};
static const struct backend tracepoint_backend = {"tracepoint", tracepoint_hooks, CNT(tracepoint_hooks)};

static const struct backend kprobe_tls = {"kprobe", kprobe_tls_hooks, CNT(kprobe_tls_hooks)};
static const struct backend tracepoint_tls = {"tracepoint", tracepoint_tls_hooks, CNT(tracepoint_tls_hooks)};

const struct backend *backend_tls(const struct backend *b)
{
	return b == &kprobe_backend ? &kprobe_tls : &tracepoint_tls;
}

const char *backend_name(const struct backend *b)
{
	return b->name;
}

bool backend_tells_closes(const struct backend *b)
{
	return b == &kprobe_backend;
}

const struct hook *backend_hooks(const struct backend *b, size_t *cnt)
{
	*cnt = b->cnt;
	return b->hooks;
}

const struct backend *backend_by_name(const char *name)
{
	if (!strcmp(name, kprobe_backend.name))
		return &kprobe_backend;
	return strcmp(name, tracepoint_backend.name) ? NULL : &tracepoint_backend;
}

static const struct backend *need_kprobes(struct features *feat, char *why, size_t why_size)
{
	if (feature_has(feat, FEAT_KPROBES))
		return &kprobe_backend;
	snprintf(why, why_size, "this kernel is built without CONFIG_KPROBES: use --backend tracepoint");
	return NULL;
}

static const struct backend *need_tracepoints(struct features *feat, char *why, size_t why_size)
{
	if (feature_has(feat, FEAT_SOCK_STATE_TP) && feature_has(feat, FEAT_RAW_TP) &&
		feature_has(feat, FEAT_SYSCALL_TP_BPF))
		return &tracepoint_backend;
	/* --assume-kernel shapes the text; what can be attached is the running kernel's */
	if (feat->assumed)
		return &tracepoint_backend;
	snprintf(why, why_size,
		"this kernel lacks raw tracepoints (4.17), sock:inet_sock_set_state (4.16) or syscall tracepoints "
		"(CONFIG_FTRACE_SYSCALLS): use --backend kprobe");
	return NULL;
}

const struct backend *backend_choose(const char *name, struct features *feat, char *why, size_t why_size)
{
	if (!strcmp(name, kprobe_backend.name))
		return need_kprobes(feat, why, why_size);
	if (!strcmp(name, tracepoint_backend.name))
		return need_tracepoints(feat, why, why_size);
	if (feature_has(feat, FEAT_KPROBES))
		return &kprobe_backend;
	return need_tracepoints(feat, why, why_size);
}

struct attached {
	char event[128]; /* name in kprobe_events, "" where nothing stays behind */
	int fd;		/* perf event or raw tracepoint link */
};

struct loaded_prog {
	const char *name;
	int fd;
};

struct hooks {
	struct attached *attached;
	size_t attached_cnt;
	struct loaded_prog *progs;
	size_t prog_cnt;
	int tracefs; /* descriptor, or negative errno: it is not to be had, and hooks that need it fail */
};

static struct hooks *hooks_new(size_t max)
{
	struct hooks *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->tracefs = tracefs_open();
	h->attached = calloc(max, sizeof(*h->attached));
	h->progs = calloc(max, sizeof(*h->progs));
	if (h->attached && h->progs)
		return h;
	hooks_free(h);
	return NULL;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	while (h->attached_cnt) {
		struct attached *a = &h->attached[--h->attached_cnt];

		perf_detach(h->tracefs, a->fd, a->event);
	}
	while (h->prog_cnt)
		close(h->progs[--h->prog_cnt].fd);
	if (h->tracefs >= 0)
		close(h->tracefs);
	free(h->attached);
	free(h->progs);
	free(h);
}

size_t hooks_count(const struct hooks *h)
{
	return h->attached_cnt;
}

/* One program may serve several hooks: it is loaded once. */
static int get_prog(struct hooks *h, const char *name, const struct bundle *b, const struct maps *m, uint32_t kver)
{
	int fd;

	for (size_t i = 0; i < h->prog_cnt; i++)
		if (!strcmp(h->progs[i].name, name))
			return h->progs[i].fd;
	fd = prog_load(b, m, name, NULL, 0, kver);
	if (fd < 0)
		return fd;
	h->progs[h->prog_cnt].name = name;
	h->progs[h->prog_cnt++].fd = fd;
	return fd;
}

static int attach_tracepoint(struct hooks *h, int prog_fd, const struct hook *hook)
{
	uint64_t id;
	int err;

	if (h->tracefs < 0)
		return h->tracefs;
	err = tracefs_event_id(h->tracefs, hook->category, hook->target, &id);
	return err ? err : perf_attach_tracepoint(prog_fd, id);
}

static int attach_one(struct hooks *h, int prog_fd, const struct hook *hook, struct features *feat, struct attached *a)
{
	bool is_return = !strncmp(hook->prog, "kr_", 3);

	if (!strncmp(hook->prog, "rt_", 3))
		return perf_attach_raw_tracepoint(prog_fd, hook->target);
	if (hook->category)
		return attach_tracepoint(h, prog_fd, hook);
	if (feature_has(feat, FEAT_PERF_KPROBE))
		return perf_attach_kprobe(prog_fd, hook->target, is_return);
	if (h->tracefs < 0)
		return h->tracefs;
	return perf_attach_kprobe_event(h->tracefs, prog_fd, hook->target, is_return, a->event, sizeof(a->event));
}

/* What can be done without, and cannot be on this kernel whatever its tracefs shows. */
static bool is_too_new(const struct hook *hook, struct features *feat)
{
	return hook->without && hook->category && !strcmp(hook->category, "syscalls") && !feature_has(feat, FEAT_SYSCALL_TP_BPF);
}

static int do_without(const struct hook *hook)
{
	log_verbose("kernel has no %s: lost without it: %s", hook->target, hook->without);
	return 0;
}

static int attach_hook(struct hooks *h, const struct hook *hook, const struct bundle *b, const struct maps *m,
	struct features *feat, uint32_t kver)
{
	struct attached *a = &h->attached[h->attached_cnt];
	int prog_fd;

	if (is_too_new(hook, feat))
		return do_without(hook);
	prog_fd = get_prog(h, hook->prog, b, m, kver);
	if (prog_fd < 0)
		return prog_fd;
	a->fd = attach_one(h, prog_fd, hook, feat, a);
	if (a->fd >= 0) {
		h->attached_cnt++;
		return 0;
	}
	if (hook->without && a->fd == -ENOENT)
		return do_without(hook);
	log_err("cannot attach to %s%s%s: %s%s", hook->category ? hook->category : "", hook->category ? ":" : "",
		hook->target, strerror(-a->fd),
		a->fd == -ENOENT ? " (this kernel has no such function or tracepoint; try the other --backend)"
		: a->fd == -EPERM || a->fd == -EACCES
			? " (root or CAP_PERFMON is needed, and kernel.perf_event_paranoid or lockdown may forbid it)"
			: "");
	return a->fd;
}

int hooks_attach_rows(const struct hook *rows, size_t cnt, const struct bundle *b, const struct maps *m,
	struct features *feat, uint32_t kern_version, struct hooks **out)
{
	struct hooks *h = hooks_new(cnt);
	int err = h ? 0 : -ENOMEM;

	if (h && h->tracefs >= 0)
		perf_clean_stale(h->tracefs);
	for (size_t i = 0; !err && i < cnt; i++)
		err = attach_hook(h, &rows[i], b, m, feat, kern_version);
	if (err) {
		hooks_free(h);
		return err;
	}
	*out = h;
	return 0;
}

int hooks_attach(const struct backend *backend, const struct bundle *b, const struct maps *m, struct features *feat,
	uint32_t kern_version, struct hooks **out)
{
	return hooks_attach_rows(backend->hooks, backend->cnt, b, m, feat, kern_version, out);
}
