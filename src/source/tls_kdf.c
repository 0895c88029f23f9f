/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/tls_kdf.h"

#include <errno.h>

/* All with the connection first. Handshakes and key updates happen in any of them. */
static const char *const calls[] = {
	"SSL_do_handshake",
	"SSL_connect",
	"SSL_accept",
	"SSL_stateless",
	"SSL_peek",
	"SSL_peek_ex",
	"SSL_write_early_data",
	"SSL_read_early_data",
	"SSL_sendfile",
	"SSL_shutdown",
};

static const char *const reads[] = {"SSL_read", "SSL_read_ex", NULL};
static const char *const writes[] = {"SSL_write", "SSL_write_ex", "SSL_write_ex2", NULL};

struct function {
	const char *symbol, *entry, *exit;
};

static const struct function kdf_functions[] = {
	{"EVP_KDF_derive", "up_kdf_derive", "ur_kdf_derive"},
	{NULL, NULL, NULL},
};

static const struct function pkey_functions[] = {
	{"EVP_PKEY_derive_init", "up_pkey_init", NULL},
	{"EVP_PKEY_CTX_ctrl", "up_pkey_ctrl", NULL},
	{"EVP_PKEY_derive", "up_pkey_derive", "ur_pkey_derive"},
	{NULL, NULL, NULL},
};

/* EVP_KDF_derive is another function in some builds of 1.1.1 (Red Hat's); OSSL_PARAM came with 3.0. */
static const struct function *functions_of(const struct elf_image *img)
{
	return elf_image_symbol(img, "OSSL_PARAM_construct_octet_string") ? kdf_functions : pkey_functions;
}

static bool has_all(const struct elf_image *img, const struct function *f)
{
	for (; f->symbol; f++)
		if (!elf_image_symbol(img, f->symbol))
			return false;
	return true;
}

enum tls_kdf_by tls_kdf_by(const struct elf_image *libssl)
{
	if (has_all(libssl, functions_of(libssl)))
		return TLS_KDF_INSIDE;
	if (elf_image_import(libssl, "EVP_KDF_derive") || elf_image_import(libssl, "EVP_PKEY_derive"))
		return TLS_KDF_OUTSIDE;
	return TLS_KDF_NONE;
}

static void add(struct tls_kdf *out, const struct elf_image *img, uint64_t addr, const char *prog, bool random)
{
	uint64_t offset;

	if (prog && addr && out->cnt < TLS_KDF_POINTS && !elf_image_offset(img, addr, &offset))
		out->points[out->cnt++] = (struct tls_kdf_point){prog, offset, random};
}

static void add_call(struct tls_kdf *out, const struct elf_image *img, uint64_t addr, const char *enter)
{
	add(out, img, addr, enter, true);
	add(out, img, addr, "ur_kdf_call", false);
}

/* `inner`, where all of `names` meet; 0: these themselves. */
static void add_meeting(
	struct tls_kdf *out, const struct elf_image *img, uint64_t inner, const char *const *names, const char *enter)
{
	if (inner)
		add_call(out, img, inner, enter);
	for (; !inner && *names; names++)
		add_call(out, img, elf_image_symbol(img, *names), enter);
}

static const char *enter_of(const struct elf_image *libssl)
{
	if (elf_image_symbol(libssl, "SSL_is_quic"))
		return "up_kdf_call_typed";
	return elf_image_string(libssl, "CLIENT_TRAFFIC_SECRET_N", 0) ? "up_kdf_call_updates" : "up_kdf_call";
}

void tls_kdf_calls(const struct elf_image *libssl, const struct tls_inner *inner, struct tls_kdf *out)
{
	const char *enter = enter_of(libssl);

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		add_call(out, libssl, elf_image_symbol(libssl, calls[i]), enter);
	add_meeting(out, libssl, inner->read, reads, enter);
	add_meeting(out, libssl, inner->write, writes, enter);
}

int tls_kdf_functions(const struct elf_image *libcrypto, struct tls_kdf *out)
{
	const struct function *f = functions_of(libcrypto);

	if (!has_all(libcrypto, f))
		return -ENOENT;
	for (; f->symbol; f++) {
		uint64_t addr = elf_image_symbol(libcrypto, f->symbol);

		add(out, libcrypto, addr, f->entry, false);
		add(out, libcrypto, addr, f->exit, false);
	}
	return 0;
}
