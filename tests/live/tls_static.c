/* SPDX-License-Identifier: BSD-2-Clause */
/* links: -l:libssl.a -l:libcrypto.a -ldl -lpthread */
/* tls_static PORT KEYLOG PATH: a program that brings OpenSSL itself, asks a server on 127.0.0.1 for PATH, and writes its own key
 * log. Exit 0 if it was answered. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static FILE *keylog;

static void on_line(const SSL *ssl, const char *line)
{
	(void)ssl;
	fprintf(keylog, "%s\n", line);
}

static int connect_to(const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

static int ask(SSL *ssl, const char *path)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", path), got = 0;

	if (SSL_connect(ssl) != 1 || SSL_write(ssl, text, n) != n)
		return 1;
	while ((n = SSL_read(ssl, text, sizeof(text))) > 0)
		got += n;
	return !got;
}

int main(int argc, char **argv)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	SSL *ssl = tls ? SSL_new(tls) : NULL;
	int fd = argc == 4 ? connect_to(argv[1]) : -1, status;

	if (!ssl || fd < 0 || !(keylog = fopen(argv[2], "a")))
		return 1;
	SSL_CTX_set_keylog_callback(tls, on_line);
	SSL_set_fd(ssl, fd);
	status = ask(ssl, argv[3]);
	SSL_free(ssl);
	SSL_CTX_free(tls);
	close(fd);
	return fclose(keylog) || status;
}
