/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/ring.c compat/cpus.c src/base/sysroot.c src/base/buf.c -lbcc_bpf -lbpf -lelf -lz */
/* The ring against the kernel: a classifier that is run by hand sends what it is given. Needs root. */
#include "compat/cpus.h"
#include "source/ring.h"
#include "tap.h"

#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_BYTES 16384
#define WATERMARK 4096
#define PAYLOAD_MIN 14 /* the kernel wants an Ethernet header */
#define PAYLOAD_MAX 3000
#define META 8 /* what the program sends before the packet's bytes */

static int map_fd, prog_fd;
static struct ring *ring;

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int new_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = cpus_possible();
	return bpf(BPF_MAP_CREATE, &attr);
}

/* Sends eight bytes of ones and the whole packet to the buffer of this CPU; returns what the helper says. */
static int load_sender(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 3, .src_reg = 1}, /* skb->len */
		{.code = BPF_ALU64 | BPF_LSH | BPF_K, .dst_reg = 3, .imm = 32},
		{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 4, .imm = -1}, /* BPF_F_CURRENT_CPU */
		{0},
		{.code = BPF_ALU64 | BPF_OR | BPF_X, .dst_reg = 3, .src_reg = 4},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
			.dst_reg = 2,
			.src_reg = BPF_PSEUDO_MAP_FD,
			.imm = map_fd},
		{0},
		{.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 10, .off = -META, .imm = -1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 4, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 4, .imm = -META},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 5, .imm = META},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_perf_event_output},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = sizeof(insns) / sizeof(*insns);
	attr.license = (uintptr_t) "GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

/* The payload of record `nr`: it tells its number and its length apart from others. */
static size_t make_payload(uint32_t nr, uint8_t *to)
{
	size_t len = PAYLOAD_MIN + nr * 977 % (PAYLOAD_MAX - PAYLOAD_MIN);

	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(nr + i * 7);
	return len;
}

/* 0, or what the helper says where there is no room. */
static int send_bytes(const uint8_t *data, size_t len)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog_fd;
	attr.test.data_in = (uintptr_t)data;
	attr.test.data_size_in = (uint32_t)len;
	attr.test.repeat = 1;
	return bpf(BPF_PROG_TEST_RUN, &attr) ? -errno : (int)attr.test.retval;
}

static int send_nr(uint32_t nr)
{
	uint8_t data[PAYLOAD_MAX];
	size_t len = make_payload(nr, data);

	return send_bytes(data, len);
}

/* Is this the record of that number, in front of at most 7 bytes of padding? */
static bool is_nr(const uint8_t *rec, size_t len, uint32_t nr)
{
	uint8_t want[PAYLOAD_MAX];
	size_t want_len = make_payload(nr, want);

	return rec && (uintptr_t)rec % 4 == 0 && len >= META + want_len && len < META + want_len + 8 &&
	       rec[0] == 0xff && !memcmp(rec + META, want, want_len);
}

static void test_step_by_step(size_t cpu)
{
	const uint8_t *first;
	size_t len = 0;

	ring_refresh(ring);
	tap_ok(!ring_peek(ring, cpu, &len), "an empty ring");
	send_nr(1);
	send_nr(2);
	tap_ok(!ring_peek(ring, cpu, &len), "what came since is not seen yet");
	ring_refresh(ring);
	first = ring_peek(ring, cpu, &len);
	tap_ok(is_nr(first, len, 1), "the oldest");
	tap_ok(ring_peek(ring, cpu, &len) == first, "looking takes nothing away");
	ring_pop(ring, cpu);
	first = ring_peek(ring, cpu, &len);
	tap_ok(is_nr(first, len, 2), "the next");
	ring_pop(ring, cpu);
	tap_ok(!ring_peek(ring, cpu, &len), "and no more");
	ring_pop(ring, cpu);
	ring_commit(ring);
	tap_is_int(ring_fill_percent(ring), 0, "all given back");
	tap_is_int(ring_lost(ring), 0, "nothing lost");
}

/* Record lengths share no factor with the buffer's: they wrap around its end at every place. */
static void test_wrap_around(size_t cpu)
{
	uint32_t sent = 0, got = 0, wrong = 0;
	const uint8_t *rec;
	size_t len;

	while (sent < 3000) {
		for (uint32_t n = 0; n < 1 + sent % 4; n++)
			wrong += send_nr(sent++) != 0;
		ring_refresh(ring);
		for (; (rec = ring_peek(ring, cpu, &len)); ring_pop(ring, cpu))
			wrong += !is_nr(rec, len, got++);
		ring_commit(ring);
	}
	tap_is_int(wrong, 0, "3000 records, whole and in order");
	tap_is_int(got, sent, "none is missing");
}

static void test_full(size_t cpu)
{
	uint32_t kept = 0, refused = 0, wrong = 0;
	uint8_t data[1000] = {0};
	const uint8_t *rec;
	size_t len;

	for (int i = 0; i < 100; i++) {
		if (send_bytes(data, sizeof(data)))
			refused++;
		else
			kept++;
	}
	ring_refresh(ring);
	tap_ok(refused > 80 && kept > 10, "a full ring refuses (%u of 100)", refused);
	tap_ok(ring_fill_percent(ring) > 90 && ring_fill_percent(ring) <= 100, "%u percent",
		ring_fill_percent(ring));
	for (; (rec = ring_peek(ring, cpu, &len)); ring_pop(ring, cpu))
		kept--;
	tap_is_int(kept, 0, "what was kept is there");
	tap_ok(send_bytes(data, sizeof(data)), "popped is not given back");
	refused++;
	ring_commit(ring);
	wrong += send_nr(7) != 0;
	ring_refresh(ring);
	rec = ring_peek(ring, cpu, &len);
	tap_ok(!wrong && is_nr(rec, len, 7), "given back: it takes more");
	tap_is_int(ring_lost(ring), refused, "and says how many it refused");
	ring_pop(ring, cpu);
	ring_commit(ring);
}

/* Of a fresh ring: the kernel counts from wake-up to wake-up, not from what was read. */
static void test_watermark(size_t cpu)
{
	struct pollfd p = {.fd = ring_fd(ring, cpu), .events = POLLIN};
	uint8_t data[1000] = {0};
	size_t len;

	send_bytes(data, sizeof(data));
	send_bytes(data, sizeof(data));
	tap_is_int(poll(&p, 1, 50), 0, "below the watermark nobody is woken");
	for (int i = 0; i < 4; i++)
		send_bytes(data, sizeof(data));
	tap_is_int(poll(&p, 1, 5000), 1, "above it somebody is");
	ring_refresh(ring);
	while (ring_peek(ring, cpu, &len))
		ring_pop(ring, cpu);
	ring_commit(ring);
}

/* All on one CPU, the last one: its number in the ring is not the kernel's where others sleep. */
static size_t pin(void)
{
	uint32_t *cpus = NULL;
	size_t cnt = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpus_online(&cpus, &cnt))
		abort();
	CPU_SET(cpus[cnt - 1], &set);
	tap_is_int(sched_setaffinity(0, sizeof(set), &set), 0, "on CPU %u", cpus[cnt - 1]);
	free(cpus);
	return cnt - 1;
}

static void test_ring(void)
{
	size_t cpu = pin();

	tap_is_int(ring_cpu_cnt(ring), sysconf(_SC_NPROCESSORS_ONLN), "a buffer a CPU");
	test_watermark(cpu);
	test_step_by_step(cpu);
	test_wrap_around(cpu);
	test_full(cpu);
	ring_close(ring);
}

int main(void)
{
	struct ring *none = NULL;

	ring_close(NULL);
	tap_ok(ring_open(-1, RING_BYTES, WATERMARK, &none) < 0 && !none, "no map");
	map_fd = new_map();
	if (map_fd < 0) {
		tap_ok(errno == EPERM, "a ring # SKIP needs root");
		return tap_done();
	}
	prog_fd = load_sender();
	tap_ok(prog_fd >= 0, "the program that sends");
	tap_is_int(ring_open(map_fd, RING_BYTES - 100, WATERMARK, &ring), 0, "a ring");
	if (ring && prog_fd >= 0)
		test_ring();
	return tap_done();
}
