/* SPDX-License-Identifier: BSD-2-Clause */
/* links: -lc */
/* tls_untold COUNT: a program that looks as if OpenSSL were in it, and calls SSL_write_ex so often. How much that wrote stands where
 * nobody can read it. */
#include <stddef.h>
#include <stdlib.h>

int OPENSSL_init_ssl(void);
int SSL_CTX_set_keylog_callback(void);
int SSL_read_ex(void);
int SSL_write_ex(void *ssl, const void *data, size_t len, size_t *written);

int OPENSSL_init_ssl(void)
{
	return 1;
}

int SSL_CTX_set_keylog_callback(void)
{
	return 2;
}

int SSL_read_ex(void)
{
	return 0;
}

__attribute__((noipa)) int SSL_write_ex(void *ssl, const void *data, size_t len, size_t *written)
{
	return ssl && data && len && written;
}

int main(int argc, char **argv)
{
	char object[8] = "", data[8] = "unheard";

	for (int left = argc > 1 ? atoi(argv[1]) : 0; left; left--)
		if (!SSL_write_ex(object, data, sizeof(data), (size_t *)8))
			return 1;
	return 0;
}
