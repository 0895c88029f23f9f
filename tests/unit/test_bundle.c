/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/bundle.c src/source/bundle_file.c src/base/buf.c -lmd */
#include "source/bundle.h"
#include "tap.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sha2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 48
#define SUM_AT 16

static struct bundle_map maps[] = {
	{"m_flow", BPF_MAP_TYPE_LRU_HASH, 48, 72, 10240, 0},
	{"m_owners", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, 0},
};

static struct bpf_insn insns[] = {
	{BPF_LD | BPF_DW | BPF_IMM, 1, 0, 0, 0x1234},
	{0},
	{BPF_LD | BPF_DW | BPF_IMM, 2, BPF_PSEUDO_MAP_FD, 0, 0},
	{0},
	{BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, 0},
	{0},
	{BPF_JMP | BPF_EXIT},
};

static struct bundle_reloc relocs[] = {{2, 1}, {4, 0}};

static struct bundle_prog progs[] = {
	{"kp_tcp_connect", insns, 7, relocs, 2},
	{"tc_egress", insns + 6, 1, NULL, 0},
};

static const struct bundle sample = {
	.key = {"6.1.0-27-amd64", "#1 SMP Debian 6.1.115-1", "0123456789abcdef", "headers", "text", "flags",
		"compiler"},
	.license = "Dual BSD/GPL",
	.maps = maps,
	.map_cnt = 2,
	.progs = progs,
	.prog_cnt = 2,
};

static char why[256];

static uint8_t *encode(const struct bundle *b, size_t *len)
{
	uint8_t *data = NULL;

	tap_is_int(bundle_encode(b, &data, len), 0, "encodes");
	return data;
}

/* So that what is wrong behind the checksum is found there, and not by it. */
static void sign(uint8_t *data, size_t len)
{
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, data + HEAD_SIZE, len - HEAD_SIZE);
	SHA256Final(data + SUM_AT, &ctx);
}

static void test_round_trip(void)
{
	struct bundle b;
	size_t len;
	uint8_t *data = encode(&sample, &len);
	const struct bundle_prog *prog;

	tap_is_int(bundle_decode(data, len, &b, why, sizeof(why)), 0, "decodes");
	free(data);
	tap_ok(!memcmp(&b.key, &sample.key, sizeof(b.key)), "key");
	tap_is_str(b.license, "Dual BSD/GPL", "licence");
	tap_is_int(b.map_cnt, 2, "two maps");
	tap_ok(!memcmp(b.maps, maps, sizeof(maps)), "maps");
	tap_is_int(b.prog_cnt, 2, "two programs");
	prog = bundle_find_prog(&b, "kp_tcp_connect");
	tap_ok(prog && prog->insn_cnt == 7 && !memcmp(prog->insns, insns, sizeof(insns)), "instructions");
	tap_ok(prog && prog->reloc_cnt == 2 && !memcmp(prog->relocs, relocs, sizeof(relocs)), "relocations");
	prog = bundle_find_prog(&b, "tc_egress");
	tap_ok(prog && prog->insn_cnt == 1 && prog->reloc_cnt == 0, "a program without relocations");
	tap_ok(!bundle_find_prog(&b, "tc_ingress"), "a program that is not there");
	bundle_free(&b);
	tap_ok(!b.maps && !b.progs, "freed");
}

static void test_truncated(void)
{
	struct bundle b;
	size_t len;
	uint8_t *data = encode(&sample, &len);
	int refused = 0, refused_signed = 0;

	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1); /* its own allocation, so that the sanitizer sees the end */
		uint32_t rest = (uint32_t)(cut - HEAD_SIZE);

		memcpy(copy, data, cut);
		refused += bundle_decode(copy, cut, &b, why, sizeof(why)) == -EINVAL;
		if (cut >= HEAD_SIZE) {
			memcpy(copy + 12, &rest, sizeof(rest));
			sign(copy, cut);
			refused_signed += bundle_decode(copy, cut, &b, why, sizeof(why)) == -EINVAL;
		}
		free(copy);
	}
	tap_is_int(refused, len, "every shorter length is refused");
	tap_is_int(refused_signed, len - HEAD_SIZE, "also with length and checksum made to fit");
	free(data);
}

/* Each byte in turn gets a few values: without a new checksum all must be refused, with one it must do no
 * harm. */
static void test_damaged(void)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff};
	struct bundle b;
	size_t len, accepted = 0, bent = 0;
	uint8_t *data = encode(&sample, &len);

	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < sizeof(flips); i++) {
			data[at] ^= flips[i];
			if (!bundle_decode(data, len, &b, why, sizeof(why))) {
				bundle_free(&b);
				accepted++;
			}
			sign(data, len);
			if (at >= HEAD_SIZE && !bundle_decode(data, len, &b, why, sizeof(why))) {
				bent += b.map_cnt != 2 || b.prog_cnt != 2;
				bundle_free(&b);
			}
			data[at] ^= flips[i];
			sign(data, len);
		}
	}
	tap_is_int(accepted, 0, "no damaged byte gets past the checksum");
	tap_is_int(bent, 0, "no bent count is believed");
	free(data);
}

static void refuses(const struct bundle *b, const char *reason, const char *what)
{
	struct bundle got;
	size_t len;
	uint8_t *data = encode(b, &len);

	tap_is_int(bundle_decode(data, len, &got, why, sizeof(why)), -EINVAL, "refuses %s", what);
	tap_ok(strstr(why, reason), "and says \"%s\": %s", reason, why);
	free(data);
}

static void test_hostile(void)
{
	struct bpf_insn fd_load[3] = {
		{BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, 5}, {0}, {BPF_JMP | BPF_EXIT}};
	struct bundle_reloc reloc = {0, 0};
	struct bundle_prog prog = {"tc_x", fd_load, 3, NULL, 0};
	struct bundle_map map = maps[0];
	struct bundle b = sample;

	b.progs = &prog;
	b.prog_cnt = 1;
	refuses(&b, "without a relocation", "a descriptor's number in an instruction");
	prog.relocs = &reloc;
	prog.reloc_cnt = 1;
	refuses(&b, "without a relocation", "a number under a relocation");
	fd_load[0].imm = 0;
	reloc.map = 2;
	refuses(&b, "without a relocation", "a relocation to a map that is not there");
	reloc.map = 1;
	reloc.insn = 1;
	refuses(&b, "without a relocation", "a relocation of another instruction");
	reloc.insn = 0;
	fd_load[0].src_reg = 0;
	refuses(&b, "without a map reference", "a relocation of a constant");
	fd_load[0].src_reg = 2; /* BPF_PSEUDO_MAP_VALUE */
	refuses(&b, "unknown kind", "an address in a map");
	fd_load[0].src_reg = BPF_PSEUDO_MAP_FD;
	prog.insn_cnt = 1;
	refuses(&b, "within an instruction", "half a load");
	prog.insn_cnt = 0;
	prog.reloc_cnt = 0;
	refuses(&b, "without instructions", "an empty program");
	b = sample;
	b.maps = &map;
	b.map_cnt = 1;
	strcpy(map.name, "m\033[2J");
	refuses(&b, "not text", "control characters in a name");
	strcpy(map.name, "../m");
	refuses(&b, "not an identifier", "a name that is a path");
	memset(map.name, 'm', sizeof(map.name));
	refuses(&b, "no end", "a name without an end");
}

static void test_head(void)
{
	struct bundle b;
	size_t len;
	uint8_t *data = encode(&sample, &len);
	uint32_t version = BUNDLE_VERSION + 1;

	tap_is_int(
		bundle_decode((const uint8_t *)"", 0, &b, why, sizeof(why)), -EINVAL, "nothing is no bundle");
	tap_is_str(why, "not a bundle", "and said to be none");
	memcpy(data + 8, &version, sizeof(version));
	tap_is_int(bundle_decode(data, len, &b, why, sizeof(why)), -EINVAL, "another version is refused");
	tap_ok(strstr(why, "format"), "by its format: %s", why);
	free(data);
}

static void differs(
	struct bundle_key *have, int carried, int want_err, const char *want_why, const char *what)
{
	why[0] = 0;
	tap_is_int(bundle_key_compare(have, &sample.key, carried, why, sizeof(why)), want_err, "%s", what);
	tap_is_str(why, want_why, "its clause");
	*have = sample.key;
}

static void test_key(void)
{
	struct bundle_key have = sample.key;

	differs(&have, 0, 0, "", "equal keys");
	strcpy(have.release, "6.1.0-28-amd64");
	differs(&have, 1, -ESTALE, "kernel release 6.1.0-28-amd64, here 6.1.0-27-amd64", "another release");
	strcpy(have.notes, "fedcba9876543210");
	differs(&have, 1, -ESTALE,
		"another build of the same kernel release: notes hash fedcba987654, here 0123456789ab",
		"another build");
	strcpy(have.version, "#2");
	differs(&have, 0, -ESTALE, "kernel build #2, here #1 SMP Debian 6.1.115-1",
		"another uname -v, cached");
	strcpy(have.version, "#2");
	differs(&have, 1, 0, "", "another uname -v, carried: the notes decide");
	have.notes[0] = 0;
	differs(&have, 1, -ESTALE,
		"another build of the same kernel release: notes hash unknown, here 0123456789ab",
		"notes that could not be read there");
	strcpy(have.text, "other");
	differs(&have, 1, -ESTALE, "another BPF text (another version of pidtap)", "another text, carried");
	strcpy(have.headers, "other");
	differs(&have, 1, 0, "", "other headers, carried");
	strcpy(have.headers, "other");
	differs(&have, 0, -ESTALE, "other kernel headers", "other headers, cached");
	strcpy(have.flags, "other");
	differs(&have, 0, -ESTALE, "other compiler flags", "other flags, cached");
	strcpy(have.compiler, "other");
	differs(&have, 0, -ESTALE, "another pidtap-cc or libbcc", "another compiler, cached");
}

static void test_key_without_notes(void)
{
	struct bundle_key have = sample.key, here = sample.key;

	have.notes[0] = here.notes[0] = 0;
	tap_is_int(bundle_key_compare(&have, &here, 1, why, sizeof(why)), 0,
		"no notes on either side, same uname -v");
	strcpy(have.version, "#2");
	tap_is_int(
		bundle_key_compare(&have, &here, 1, why, sizeof(why)), -ESTALE, "no notes: uname -v decides");
}

static void test_file(void)
{
	char dir[] = "/tmp/test_bundle.XXXXXX", path[64], link[64];
	struct bundle b = {0};
	struct stat st = {0};

	tap_ok(mkdtemp(dir), "a directory");
	snprintf(path, sizeof(path), "%s/b", dir);
	snprintf(link, sizeof(link), "%s/l", dir);
	tap_is_int(bundle_write(path, &sample), 0, "writes");
	tap_ok(!stat(path, &st) && (st.st_mode & 0777) == 0600, "for nobody else to read");
	tap_is_int(bundle_read(path, &b, why, sizeof(why)), 0, "reads it back");
	tap_ok(!memcmp(&b.key, &sample.key, sizeof(b.key)), "the same");
	bundle_free(&b);
	tap_is_int(symlink(path, link), 0, "a symbolic link");
	tap_is_int(bundle_read(link, &b, why, sizeof(why)), -ELOOP, "is not followed");
	tap_is_str(why, "a symbolic link", "and called by its name");
	tap_is_int(unlink(link) || mkfifo(link, 0600), 0, "a FIFO");
	tap_is_int(bundle_read(link, &b, why, sizeof(why)), -EINVAL, "is not waited for");
	tap_is_int(unlink(link), 0, "the FIFO goes");
	tap_is_int(bundle_read(link, &b, why, sizeof(why)), -ENOENT, "no file");
	tap_is_int(truncate(path, BUNDLE_FILE_MAX + 1L), 0, "a file above the limit");
	tap_is_int(bundle_read(path, &b, why, sizeof(why)), -EINVAL, "is not read");
	tap_is_int(truncate(path, 0), 0, "an empty file");
	tap_is_int(bundle_read(path, &b, why, sizeof(why)), -EINVAL, "is no bundle");
	tap_is_int(unlink(path) || rmdir(dir), 0, "no temporary file was left");
	tap_is_int(bundle_write(path, &sample), -ENOENT, "no directory to write to");
}

int main(void)
{
	test_round_trip();
	test_truncated();
	test_damaged();
	test_hostile();
	test_head();
	test_key();
	test_key_without_notes();
	test_file();
	return tap_done();
}
