/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/tls_points.h"
#include "source/code.h"
#include "source/elf_image.h"
#include "source/tls_inner.h"
#include "probes/events.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RANDOM_LEN 32 /* SSL3_RANDOM_SIZE, GNUTLS_RANDOM_SIZE */

struct function {
	const char *symbol;
	const char *entry; /* program at its entry, or NULL */
	const char *exit;  /* at its return */
};

/* What a library is known by, and where. */
struct library {
	enum tls_kind kind;
	const char *known_by[3];   /* exported functions: all of them */
	const char *not_by;	   /* an exported function that makes it another's; NULL: none */
	const char *log_secret[2]; /* names of the function that gets the secrets */
	const char *get_random;	   /* exported accessor, */
	int (*read_random)(const struct code *code, uint64_t func, struct code_value *place); /* and what it tells */
	const struct function *functions;
};

/* Two calls of it, in both libraries, that are made with a constant label. */
static const char *const labels[2] = {"CLIENT_RANDOM", "EARLY_EXPORTER_SECRET"};

/* Where what is inside them is not found. */
static const struct function openssl_outer_functions[] = {
	{"SSL_write", "up_ssl_write", "ur_ssl_data"},
	{"SSL_read", "up_ssl_read", "ur_ssl_data"},
	{"SSL_write_ex", "up_ssl_write_ex", "ur_ssl_data_ex"},
	{"SSL_write_ex2", "up_ssl_write_ex2", "ur_ssl_data_ex"},
	{"SSL_read_ex", "up_ssl_read_ex", "ur_ssl_data_ex"},
	{NULL, NULL, NULL},
};

static const struct function openssl_functions[] = {
	{"SSL_write_early_data", "up_ssl_write_early", "ur_ssl_data_ex"},
	{"SSL_read_early_data", "up_ssl_read_early", "ur_ssl_data_ex"},
	{"SSL_sendfile", "up_ssl_sendfile", "ur_ssl_data"},
	{"SSL_do_handshake", "up_ssl_call", "ur_ssl_call"},
	{"SSL_connect", "up_ssl_call", "ur_ssl_call"},
	{"SSL_accept", "up_ssl_call", "ur_ssl_call"},
	{"SSL_shutdown", "up_ssl_call", "ur_ssl_call"},
	{"SSL_peek", "up_ssl_call", "ur_ssl_call"},
	{"SSL_peek_ex", "up_ssl_call", "ur_ssl_call"},
	{"SSL_set_fd", "up_ssl_set_fd", NULL},
	{"SSL_set_rfd", "up_ssl_set_fd", NULL},
	{"SSL_set_wfd", "up_ssl_set_fd", NULL},
	{"SSL_free", "up_ssl_free", NULL},
	{"SSL_clear", "up_ssl_clear", NULL},
	{NULL, NULL, NULL},
};

static const struct function gnutls_functions[] = {
	{"gnutls_record_send", "up_ssl_write", "ur_ssl_data"},
	{"gnutls_record_recv", "up_ssl_read", "ur_ssl_data"},
	{"gnutls_handshake", "up_ssl_call", "ur_ssl_call"},
	{"gnutls_bye", "up_ssl_call", "ur_ssl_call"},
	{"gnutls_deinit", "up_ssl_free", NULL},
	{NULL, NULL, NULL},
};

/* BoringSSL and LibreSSL export some of OpenSSL's names, and hand their secrets to other functions. */
static int client_of(const struct code *code, uint64_t func, struct code_value *place)
{
	return code_stored_place(code, func, 1, place); /* (session, client, server): to client->data */
}

static const struct library libraries[] = {
	{
		.kind = TLS_OPENSSL,
		.known_by = {"SSL_read_ex", "SSL_CTX_set_keylog_callback", "OPENSSL_init_ssl"},
		.not_by = "SSL_CTX_set_grease_enabled",
		.log_secret = {"ssl_log_secret"},
		.get_random = "SSL_get_client_random",
		.read_random = code_read_place,
		.functions = openssl_functions,
	},
	{
		.kind = TLS_GNUTLS,
		.known_by = {"gnutls_record_send", "gnutls_session_set_keylog_function"},
		.log_secret = {"_gnutls_call_keylog_func"},
		.get_random = "gnutls_session_get_random",
		.read_random = client_of,
		.functions = gnutls_functions,
	},
};

static bool is_library(const struct elf_image *img, const struct library *lib)
{
	for (size_t i = 0; i < 3 && lib->known_by[i]; i++)
		if (!elf_image_symbol(img, lib->known_by[i]))
			return false;
	return !lib->not_by || !elf_image_symbol(img, lib->not_by);
}

static const struct library *library_of(const struct elf_image *img)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++)
		if (is_library(img, &libraries[i]))
			return &libraries[i];
	return NULL;
}

static uint64_t by_symbol(const struct elf_image *img, const struct library *lib)
{
	uint64_t addr = 0;

	for (size_t i = 0; i < 2 && lib->log_secret[i] && !addr; i++)
		addr = elf_image_symbol(img, lib->log_secret[i]);
	return addr;
}

static uint64_t by_debug(const struct elf_image *img, const struct library *lib, const struct sysroot *root, const char *dir,
	enum tls_way *way)
{
	static const enum tls_way ways[] = {
		[ELF_DEBUG_DATA] = TLS_WAY_DATA,
		[ELF_DEBUG_BUILD_ID] = TLS_WAY_ID,
		[ELF_DEBUG_LINK] = TLS_WAY_LINK,
	};
	struct elf_image *debug;
	enum elf_debug from;
	uint64_t addr;

	if (elf_image_debug(img, root, dir, &debug, &from))
		return 0;
	*way = ways[from];
	addr = by_symbol(debug, lib);
	elf_image_close(debug);
	return addr;
}

/* Both labels must lead to one function. A string may stand in the file more than once. */
static uint64_t by_strings(const struct elf_image *img, const struct code *code)
{
	uint64_t found[2] = {0, 0};

	for (size_t n = 0; n < 2; n++) {
		uint64_t str;

		for (size_t i = 0; !found[n] && (str = elf_image_string(img, labels[n], i)); i++)
			found[n] = code_called_with(code, str, 1);
	}
	return found[0] == found[1] ? found[0] : 0;
}

static uint64_t find_log_secret(const struct elf_image *img, const struct code *code, const struct library *lib,
	const struct sysroot *root, const char *dir, enum tls_way *way)
{
	uint64_t addr = by_symbol(img, lib);

	*way = TLS_WAY_SYMBOL;
	if (!addr)
		addr = by_debug(img, lib, root, dir, way);
	if (!addr && code) {
		addr = by_strings(img, code);
		*way = TLS_WAY_STRINGS;
	}
	return addr;
}

static bool is_place(const struct code_value *v)
{
	return (v->kind == CODE_ADDRESS || v->kind == CODE_MEMBER) && !v->arg && v->inner;
}

/* OpenSSL's ssl_log_secret does nothing but pass on: nss_keylog_int(label, ssl, client_random, 32, secret, len). */
static bool passed_on(const struct code *code, uint64_t log_secret, struct code_value *place)
{
	struct code_call call;

	if (code_first_call(code, log_secret, &call) || !is_place(&call.args[2]))
		return false;
	if (call.args[3].kind != CODE_CONST || call.args[3].value != RANDOM_LEN)
		return false;
	*place = call.args[2];
	return true;
}

static bool find_random(
	const struct elf_image *img, const struct code *code, const struct library *lib, uint64_t log_secret, uint64_t *random)
{
	uint64_t get = elf_image_symbol(img, lib->get_random);
	struct code_value v;

	if ((!log_secret || !passed_on(code, log_secret, &v)) && (!get || lib->read_random(code, get, &v) || !is_place(&v)))
		return false;
	*random = EV_TLS_RANDOM(v.kind == CODE_MEMBER ? v.outer : EV_TLS_NO_DEREF, v.inner);
	return true;
}

/* What libcrypto derives for it, where the accessor tells which connection's that is. */
static void find_kdf(const struct elf_image *img, const struct code *code, const struct library *lib, struct tls_points *out)
{
	struct tls_inner inner;

	out->kdf_by = tls_kdf_by(img);
	if (out->kdf_by == TLS_KDF_NONE || !find_random(img, code, lib, 0, &out->random))
		return;
	tls_inner_find(img, &inner);
	tls_kdf_calls(img, &inner, &out->kdf);
	if (out->kdf_by == TLS_KDF_INSIDE)
		tls_kdf_functions(img, &out->kdf);
	out->way = TLS_WAY_KDF;
	out->why[0] = 0;
}

static void find_secrets(const struct elf_image *img, const struct library *lib, const struct sysroot *root,
	const char *dir, struct tls_points *out)
{
	struct code *code = NULL;
	uint64_t addr;
	int err = code_open(img, &code);

	addr = find_log_secret(img, code, lib, root, dir, &out->way);
	if (err)
		snprintf(out->why, sizeof(out->why), "its machine code cannot be read here");
	else if (!addr)
		snprintf(out->why, sizeof(out->why), "%s is neither in its symbols nor found by its strings", lib->log_secret[0]);
	else if (!find_random(img, code, lib, addr, &out->random))
		snprintf(out->why, sizeof(out->why), "where it keeps the client random cannot be read from its code");
	else if (elf_image_offset(img, addr, &out->log_secret))
		snprintf(out->why, sizeof(out->why), "%s is not in the file", lib->log_secret[0]);
	if (out->why[0])
		out->way = TLS_WAY_NONE;
	if (!addr && code && lib->kind == TLS_OPENSSL)
		find_kdf(img, code, lib, out);
	code_close(code);
}

static void add_point(struct tls_points *out, const char *prog, uint64_t offset)
{
	if (prog && out->cnt < TLS_POINT_MAX)
		out->points[out->cnt++] = (struct tls_point){prog, offset};
}

static void find_functions(const struct elf_image *img, const struct function *functions, struct tls_points *out)
{
	for (const struct function *f = functions; f->symbol; f++) {
		uint64_t addr = elf_image_symbol(img, f->symbol), offset;

		if (!addr || elf_image_offset(img, addr, &offset))
			continue;
		add_point(out, f->entry, offset);
		add_point(out, f->exit, offset);
	}
}

/* What OpenSSL does below its exported functions, where that can be found out. */
static void find_inner(const struct elf_image *img, struct tls_points *out)
{
	struct tls_inner inner;
	uint64_t offset;

	tls_inner_find(img, &inner);
	if (inner.read && inner.write) {
		out->inner = true;
		if (!elf_image_offset(img, inner.read, &offset)) {
			add_point(out, "up_ssl_read_ex", offset);
			add_point(out, "ur_ssl_data_ex", offset);
		}
		if (!elf_image_offset(img, inner.write, &offset)) {
			add_point(out, inner.write_flags ? "up_ssl_write_ex2" : "up_ssl_write_ex", offset);
			add_point(out, "ur_ssl_data_ex", offset);
		}
	} else {
		find_functions(img, openssl_outer_functions, out);
	}
	if (inner.bio_write && !elf_image_offset(img, inner.bio_write, &offset)) {
		out->memory = true;
		add_point(out, "up_bio_write", offset);
	}
}

int tls_points_find(int fd, const struct sysroot *root, const char *dir, struct tls_points *out)
{
	const struct library *lib;
	struct elf_image *img;
	int err = elf_image_open(fd, &img);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	lib = library_of(img);
	if (lib) {
		out->kind = lib->kind;
		find_secrets(img, lib, root, dir, out);
		find_functions(img, lib->functions, out);
		if (lib->kind == TLS_OPENSSL)
			find_inner(img, out);
	}
	elf_image_close(img);
	return 0;
}

int tls_points_crypto(int fd, struct tls_kdf *out)
{
	struct elf_image *img;
	int err = elf_image_open(fd, &img);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	err = tls_kdf_functions(img, out);
	elf_image_close(img);
	return err;
}

const char *tls_points_refusal(int err)
{
	if (err == -ENOEXEC)
		return "no ELF file for a 64-bit machine";
	return err ? strerror(-err) : "no OpenSSL (1.1.1 or later) or GnuTLS in it";
}

const char *tls_way_name(enum tls_way way)
{
	static const char *const names[] = {
		[TLS_WAY_NONE] = "none",
		[TLS_WAY_SYMBOL] = "symbol table",
		[TLS_WAY_DATA] = ".gnu_debugdata",
		[TLS_WAY_ID] = "debug file by build id",
		[TLS_WAY_LINK] = "debug file by link",
		[TLS_WAY_STRINGS] = "two string references",
		[TLS_WAY_KDF] = "KDF functions of libcrypto",
	};

	return names[way];
}

const char *tls_kind_name(enum tls_kind kind)
{
	static const char *const names[] = {[TLS_NONE] = "none", [TLS_OPENSSL] = "OpenSSL", [TLS_GNUTLS] = "GnuTLS"};

	return names[kind];
}
