/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/load.c src/source/bundle.c src/base/log.c src/base/patient.c src/base/clock.c src/base/buf.c src/base/sysroot.c compat/cpus.c
 * -lbcc_bpf -lbpf -lelf -lz -lmd */
#include "source/load.h"
#include "tap.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MARK 0x7069647461700001ULL
#define VALUE 0xfedcba9876543210ULL

static struct bpf_insn ld64(uint64_t v, uint8_t src)
{
	return (struct bpf_insn){
		.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 3, .src_reg = src, .imm = (int32_t)v};
}

static struct bpf_insn high(uint64_t v)
{
	return (struct bpf_insn){.imm = (int32_t)(v >> 32)};
}

static const struct bpf_insn move = {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0x74617001};

static uint64_t value_of(const struct bpf_insn *at)
{
	return (uint64_t)(uint32_t)at[1].imm << 32 | (uint32_t)at[0].imm;
}

static void test_patch(void)
{
	struct bpf_insn p[] = {ld64(MARK, 0), high(MARK), move, ld64(MARK + 1, 0), high(MARK + 1),
		ld64(MARK, 0), high(MARK)};

	tap_is_int(load_patch_insns(p, 7, MARK, VALUE), 2, "every load of the mark");
	tap_ok(value_of(p) == VALUE && value_of(p + 5) == VALUE, "holds the value");
	tap_ok(p[0].dst_reg == 3 && p[0].code == (BPF_LD | BPF_IMM | BPF_DW) && !p[1].code && !p[1].dst_reg,
		"and is a load");
	tap_ok(value_of(p + 3) == MARK + 1 && p[2].imm == move.imm, "nothing else");
	tap_is_int(load_patch_insns(p, 7, MARK, VALUE), 0, "none is left");
	tap_is_int(load_patch_insns(p, 7, VALUE, UINT64_MAX), 2, "a mark with its highest bit set");
	tap_ok(value_of(p) == UINT64_MAX, "is found as well");
	tap_is_int(load_patch_insns(p, 7, UINT64_MAX, 0), 2, "a mark of all ones");
	tap_is_int(load_patch_insns(p, 7, 0, 1), 2, "and of none");
}

static void test_what_is_no_mark(void)
{
	struct bpf_insn map[] = {ld64(MARK, BPF_PSEUDO_MAP_FD), high(MARK)};
	struct bpf_insn half[] = {ld64(MARK, 0), high(0), ld64(0, 0), high(MARK)};
	struct bpf_insn across[] = {ld64(1, 0), ld64(MARK, 0), high(MARK)};
	struct bpf_insn cut[] = {move, ld64(MARK, 0)};

	tap_is_int(load_patch_insns(map, 2, MARK, VALUE), 0, "a map's descriptor is no constant");
	tap_is_int(load_patch_insns(half, 4, MARK, VALUE), 0, "half a mark is none");
	tap_is_int(load_patch_insns(across, 3, MARK, VALUE), 0, "the second half of a load is no load");
	tap_is_int(load_patch_insns(cut, 2, MARK, VALUE), 0, "a load cut off by the end");
	tap_is_int(load_patch_insns(cut + 1, 1, MARK, VALUE), 0, "or all there is");
	tap_is_int(load_patch_insns(NULL, 0, MARK, VALUE), 0, "no instruction at all");
}

static int new_hash(uint32_t key_size, uint32_t entries)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_HASH;
	attr.key_size = key_size;
	attr.value_size = 1;
	attr.max_entries = entries;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static void put(int fd, const void *key)
{
	union bpf_attr attr;
	uint8_t value = 1;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)&value;
	syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

static void count_large_keys(void)
{
	uint8_t key[64] = {0};
	int fd = new_hash(sizeof(key), 16);

	for (key[63] = 0; key[63] < 9; key[63]++)
		put(fd, key);
	tap_is_int(map_count(fd, sizeof(key), 16), 9, "keys as large as may be");
	close(fd);
}

static void test_count(void)
{
	int fd = new_hash(4, 100);

	tap_is_int(map_count(-1, 65, 10), -EINVAL, "a key larger than there is room for");
	tap_is_int(map_count(-1, 4, 10), -EBADF, "no map");
	if (fd < 0) {
		tap_ok(errno == EPERM, "counting # SKIP needs root");
		return;
	}
	tap_is_int(map_count(fd, 4, 100), 0, "an empty map");
	for (uint32_t key = 0; key < 100; key++)
		map_put(fd, &key, 1);
	tap_is_int(map_count(fd, 4, 100), 100, "a full one");
	tap_is_int(map_count(fd, 4, 7), 7, "as many as are asked for");
	tap_is_int(map_count(fd, 4, 0), 0, "even none");
	tap_is_int(map_put(fd, &(uint32_t){5}, 2), 0, "a key that is there");
	tap_is_int(map_count(fd, 4, 1000), 100, "is there once");
	tap_is_int(map_put(fd, &(uint32_t){1000}, 1), -E2BIG, "a full map says so");
	tap_is_int(map_add(fd, &(uint32_t){5}, 1), -EEXIST, "adding what is there says so");
	tap_is_int(map_remove(fd, &(uint32_t){5}), 0, "one is taken out");
	tap_is_int(map_remove(fd, &(uint32_t){5}), -ENOENT, "once");
	tap_is_int(map_add(fd, &(uint32_t){5}, 1), 0, "and added again");
	close(fd);
	count_large_keys();
}

int main(void)
{
	test_patch();
	test_what_is_no_mark();
	test_count();
	return tap_done();
}
