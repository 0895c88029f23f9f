/* SPDX-License-Identifier: BSD-2-Clause */
/* links: -lssl -lcrypto
 */
/* tls_calls CERT KEY PORT: the ways there are to write to and read from OpenSSL, each over a connection of its own to a child, and
 * what the two got told by it. A line on stdout for each call that did something:
 *
 *     PID write|read FROM-TO TOTAL[ early] DATA
 *
 * DATA is what it was, up to 4 MiB, printable, without line breaks; "+" behind it where there was more. Calls that failed, or were told
 * to come again, or only looked (SSL_peek), have no line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define LONGEST (6U << 20)
#define TRUTH_MAX (64U << 20)
#define TOLD_MAX (4U << 20) /* what pidtap tells of one call */

struct peer {
	SSL_CTX *ctx;
	SSL *ssl;
	SSL_SESSION *session; /* of the connection before, for early data; the client's */
	int fd, listener;
	int tell, told; /* a pipe each way, to wait for one another */
	bool client;
	char here[32], there[32]; /* ADDRESS:PORT */
};

static char text[LONGEST], got[LONGEST], truth[TRUTH_MAX];

static void die(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

#define CHECK(cond) ((cond) ? (void)0 : die(#cond))

static void note_end(int fd, int (*name)(int, struct sockaddr *, socklen_t *), char end[32])
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	CHECK(!name(fd, (struct sockaddr *)&a, &len));
	snprintf(end, 32, "%s:%d", inet_ntoa(a.sin_addr), ntohs(a.sin_port));
}

static void did(const struct peer *p, bool write, const char *data, size_t total, const char *how)
{
	printf("%d %s %s-%s %zu%s ", (int)getpid(), write ? "write" : "read", write ? p->here : p->there, write ? p->there : p->here,
		total, how);
	fwrite(data, 1, total < TOLD_MAX ? total : TOLD_MAX, stdout);
	puts(total > TOLD_MAX ? "+" : "");
}

static void say(const struct peer *p)
{
	CHECK(write(p->tell, "", 1) == 1);
}

static void hear(const struct peer *p)
{
	char c;

	CHECK(read(p->told, &c, 1) == 1);
}

static void wait_for(const struct peer *p, int ret)
{
	int why = SSL_get_error(p->ssl, ret);
	struct pollfd pfd = {.fd = p->fd, .events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN};

	CHECK(why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ);
	CHECK(poll(&pfd, 1, 20000) == 1);
}

/* Until `len` bytes are read, each call as much as it gets. */
static void read_all(const struct peer *p, size_t len)
{
	while (len) {
		int n = SSL_read(p->ssl, got, (int)(len < LONGEST ? len : LONGEST));

		if (n <= 0) {
			wait_for(p, n);
			continue;
		}
		did(p, false, got, (size_t)n, "");
		len -= (size_t)n;
	}
}

static void write_all(const struct peer *p, size_t len)
{
	int n;

	while ((n = SSL_write(p->ssl, text, (int)len)) <= 0)
		wait_for(p, n);
	did(p, true, text, (size_t)n, "");
}

/* ---- the cases: client and server ---- */

static void plain(struct peer *p)
{
	if (p->client) {
		write_all(p, 10);
		write_all(p, 1);
		read_all(p, 30);
		return;
	}
	read_all(p, 11);
	write_all(p, 30);
}

static void ex(struct peer *p)
{
	size_t n;

	if (p->client) {
		CHECK(SSL_write_ex(p->ssl, text, 20, &n) == 1);
		did(p, true, text, n, "");
#if OPENSSL_VERSION_NUMBER >= 0x30300000L
		CHECK(SSL_write_ex2(p->ssl, text, 21, 0, &n) == 1);
#else
		CHECK(SSL_write_ex(p->ssl, text, 21, &n) == 1);
#endif
		did(p, true, text, n, "");
		return;
	}
	for (size_t left = 41; left; left -= n) {
		CHECK(SSL_read_ex(p->ssl, got, left, &n) == 1);
		did(p, false, got, n, "");
	}
}

/* Looking is not reading, however it is done. */
static void peek(struct peer *p)
{
	size_t n;

	if (p->client) {
		write_all(p, 44);
		return;
	}
	CHECK(SSL_peek(p->ssl, got, 44) == 44);
	CHECK(SSL_peek_ex(p->ssl, got, 44, &n) == 1 && n == 44);
	read_all(p, 44);
}

static void sizes(struct peer *p)
{
	static const size_t all[] = {127, 128, 129, 16383, 16384, 16385, 131072, 131073, 1000000, TOLD_MAX, TOLD_MAX + 1, 5000000};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (p->client)
			write_all(p, all[i]);
		else
			read_all(p, all[i]);
	}
}

/* What does not fit is tried again and told once. The server reads only when the client was told to come again. */
static void again(struct peer *p)
{
	bool waited = false;
	int n;

	CHECK(!fcntl(p->fd, F_SETFL, O_NONBLOCK));
	if (!p->client) {
		CHECK(SSL_read(p->ssl, got, 1) < 0); /* nothing there yet */
		say(p);
		hear(p);
		read_all(p, 4000000);
		return;
	}
	hear(p);
	while ((n = SSL_write(p->ssl, text, 4000000)) <= 0) {
		if (!waited)
			say(p);
		waited = true;
		wait_for(p, n);
	}
	CHECK(waited);
	did(p, true, text, (size_t)n, "");
}

/* A write may take less than it is given. */
static void partial(struct peer *p)
{
	size_t left = 100000;

	if (!p->client) {
		read_all(p, left);
		return;
	}
	SSL_set_mode(p->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
	while (left) {
		int n = SSL_write(p->ssl, text, (int)left);

		CHECK(n > 0 && n <= 16384);
		did(p, true, text, (size_t)n, "");
		left -= (size_t)n;
	}
}

/* The connection in a BIO: BIO_f_ssl. */
static void in_bio(struct peer *p)
{
	BIO *bio = BIO_new(BIO_f_ssl());
	int n;

	CHECK(bio);
	BIO_set_ssl(bio, p->ssl, BIO_NOCLOSE);
	if (p->client) {
		CHECK(BIO_write(bio, text, 50) == 50);
		did(p, true, text, 50, "");
		n = BIO_read(bio, got, sizeof(got));
		CHECK(n == 60);
		did(p, false, got, 60, "");
	} else {
		n = BIO_read(bio, got, sizeof(got));
		CHECK(n == 50);
		did(p, false, got, 50, "");
		CHECK(BIO_write(bio, text, 60) == 60);
		did(p, true, text, 60, "");
	}
	BIO_free_all(bio); /* and the reference it took of the socket's */
}

/* The same object, cleared, over another socket: `connection` has seen to that. */
static void cleared(struct peer *p)
{
	plain(p);
}

/* Fails where the connection has no kernel TLS; has no bytes in memory where it has. */
static void file(struct peer *p)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	if (p->client && !BIO_get_ktls_send(SSL_get_wbio(p->ssl)))
		CHECK(SSL_sendfile(p->ssl, p->listener, 0, 1000, 0) < 0);
#endif
	plain(p);
}

/* Early data was said before this; then as usual. */
static void early(struct peer *p)
{
	plain(p);
}

static const struct {
	void (*run)(struct peer *p);
	bool keep;  /* the object of the connection before */
	bool early;
} cases[] = {
	{plain, false, false}, {ex, false, false},	{peek, false, false},	 {sizes, false, false}, {again, false, false},
	{partial, false, false}, {in_bio, false, false}, {cleared, true, false}, {file, false, false}, {early, false, true},
};

/* ---- connections ---- */

static void write_early(struct peer *p)
{
	size_t n;

	CHECK(p->session && SSL_SESSION_get_max_early_data(p->session));
	CHECK(SSL_set_session(p->ssl, p->session) == 1);
	CHECK(SSL_write_early_data(p->ssl, text, 70, &n) == 1);
	did(p, true, text, n, " early");
}

static void read_early(struct peer *p)
{
	size_t n;
	int ret;

	while ((ret = SSL_read_early_data(p->ssl, got, sizeof(got), &n)) == SSL_READ_EARLY_DATA_SUCCESS)
		did(p, false, got, n, " early");
	CHECK(ret == SSL_READ_EARLY_DATA_FINISH);
}

static void handshake(struct peer *p, bool with_early)
{
	if (with_early && p->client)
		write_early(p);
	else if (with_early)
		read_early(p);
	if (SSL_do_handshake(p->ssl) != 1)
		die("handshake");
}

/* Both have read all before either closes. */
static void finish(struct peer *p)
{
	CHECK(!fcntl(p->fd, F_SETFL, 0));
	if (p->client)
		SSL_shutdown(p->ssl);
	CHECK(SSL_read(p->ssl, got, sizeof(got)) <= 0);
	if (!p->client)
		SSL_shutdown(p->ssl);
}

static void connection(struct peer *p, size_t i, const struct sockaddr_in *to)
{
	p->fd = p->client ? socket(AF_INET, SOCK_STREAM, 0) : accept(p->listener, NULL, NULL);
	CHECK(p->fd >= 0 && (!p->client || !connect(p->fd, (const struct sockaddr *)to, sizeof(*to))));
	note_end(p->fd, getsockname, p->here);
	note_end(p->fd, getpeername, p->there);
	if (cases[i].keep) {
		CHECK(SSL_clear(p->ssl) == 1);
	} else {
		SSL_free(p->ssl);
		p->ssl = SSL_new(p->ctx);
	}
	CHECK(p->ssl && SSL_set_fd(p->ssl, p->fd) == 1);
	if (p->client)
		SSL_set_connect_state(p->ssl);
	else
		SSL_set_accept_state(p->ssl);
	handshake(p, cases[i].early);
	cases[i].run(p);
	finish(p);
	close(p->fd);
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct peer *p = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(p->session);
	p->session = session;
	return 1;
}

static void open_context(struct peer *p, char **argv)
{
	p->ctx = SSL_CTX_new(p->client ? TLS_client_method() : TLS_server_method());
	CHECK(p->ctx);
	SSL_CTX_set_app_data(p->ctx, p);
	if (p->client) {
		SSL_CTX_set_session_cache_mode(p->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(p->ctx, on_session);
		return;
	}
	CHECK(SSL_CTX_use_certificate_file(p->ctx, argv[1], SSL_FILETYPE_PEM) == 1);
	CHECK(SSL_CTX_use_PrivateKey_file(p->ctx, argv[2], SSL_FILETYPE_PEM) == 1);
	SSL_CTX_set_session_id_context(p->ctx, (const unsigned char *)"calls", 5);
	SSL_CTX_set_max_early_data(p->ctx, 16384);
}

static void all_cases(struct peer *p, char **argv, const struct sockaddr_in *addr)
{
	open_context(p, argv);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		connection(p, i, addr);
	SSL_free(p->ssl);
	SSL_SESSION_free(p->session);
	SSL_CTX_free(p->ctx);
	CHECK(!fflush(stdout));
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, status, to_client[2], to_server[2];
	struct peer p = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
	pid_t child;

	if (argc != 4)
		return 2;
	for (size_t i = 0; i < LONGEST; i++)
		text[i] = (char)('a' + (i / 26 + i) % 26);
	addr.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	CHECK(p.listener >= 0 && !setsockopt(p.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	CHECK(!bind(p.listener, (struct sockaddr *)&addr, sizeof(addr)) && !listen(p.listener, 5));
	CHECK(!setvbuf(stdout, truth, _IOFBF, sizeof(truth))); /* each writes once: they share the file */
	CHECK(!pipe(to_client) && !pipe(to_server));
	child = fork();
	CHECK(child >= 0);
	p.client = child;
	p.tell = child ? to_server[1] : to_client[1];
	p.told = child ? to_client[0] : to_server[0];
	all_cases(&p, argv, &addr);
	return child && (wait(&status) != child || status);
}
