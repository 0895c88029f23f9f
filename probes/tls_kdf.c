/* SPDX-License-Identifier: Dual BSD/GPL
 *
 * Secrets of an OpenSSL whose ssl_log_secret was not found: what libcrypto's exported functions derive them from, and whose they are.
 * Where these are attached, and why what they claim is certain: src/source/tls_kdf.h.
 *
 * Arguments are read when the derivation has returned: until then the process may not have touched the pages of the names in them.
 */

/* ---- the calls of libssl a thread is in ---- */

/* By depth, 1 the outermost; at depth 0 is how many there are (in `ssl`). A callback of one connection may use another one. */
struct pt_kdf_frame {
	u64 thread;
	u64 depth;
};

struct pt_kdf_call {
	u64 ssl;
	u64 random; /* EV_TLS_RANDOM() of that libssl */
	u64 flags;  /* EV_KDF_UPDATES */
};
BPF_TABLE(PT_LRU, struct pt_kdf_frame, struct pt_kdf_call, m_kdf_call, 10240);

PT_INLINE void pt_kdf_enter(void *ssl, u64 flags)
{
	struct pt_kdf_call call = {.ssl = (u64)ssl, .random = PT_PATCHED(0x7069647461700004), .flags = flags}, depth = {}, *known;
	struct pt_kdf_frame frame = {.thread = bpf_get_current_pid_tgid()};

	known = m_kdf_call.lookup(&frame);
	if (known)
		depth.ssl = known->ssl;
	depth.ssl++;
	m_kdf_call.update(&frame, &depth);
	frame.depth = depth.ssl;
	m_kdf_call.update(&frame, &call);
}

/* Exported functions whose first argument is the connection. */
int up_kdf_call(struct pt_regs *ctx, void *ssl)
{
	pt_kdf_enter(ssl, 0);
	return 0;
}

/* The same, in a library whose key log has the secrets of key updates. */
int up_kdf_call_updates(struct pt_regs *ctx, void *ssl)
{
	pt_kdf_enter(ssl, EV_KDF_UPDATES);
	return 0;
}

/* And in one that has objects of other kinds, too (3.2): they begin with their type, 0 for a connection (SSL_TYPE_SSL_CONNECTION). What
 * QUIC's does within is done by calls for a connection of its own. */
int up_kdf_call_typed(struct pt_regs *ctx, u32 *ssl)
{
	u32 type = 0;

	if (PT_READ_USER(type, ssl) || type)
		ssl = 0;
	pt_kdf_enter(ssl, EV_KDF_UPDATES);
	return 0;
}

int ur_kdf_call(struct pt_regs *ctx)
{
	struct pt_kdf_frame frame = {.thread = bpf_get_current_pid_tgid()};
	struct pt_kdf_call depth = {}, *known = m_kdf_call.lookup(&frame);

	if (!known)
		return 0;
	depth.ssl = known->ssl - 1;
	if (depth.ssl)
		m_kdf_call.update(&frame, &depth);
	else
		m_kdf_call.delete(&frame);
	frame.depth = depth.ssl + 1;
	m_kdf_call.delete(&frame);
	return 0;
}

/* ---- a derivation under way ---- */

/* Bytes in user memory. */
struct pt_kdf_bytes {
	u8 *data;
	u64 len;
};

struct pt_kdf {
	void *object; /* OpenSSL 1.1.1: the EVP_PKEY_CTX; else the OSSL_PARAM[] */
	u64 *out_len; /* 1.1.1: where the length is */
	struct pt_kdf_bytes out;
	struct pt_kdf_bytes key;    /* of HKDF-Expand-Label, */
	struct pt_kdf_bytes label;  /* and what for (RFC 8446 section 7.1) */
	struct pt_kdf_bytes secret; /* of TLS 1.2's PRF: the master secret, */
	struct pt_kdf_bytes what;   /* the label, its first seed, */
	u8 *client;		    /* and the client's random, its third (RFC 5246 section 6.3) */
	u64 seeds;
};
BPF_TABLE(PT_LRU, u64, struct pt_kdf, m_kdf, 10240);

PT_INLINE void pt_kdf_seed(struct pt_kdf *k, u8 *data, u64 len)
{
	if (!k->seeds) {
		k->what.data = data;
		k->what.len = len;
	}
	if (k->seeds == 2)
		k->client = len == EV_RANDOM_LEN ? data : 0;
	k->seeds++;
}

/* The random of the connection in whose call the thread is, if the key lies in that connection's object: there OpenSSL keeps the early,
 * handshake and master secret it derives from. 0: it does not, or there is no call. */
PT_INLINE int pt_kdf_whose(struct ev_kdf *ev, struct pt_kdf *k)
{
	struct pt_kdf_frame frame = {.thread = bpf_get_current_pid_tgid()};
	struct pt_kdf_call *call = m_kdf_call.lookup(&frame);
	u64 key = (u64)k->key.data;

	if (!call)
		return 0;
	frame.depth = call->ssl;
	call = m_kdf_call.lookup(&frame);
	if (!call || key <= call->ssl || key - call->ssl >= EV_KDF_OBJECT)
		return 0;
	ev->ssl = call->ssl;
	ev->flags = call->flags;
	pt_read_random(ev->random, (void *)call->ssl, call->random);
	return 1;
}

/* Exactly `len` bytes, 10 to 13: behind them the memory may end. */
PT_INLINE void pt_kdf_label(char *to, struct pt_kdf_bytes *from)
{
	PT_READ_USER_N(to, 10, from->data);
	if (from->len > 10)
		PT_READ_USER_N(to + 10, 1, from->data + 10);
	if (from->len > 11)
		PT_READ_USER_N(to + 11, 1, from->data + 11);
	if (from->len > 12)
		PT_READ_USER_N(to + 12, 1, from->data + 12);
}

#define PT_KDF_LABEL_MIN 10 /* "exp master" */
#define PT_KDF_LABEL_MAX 13 /* "key expansion" */
#define PT_KDF_MASTER 48

/* TLS 1.3. Which labels mean anything user space knows; the others of these lengths are few. */
PT_INLINE int pt_kdf_expanded(struct ev_kdf *ev, struct pt_kdf *k)
{
	if (k->out.len < 32 || k->out.len > EV_SECRET_MAX || k->key.len != k->out.len)
		return 0;
	if (!pt_kdf_whose(ev, k))
		return 1;
	k->secret = k->out;
	pt_read_secret(ev->key, k->key.data, k->key.len);
	ev->secret_len = k->key.len;
	return 1;
}

/* TLS 1.2: whose they are stands in it. */
PT_INLINE int pt_kdf_prf(struct ev_kdf *ev, struct pt_kdf *k)
{
	if (k->what.len != PT_KDF_LABEL_MAX || !k->client || k->secret.len != PT_KDF_MASTER)
		return 0;
	PT_READ_USER_N(ev->random, EV_RANDOM_LEN, k->client);
	ev->secret_len = PT_KDF_MASTER;
	return 1;
}

/* What both have in common is read in one place: where the compiler joins two reads, their sizes are no constants. */
PT_INLINE void pt_kdf_tell(void *ctx, struct pt_kdf *k)
{
	struct pt_kdf_bytes label = k->label.data ? k->label : k->what;
	u64 id = bpf_get_current_pid_tgid();
	struct ev_kdf ev = {};

	if (label.len < PT_KDF_LABEL_MIN || label.len > PT_KDF_LABEL_MAX)
		return;
	if (k->label.data ? !pt_kdf_expanded(&ev, k) : !pt_kdf_prf(&ev, k))
		return;
	pt_kdf_label(ev.label, &label);
	if (ev.secret_len)
		pt_read_secret(ev.secret, k->secret.data, ev.secret_len);
	ev.hdr.ts_ns = bpf_ktime_get_ns();
	ev.hdr.type = EV_KDF;
	ev.hdr.size = sizeof(ev);
	ev.pid = id >> 32;
	ev.tid = id;
	if (m_owners.perf_submit(ctx, &ev, sizeof(ev)))
		pt_count(EV_STAT_SECRET_FAILED);
}

/* ---- OpenSSL 3: EVP_KDF_derive(ctx, out, len, params) ---- */

/* OSSL_PARAM(3): `name` NULL ends the list; return_size follows. */
struct pt_kdf_param {
	char *name;
	u32 type;
	u32 pad;
	u8 *data;
	u64 len;
};
#define PT_KDF_PARAM_SIZE 40
#define PT_KDF_PARAMS 8 /* the PRF has seven, HKDF-Expand-Label six */

#define PT_KDF_NAME_KEY 0x79656bULL		/* "key", as the machine reads it */
#define PT_KDF_NAME_SEED 0x64656573ULL		/* "seed" */
#define PT_KDF_NAME_LABEL 0x6c6562616cULL	/* "label" */
#define PT_KDF_NAME_SECRET 0x746572636573ULL	/* "secret" */
#define PT_KDF_UPTO(n) ((1ULL << 8 * (n)) - 1)	/* of a name: that many bytes, its NUL among them */

PT_INLINE void pt_kdf_take(struct pt_kdf *k, struct pt_kdf_param *p, u64 name)
{
	struct pt_kdf_bytes bytes = {p->data, p->len};

	if ((name & PT_KDF_UPTO(4)) == PT_KDF_NAME_KEY)
		k->key = bytes;
	else if ((name & PT_KDF_UPTO(5)) == PT_KDF_NAME_SEED)
		pt_kdf_seed(k, p->data, p->len);
	else if ((name & PT_KDF_UPTO(6)) == PT_KDF_NAME_LABEL)
		k->label = bytes;
	else if ((name & PT_KDF_UPTO(7)) == PT_KDF_NAME_SECRET)
		k->secret = bytes;
}

/* 0: the list is over. */
PT_INLINE int pt_kdf_next(struct pt_kdf *k, void *at)
{
	struct pt_kdf_param p = {};
	u64 name = 0;

	if (PT_READ_USER_N(&p, sizeof(p), at) || !p.name)
		return 0;
	if (PT_READ_USER_N(&name, sizeof(name), p.name))
		PT_READ_USER_N(&name, 4, p.name);
	pt_kdf_take(k, &p, name);
	return 1;
}

int up_kdf_derive(struct pt_regs *ctx, void *kdf, u8 *out, u64 len)
{
	struct pt_kdf k = {.object = (void *)PT_ARG4(ctx), .out = {out, len}};
	u64 id = bpf_get_current_pid_tgid();

	m_kdf.update(&id, &k); /* also without: this return is not that of one before */
	return 0;
}

int ur_kdf_derive(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_kdf *known = m_kdf.lookup(&id), k;
	int more = 1;

	if (!known)
		return 0;
	k = *known;
	m_kdf.delete(&id);
	if ((int)PT_REGS_RC(ctx) != 1 || !k.object)
		return 0;
#pragma unroll
	for (int i = 0; i < PT_KDF_PARAMS; i++)
		if (more)
			more = pt_kdf_next(&k, k.object + i * PT_KDF_PARAM_SIZE);
	pt_kdf_tell(ctx, &k);
	return 0;
}

/* ---- OpenSSL 1.1.1: EVP_PKEY_derive_init, EVP_PKEY_CTX_ctrl, EVP_PKEY_derive ---- */

#define PT_PKEY_TLS_SECRET 0x1001 /* include/openssl/kdf.h: EVP_PKEY_CTRL_TLS_SECRET, */
#define PT_PKEY_TLS_SEED 0x1002
#define PT_PKEY_HKDF_KEY 0x1005
#define PT_PKEY_HKDF_INFO 0x1006

/* (object) */
int up_pkey_init(struct pt_regs *ctx, void *object)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_kdf k = {.object = object};

	m_kdf.update(&id, &k);
	return 0;
}

/* HkdfLabel, RFC 8446 section 7.1: length (2 bytes), that of the label (1), "tls13 " and the label. */
#define PT_HKDF_PREFIX 6
#define PT_HKDF_LABEL 9
PT_INLINE void pt_pkey_info(struct pt_kdf *k, u8 *info, u64 len)
{
	u8 head[PT_HKDF_LABEL] = {};

	if (len < PT_HKDF_LABEL || PT_READ_USER_N(head, sizeof(head), info) || head[2] < PT_HKDF_PREFIX || head[3] != 't')
		return;
	k->label.data = info + PT_HKDF_LABEL;
	k->label.len = head[2] - PT_HKDF_PREFIX;
}

/* (object, key type, operation, command, length, data) */
int up_pkey_ctrl(struct pt_regs *ctx, void *object)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_kdf *k = m_kdf.lookup(&id);
	struct pt_kdf_bytes bytes = {(u8 *)PT_ARG6(ctx), (u32)PT_ARG5(ctx)};
	u32 cmd = PT_ARG4(ctx);

	if (!k || k->object != object)
		return 0;
	if (cmd == PT_PKEY_TLS_SECRET)
		k->secret = bytes;
	else if (cmd == PT_PKEY_TLS_SEED)
		pt_kdf_seed(k, bytes.data, bytes.len);
	else if (cmd == PT_PKEY_HKDF_KEY)
		k->key = bytes;
	else if (cmd == PT_PKEY_HKDF_INFO)
		pt_pkey_info(k, bytes.data, bytes.len);
	return 0;
}

/* (object, out, size_t *len) */
int up_pkey_derive(struct pt_regs *ctx, void *object, u8 *out, u64 *len)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_kdf *k = m_kdf.lookup(&id);

	if (!k || k->object != object)
		return 0;
	k->out.data = out;
	k->out_len = len;
	return 0;
}

int ur_pkey_derive(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct pt_kdf *known = m_kdf.lookup(&id), k;

	if (!known || !known->out.data)
		return 0;
	k = *known;
	m_kdf.delete(&id);
	if ((int)PT_REGS_RC(ctx) <= 0 || PT_READ_USER(k.out.len, k.out_len))
		return 0;
	pt_kdf_tell(ctx, &k);
	return 0;
}
