/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/tls_inner.h"
#include "source/code.h"

#include <string.h>

static bool is_arg(const struct code_value *v, unsigned int arg)
{
	return v->kind == CODE_ADDRESS && v->arg == arg && !v->inner;
}

/* What `func` hands its first `cnt` arguments on to, unchanged. 0: nothing it does at first. */
static uint64_t handed_on(const struct code *code, uint64_t func, unsigned int cnt)
{
	struct code_call call;

	if (!func || code_first_call(code, func, &call))
		return 0;
	for (unsigned int i = 0; i < cnt; i++)
		if (!is_arg(&call.args[i], i))
			return 0;
	return call.target;
}

/* A compiler may have copied it into its callers, whether or not it has a symbol (Node). */
static uint64_t if_called(const struct elf_image *img, const struct code *code, const char *name, uint64_t target)
{
	uint64_t func = elf_image_symbol(img, name);

	return target && func && code_calls(code, func, target) ? target : 0;
}

static void find_read(const struct elf_image *img, const struct code *code, struct tls_inner *out)
{
	uint64_t inner = elf_image_symbol(img, "ssl_read_internal");

	if (!inner)
		inner = handed_on(code, elf_image_symbol(img, "SSL_read_ex"), 4);
	out->read = if_called(img, code, "SSL_read", inner);
}

static void find_write(const struct elf_image *img, const struct code *code, struct tls_inner *out)
{
	uint64_t ex2 = elf_image_symbol(img, "SSL_write_ex2"); /* 3.3 */
	uint64_t inner = elf_image_symbol(img, "ssl_write_internal");

	out->write_flags = ex2 != 0;
	if (!inner)
		inner = ex2 ? handed_on(code, ex2, 5) : handed_on(code, elf_image_symbol(img, "SSL_write_ex"), 4);
	out->write = if_called(img, code, "SSL_write", inner);
}

static void find_bio_write(const struct elf_image *img, const struct code *code, struct tls_inner *out)
{
	uint64_t slot;

	out->bio_write = elf_image_symbol(img, "BIO_write");
	if (out->bio_write)
		return;
	slot = elf_image_import(img, "BIO_write");
	if (slot)
		out->bio_write = code_stub_of(code, slot);
}

void tls_inner_find(const struct elf_image *img, struct tls_inner *out)
{
	struct code *code;

	memset(out, 0, sizeof(*out));
	if (code_open(img, &code))
		return;
	find_read(img, code, out);
	find_write(img, code, out);
	find_bio_write(img, code, out);
	code_close(code);
}
