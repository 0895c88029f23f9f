/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/bundle.h"
#include "base/buf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file: struct head, then the key's strings in the order of key_fields[], the licence (each its whole
 * array), u32 maps, u32 programs, the maps (struct bundle_map as it is), and for each program its name, u32
 * instructions, u32 relocations, the instructions and the relocations (struct bundle_reloc as it is). */
static const char magic[8] = {'P', 'I', 'D', 'T', 'A', 'P', 'B', '\n'};

struct head {
	char magic[8];
	uint32_t version;
	uint32_t length;
	uint8_t sum[SHA256_DIGEST_LENGTH];
};

_Static_assert(sizeof(struct head) == 48, "head is written as it is");
_Static_assert(sizeof(struct bundle_map) == BUNDLE_NAME_MAX + 5 * 4, "bundle_map is written as it is");
_Static_assert(sizeof(struct bundle_reloc) == 8, "bundle_reloc is written as it is");

#define KEY_FIELD(name) offsetof(struct bundle_key, name), sizeof(((struct bundle_key *)NULL)->name)

static const struct key_field {
	size_t off;
	size_t size;
	bool carried;
	bool shown; /* its values mean something to a person */
	const char *what;
} key_fields[] = {
	{KEY_FIELD(release), true, true, "kernel release"},
	{KEY_FIELD(version), false, true, "kernel build"},
	{KEY_FIELD(notes), true, true, "another build of the same kernel release: notes hash"},
	{KEY_FIELD(headers), false, false, "other kernel headers"},
	{KEY_FIELD(text), true, false, "another BPF text (another version of pidtap)"},
	{KEY_FIELD(flags), false, false, "other compiler flags"},
	{KEY_FIELD(compiler), false, false, "another pidtap-cc or libbcc"},
};
#define KEY_FIELD_CNT (sizeof(key_fields) / sizeof(key_fields[0]))

void bundle_free(struct bundle *b)
{
	for (uint32_t i = 0; b->progs && i < b->prog_cnt; i++) {
		free(b->progs[i].insns);
		free(b->progs[i].relocs);
	}
	free(b->progs);
	free(b->maps);
	memset(b, 0, sizeof(*b));
}

static void sum_of(const uint8_t *data, size_t len, uint8_t sum[SHA256_DIGEST_LENGTH])
{
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, data, len);
	SHA256Final(sum, &ctx);
}

static void put_prog(struct buf *out, const struct bundle_prog *prog)
{
	buf_put(out, prog->name, sizeof(prog->name));
	buf_u32(out, prog->insn_cnt);
	buf_u32(out, prog->reloc_cnt);
	buf_put(out, prog->insns, prog->insn_cnt * sizeof(*prog->insns));
	buf_put(out, prog->relocs, prog->reloc_cnt * sizeof(*prog->relocs));
}

int bundle_encode(const struct bundle *b, uint8_t **data, size_t *len)
{
	struct head head = {.version = BUNDLE_VERSION};
	struct buf out = BUF_INIT;
	int err;

	buf_put(&out, &head, sizeof(head));
	for (size_t i = 0; i < KEY_FIELD_CNT; i++)
		buf_put(&out, (const char *)&b->key + key_fields[i].off, key_fields[i].size);
	buf_put(&out, b->license, sizeof(b->license));
	buf_u32(&out, b->map_cnt);
	buf_u32(&out, b->prog_cnt);
	buf_put(&out, b->maps, b->map_cnt * sizeof(*b->maps));
	for (uint32_t i = 0; i < b->prog_cnt; i++)
		put_prog(&out, &b->progs[i]);
	err = buf_error(&out);
	if (!err && out.len > BUNDLE_FILE_MAX)
		err = -E2BIG;
	if (err) {
		buf_free(&out);
		return err;
	}
	memcpy(head.magic, magic, sizeof(magic));
	head.length = (uint32_t)(out.len - sizeof(head));
	sum_of(out.data + sizeof(head), head.length, head.sum);
	memcpy(out.data, &head, sizeof(head));
	*data = out.data;
	*len = out.len;
	return 0;
}

/* What is left to read, and the first thing found wrong. */
struct reader {
	const uint8_t *at;
	size_t left;
	int err;
	const char *why;
};

static void refuse(struct reader *r, int err, const char *why)
{
	if (r->err)
		return;
	r->err = err;
	r->why = why;
}

static void take(struct reader *r, void *to, size_t n)
{
	if (n > r->left)
		refuse(r, -EINVAL, "damaged: it ends too early");
	if (r->err)
		return;
	memcpy(to, r->at, n);
	r->at += n;
	r->left -= n;
}

static uint32_t take_u32(struct reader *r)
{
	uint32_t v = 0;

	take(r, &v, sizeof(v));
	return v;
}

/* An array of `cnt` elements, its allocation bounded by what is there to fill it. */
static void *take_array(struct reader *r, uint32_t cnt, size_t size)
{
	void *array;

	if (cnt > r->left / size)
		refuse(r, -EINVAL, "damaged: a count exceeds the file");
	if (r->err || !cnt)
		return NULL;
	array = malloc(cnt * size);
	if (!array)
		refuse(r, -ENOMEM, "out of memory");
	else
		take(r, array, cnt * size);
	return array;
}

/* Strings go into messages and to the kernel: terminated and printable, names C identifiers. */
static void check_string(struct reader *r, const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	if (len == size)
		refuse(r, -EINVAL, "damaged: a string has no end");
	for (size_t i = 0; i < len; i++) {
		if (s[i] < 0x20 || s[i] > 0x7e)
			refuse(r, -EINVAL, "damaged: a string is not text");
	}
}

static void check_name(struct reader *r, const char name[BUNDLE_NAME_MAX])
{
	static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	check_string(r, name, BUNDLE_NAME_MAX);
	if (!r->err && (!name[0] || name[strspn(name, legal)]))
		refuse(r, -EINVAL, "damaged: a name is not an identifier");
}

/* Every load of a map's descriptor must be one of the relocations: an instruction that came with a number in
 * it would reach whatever this process has open under that number. */
static void check_loads(struct reader *r, const struct bundle_prog *prog, uint32_t map_cnt)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (insn->code != (BPF_LD | BPF_DW | BPF_IMM))
			continue;
		if (i + 1 == prog->insn_cnt)
			refuse(r, -EINVAL, "damaged: a program ends within an instruction");
		else if (insn->src_reg == BPF_PSEUDO_MAP_FD &&
			 (found == prog->reloc_cnt || prog->relocs[found].insn != i ||
				 prog->relocs[found].map >= map_cnt || insn->imm))
			refuse(r, -EINVAL, "damaged: a map reference without a relocation");
		else if (insn->src_reg > BPF_PSEUDO_MAP_FD)
			refuse(r, -EINVAL, "an immediate load of an unknown kind");
		if (r->err)
			return;
		found += insn->src_reg == BPF_PSEUDO_MAP_FD;
		i++; /* the second slot is data */
	}
	if (found != prog->reloc_cnt)
		refuse(r, -EINVAL, "damaged: a relocation without a map reference");
}

static void take_prog(struct reader *r, struct bundle_prog *prog, uint32_t map_cnt)
{
	take(r, prog->name, sizeof(prog->name));
	check_name(r, prog->name);
	prog->insn_cnt = take_u32(r);
	prog->reloc_cnt = take_u32(r);
	prog->insns = take_array(r, prog->insn_cnt, sizeof(*prog->insns));
	prog->relocs = take_array(r, prog->reloc_cnt, sizeof(*prog->relocs));
	if (!prog->insn_cnt)
		refuse(r, -EINVAL, "damaged: a program without instructions");
	if (!r->err)
		check_loads(r, prog, map_cnt);
}

static void take_progs(struct reader *r, struct bundle *b, uint32_t cnt)
{
	/* Fewer bytes than a name each cannot be `cnt` programs. */
	if (cnt > r->left / BUNDLE_NAME_MAX)
		refuse(r, -EINVAL, "damaged: a count exceeds the file");
	if (r->err || !cnt)
		return;
	b->progs = calloc(cnt, sizeof(*b->progs));
	if (!b->progs) {
		refuse(r, -ENOMEM, "out of memory");
		return;
	}
	b->prog_cnt = cnt;
	for (uint32_t i = 0; i < cnt && !r->err; i++)
		take_prog(r, &b->progs[i], b->map_cnt);
}

static void take_bundle(struct reader *r, struct bundle *b)
{
	uint32_t prog_cnt;

	for (size_t i = 0; i < KEY_FIELD_CNT; i++) {
		char *field = (char *)&b->key + key_fields[i].off;

		take(r, field, key_fields[i].size);
		check_string(r, field, key_fields[i].size);
	}
	take(r, b->license, sizeof(b->license));
	check_string(r, b->license, sizeof(b->license));
	b->map_cnt = take_u32(r);
	prog_cnt = take_u32(r);
	b->maps = take_array(r, b->map_cnt, sizeof(*b->maps));
	for (uint32_t i = 0; i < b->map_cnt && !r->err; i++)
		check_name(r, b->maps[i].name);
	take_progs(r, b, prog_cnt);
	if (r->left)
		refuse(r, -EINVAL, "damaged: something follows its end");
}

static void take_head(struct reader *r)
{
	uint8_t sum[SHA256_DIGEST_LENGTH];
	struct head head = {0};

	take(r, &head, sizeof(head));
	if (r->err || memcmp(head.magic, magic, sizeof(magic))) {
		r->err = 0;
		refuse(r, -EINVAL, "not a bundle");
		return;
	}
	if (head.version != BUNDLE_VERSION)
		refuse(r, -EINVAL, "of a format this pidtap does not read");
	if (head.length != r->left)
		refuse(r, -EINVAL, "damaged: its length is wrong");
	if (r->err)
		return;
	sum_of(r->at, r->left, sum);
	if (memcmp(sum, head.sum, sizeof(sum)))
		refuse(r, -EINVAL, "damaged: its checksum is wrong");
}

int bundle_decode(const uint8_t *data, size_t len, struct bundle *b, char *why, size_t why_size)
{
	struct reader r = {.at = data, .left = len};
	struct bundle got = {0};

	take_head(&r);
	if (!r.err)
		take_bundle(&r, &got);
	if (r.err) {
		bundle_free(&got);
		snprintf(why, why_size, "%s", r.why);
		return r.err;
	}
	*b = got;
	return 0;
}

/* Hashes are told apart by their first digits; "" is one that could not be read. */
static void describe(
	const struct key_field *f, const char *have, const char *want, char *why, size_t why_size)
{
	int digits = f->off == offsetof(struct bundle_key, notes) ? 12 : (int)f->size;

	if (f->shown)
		snprintf(why, why_size, "%s %.*s, here %.*s", f->what, digits, have[0] ? have : "unknown",
			digits, want[0] ? want : "unknown");
	else
		snprintf(why, why_size, "%s", f->what);
}

int bundle_key_compare(
	const struct bundle_key *have, const struct bundle_key *want, int carried, char *why, size_t why_size)
{
	for (size_t i = 0; i < KEY_FIELD_CNT; i++) {
		const struct key_field *f = &key_fields[i];
		const char *a = (const char *)have + f->off;
		const char *b = (const char *)want + f->off;
		bool stands_in = f->off == offsetof(struct bundle_key, version) && !have->notes[0];

		if ((carried && !f->carried && !stands_in) || !strncmp(a, b, f->size))
			continue;
		describe(f, a, b, why, why_size);
		return -ESTALE;
	}
	return 0;
}

const struct bundle_prog *bundle_find_prog(const struct bundle *b, const char *name)
{
	for (uint32_t i = 0; i < b->prog_cnt; i++) {
		if (!strcmp(b->progs[i].name, name))
			return &b->progs[i];
	}
	return NULL;
}
