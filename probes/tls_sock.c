/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Which socket a TLS library's connection object speaks over. Three proofs, each kept until the object is freed or cleared, or
 * another proof comes:
 *
 *   - the thread sends or receives on a TCP socket while it is in a call of the library for that object;
 *   - the program says so (SSL_set_fd);
 *   - the object writes into memory, and the program sends what it finds there (memory BIOs: Python's asyncio, Node). The record
 *     the library made and the one that is sent are compared: header, and what follows of it up to 80 bytes. They are encrypted, or
 *     hold a random of 32 bytes, so no other record is like it; whoever sends it, when, and what others do meanwhile is all the same.
 *
 * What has none of them has no socket: an object is never bound because something happened at about the same time.
 */

/* A connection object: its address means something in its process only. */
struct pt_tls_id {
	u64 ssl;
	u32 pid;
	u32 pad;
};

/* What is known of a connection object: its socket's key (rport 0: not known), its descriptor (-1: not told). */
struct pt_tls_sock {
	struct ev_key key;
	u64 sk;
	u64 sock_id;
	s32 fd;
	u32 flags; /* EV_TLS_INFERRED */
};
BPF_TABLE(PT_LRU, struct pt_tls_id, struct pt_tls_sock, m_tls_sock, 10240);

/* A call a thread is in. */
struct pt_tls_call {
	u64 ssl;
	void *data; /* user memory; NULL: nothing of the application's */
	void *done; /* where the number of bytes will be, or NULL: the return value tells */
	u64 flags;  /* EV_TLS_WRITE, EV_TLS_EARLY, EV_TLS_FILE, PT_TLS_* */
};
BPF_HASH(m_tls_call, u64, struct pt_tls_call, 10240);
#define PT_TLS_MADE (1ULL << 32) /* m_tls_made has a record it made, */
#define PT_TLS_SENT (1ULL << 33) /* and it went to a socket since */

/* A record, as far as it tells it from all others. What is shorter is padded with zeros. */
#define PT_TLS_HEAD 5 /* type, version, length: RFC 8446 section 5.1 */
#define PT_TLS_STEP 16
#define PT_TLS_STEPS 5
struct pt_tls_print {
	u32 pid;
	u8 head[PT_TLS_HEAD];
	u8 pad[7];
	u8 body[PT_TLS_STEPS * PT_TLS_STEP];
};
BPF_HASH(m_tls_made, u64, struct pt_tls_print, 10240);

/* Records that were made in a call that sent nothing then: the object's address; 0: of several objects, so of none. */
BPF_TABLE(PT_LRU, struct pt_tls_print, u64, m_tls_unsent, 10240);

/* Processes that have such records: what the others send is not looked at. */
BPF_TABLE(PT_LRU, u32, u8, m_tls_memory, 10240);

PT_INLINE void pt_tls_id(struct pt_tls_id *id, void *ssl)
{
	id->ssl = (u64)ssl;
	id->pid = bpf_get_current_pid_tgid() >> 32;
}

/* `sk` is what the connection object speaks over; fd -1: not known. */
PT_INLINE void pt_tls_bind(u64 ssl, struct sock *sk, int fd, u32 flags)
{
	struct pt_tls_id id = {};
	struct pt_tls_sock fresh = {.fd = fd, .flags = flags}, *known;
	struct ev_sock *s;
	u64 addr = (u64)sk;

	pt_tls_id(&id, (void *)ssl);
	s = m_sock.lookup(&addr);
	if (s)
		fresh.sock_id = s->owner.sock_id;
	known = m_tls_sock.lookup(&id);
	if (known) {
		if (known->sk == addr && known->sock_id == fresh.sock_id && known->flags == flags)
			return;
		if (fd < 0)
			fresh.fd = known->fd;
	}
	fresh.sk = addr;
	pt_sock_key(sk, PT_PROTO_TCP, &fresh.key);
	if (fresh.key.lport && fresh.key.rport)
		m_tls_sock.update(&id, &fresh);
}

/* ---- within a call ---- */

PT_INLINE void pt_tls_io(struct sock *sk)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_tls_call *call = m_tls_call.lookup(&id);

	if (!call)
		return;
	if (call->flags & PT_TLS_MADE)
		call->flags |= PT_TLS_SENT;
	if (pt_sock_proto(sk) == PT_PROTO_TCP)
		pt_tls_bind(call->ssl, sk, -1, 0);
}

#if BACKEND_KPROBE
int kp_tls_io(struct pt_regs *ctx, struct sock *sk)
{
	pt_tls_io(sk);
	return 0;
}
#else
int rt_tls_io(struct bpf_raw_tracepoint_args *ctx)
{
	pt_tls_io((struct sock *)ctx->args[0]);
	return 0;
}
#endif

/* ---- what the program says ---- */

/* SSL_set_fd, SSL_set_rfd, SSL_set_wfd (ssl, fd) */
int up_ssl_set_fd(struct pt_regs *ctx, void *ssl, int fd)
{
	struct pt_tls_sock told = {.fd = fd};
	struct sock *sk = pt_fd_sock(fd);
	struct pt_tls_id id = {};

	pt_tls_id(&id, ssl);
	if (sk && pt_sock_proto(sk) == PT_PROTO_TCP) {
		u64 addr = (u64)sk;
		struct ev_sock *s = m_sock.lookup(&addr);

		told.sk = addr;
		if (s)
			told.sock_id = s->owner.sock_id;
		pt_sock_key(sk, PT_PROTO_TCP, &told.key);
	}
	m_tls_sock.update(&id, &told);
	return 0;
}

PT_INLINE void pt_tls_forget(void *ssl)
{
	struct pt_tls_id id = {};

	pt_tls_id(&id, ssl);
	m_tls_sock.delete(&id);
}

/* SSL_free, gnutls_deinit: at this address another connection may come. */
int up_ssl_free(struct pt_regs *ctx, void *ssl)
{
	pt_tls_forget(ssl);
	return 0;
}

/* SSL_clear: another connection is to come. The library calls it, too, where a handshake begins, and means the same one. */
int up_ssl_clear(struct pt_regs *ctx, void *ssl)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_tls_call *call = m_tls_call.lookup(&id);

	if (!call || call->ssl != (u64)ssl)
		pt_tls_forget(ssl);
	return 0;
}

/* ---- records in memory ---- */

#define PT_TLS_CCS 20 /* change_cipher_spec: one byte, always the same */
#define PT_TLS_SHAKE 22
#define PT_TLS_APP 23
#define PT_TLS_CLIENT_HELLO 1
#define PT_TLS_SERVER_HELLO 2

/* ServerHello.random of a HelloRetryRequest begins with this (RFC 8446 section 4.1.3): it is the same for all. */
PT_INLINE int pt_tls_is_retry(struct pt_tls_print *p)
{
	return p->body[6] == 0xcf && p->body[7] == 0x21 && p->body[8] == 0xad && p->body[9] == 0x74;
}

/* Is there no other like it? Application data, encrypted, and both hellos, for their randoms. A certificate is sent more than once. */
PT_INLINE int pt_tls_is_unique(struct pt_tls_print *p)
{
	if (p->head[0] == PT_TLS_APP)
		return 1;
	if (p->head[0] != PT_TLS_SHAKE)
		return 0;
	return p->body[0] == PT_TLS_CLIENT_HELLO || (p->body[0] == PT_TLS_SERVER_HELLO && !pt_tls_is_retry(p));
}

PT_INLINE u32 pt_tls_record_len(struct pt_tls_print *p)
{
	return (u32)p->head[3] << 8 | p->head[4];
}

/* The record at `data`, or behind a change_cipher_spec there. 0: none, or none that is known again. */
PT_INLINE int pt_tls_take_print(struct pt_tls_print *p, u8 *data)
{
	u32 len;

	p->pid = bpf_get_current_pid_tgid() >> 32;
	if (PT_READ_USER_N(p->head, PT_TLS_HEAD, data) || p->head[1] != 3)
		return 0;
	if (p->head[0] == PT_TLS_CCS) {
		data += PT_TLS_HEAD + 1;
		if (PT_READ_USER_N(p->head, PT_TLS_HEAD, data) || p->head[1] != 3)
			return 0;
	}
	len = pt_tls_record_len(p);
	if (len < PT_TLS_STEP || p->head[0] < PT_TLS_SHAKE || p->head[0] > PT_TLS_APP)
		return 0;
	data += PT_TLS_HEAD;
#pragma unroll
	for (u32 i = 0; i < PT_TLS_STEPS; i++)
		if (len >= (i + 1) * PT_TLS_STEP && PT_READ_USER_N(p->body + i * PT_TLS_STEP, PT_TLS_STEP, data + i * PT_TLS_STEP))
			return 0;
	return pt_tls_is_unique(p);
}

/* BIO_write(bio, data, len), called by the library: takes the first record of a call. Of an object whose socket is known a hello only:
 * it begins anew, or a callback of its handshake talked to somebody else. */
int up_bio_write(struct pt_regs *ctx, void *bio, u8 *data)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_tls_call *call = m_tls_call.lookup(&id);
	struct pt_tls_print print = {};
	struct pt_tls_sock *known;
	struct pt_tls_id ssl = {};
	u8 type = 0;

	if (!call || call->flags & PT_TLS_MADE)
		return 0;
	pt_tls_id(&ssl, (void *)call->ssl);
	known = m_tls_sock.lookup(&ssl);
	PT_READ_USER(type, data);
	if ((known && known->key.rport && type != PT_TLS_SHAKE) || !pt_tls_take_print(&print, data))
		return 0;
	if (!m_tls_made.update(&id, &print))
		call->flags |= PT_TLS_MADE;
	return 0;
}

/* The call that made a record has returned; what it did not send the program may. */
PT_INLINE void pt_tls_made(struct pt_tls_call *call)
{
	u64 id = bpf_get_current_pid_tgid(), object = call->ssl, *same;
	struct pt_tls_print *made = m_tls_made.lookup(&id), print;
	u32 pid = id >> 32;
	u8 one = 1;

	if (made && !(call->flags & PT_TLS_SENT)) {
		print = *made; /* below 4.18 a key must be on the stack */
		same = m_tls_unsent.lookup(&print);
		if (same && *same != object)
			object = 0;
		m_tls_unsent.update(&print, &object);
		if (!m_tls_memory.lookup(&pid))
			m_tls_memory.update(&pid, &one);
	}
	m_tls_made.delete(&id);
}

#if HAVE_SYSCALL_TP_BPF
/* The thread sends what is at `data`: is that a record an object made? */
PT_INLINE void pt_tls_sending(int fd, u8 *data)
{
	u64 id = bpf_get_current_pid_tgid(), *ssl;
	struct pt_tls_print print = {};
	struct sock *sk;

	if (m_tls_call.lookup(&id) || !pt_tls_take_print(&print, data))
		return;
	ssl = m_tls_unsent.lookup(&print);
	if (!ssl)
		return;
	sk = pt_fd_sock(fd);
	if (*ssl && sk && pt_sock_proto(sk) == PT_PROTO_TCP)
		pt_tls_bind(*ssl, sk, fd, EV_TLS_INFERRED);
	m_tls_unsent.delete(&print);
}

PT_INLINE int pt_tls_in_memory(void)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;

	return m_tls_memory.lookup(&pid) != 0;
}

/* write, sendto: (fd, data, len) */
int tp_tls_send(struct pt_sys_enter *args)
{
	if (pt_tls_in_memory())
		pt_tls_sending(args->args[0], (u8 *)args->args[1]);
	return 0;
}

/* writev(fd, iov, cnt): `struct iovec` begins with the address. */
int tp_tls_writev(struct pt_sys_enter *args)
{
	u8 *data = 0;

	if (!pt_tls_in_memory())
		return 0;
	PT_READ_USER(data, (u8 **)args->args[1]);
	pt_tls_sending(args->args[0], data);
	return 0;
}

/* sendmsg(fd, msg, flags): `struct user_msghdr` (include/linux/socket.h) has it at 16. */
int tp_tls_sendmsg(struct pt_sys_enter *args)
{
	u8 *data = 0, **iov = 0;

	if (!pt_tls_in_memory())
		return 0;
	PT_READ_USER(iov, (u8 ***)(args->args[1] + 16));
	PT_READ_USER(data, iov);
	pt_tls_sending(args->args[0], data);
	return 0;
}
#endif
