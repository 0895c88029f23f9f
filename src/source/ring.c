/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/ring.h"

#include <bcc/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compat/cpus.h"

#define SCRATCH_SIZE 65536 /* perf_event_header.size is 16 bits wide */

struct cpu_ring {
	int fd;
	uint32_t cpu; /* the kernel's number */
	uint64_t lost;
	struct perf_event_mmap_page *page; /* the control page; data follows it */
	uint8_t *data;
	uint64_t head;	    /* how far the kernel had written at ring_refresh */
	uint64_t tail;	    /* how far we have popped; data_tail follows at ring_commit */
	uint32_t peeked;    /* size of the record shown, 0: none */
	uint8_t *scratch;   /* SCRATCH_SIZE, allocated by the first record that wraps */
};

struct ring {
	uint32_t type; /* of the records that are shown, PERF_RECORD_... */
	size_t page_size;
	size_t data_size; /* of each buffer, a power of two */
	size_t cnt;
	struct cpu_ring cpu[];
};

/* A sample of PERF_SAMPLE_RAW, and what stands in place of records that found no room (perf_event_open(2)). */
struct sample {
	struct perf_event_header header;
	uint32_t size;
	uint8_t raw[];
};

struct lost {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

static int open_event(uint32_t cpu, uint32_t type, size_t watermark)
{
	struct perf_event_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	if (type == PERF_RECORD_SAMPLE) {
		attr.config = PERF_COUNT_SW_BPF_OUTPUT;
		attr.sample_type = PERF_SAMPLE_RAW;
		attr.sample_period = 1;
	} else {
		attr.config = PERF_COUNT_SW_DUMMY;
		attr.mmap = 1; /* for execution only; those of data are mmap_data */
		attr.mmap2 = 1;
	}
	attr.watermark = 1;
	attr.wakeup_watermark = (uint32_t)watermark;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_cpu(struct ring *r, struct cpu_ring *c, int map_fd, uint32_t cpu, size_t watermark)
{
	void *map;

	c->cpu = cpu;
	c->fd = open_event(cpu, r->type, watermark);
	if (c->fd < 0)
		return c->fd;
	map = mmap(NULL, r->page_size + r->data_size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	c->page = map;
	c->data = (uint8_t *)map + r->page_size;
	if ((r->type == PERF_RECORD_SAMPLE && bpf_update_elem(map_fd, &cpu, &c->fd, BPF_ANY)) || ioctl(c->fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return 0;
}

static size_t round_up_pages(size_t bytes, size_t page_size)
{
	size_t size = page_size;

	while (size < bytes && size < SIZE_MAX / 2)
		size *= 2;
	return size;
}

static int open_ring(int map_fd, uint32_t type, size_t bytes, size_t watermark, struct ring **out)
{
	struct ring *r = NULL;
	uint32_t *cpus = NULL;
	size_t cnt;
	int err = cpus_online(&cpus, &cnt);

	if (err)
		return err;
	r = calloc(1, sizeof(*r) + cnt * sizeof(*r->cpu));
	if (!r) {
		err = -ENOMEM;
		goto out;
	}
	r->type = type;
	r->page_size = (size_t)sysconf(_SC_PAGESIZE);
	r->data_size = round_up_pages(bytes, r->page_size);
	for (r->cnt = 0; r->cnt < cnt && !err; r->cnt++)
		err = open_cpu(r, &r->cpu[r->cnt], map_fd, cpus[r->cnt], watermark);
	if (!err)
		*out = r;
out:
	free(cpus);
	if (err)
		ring_close(r);
	return err;
}

int ring_open(int map_fd, size_t bytes, size_t watermark, struct ring **out)
{
	return open_ring(map_fd, PERF_RECORD_SAMPLE, bytes, watermark, out);
}

int ring_open_mappings(size_t bytes, struct ring **out)
{
	return open_ring(-1, PERF_RECORD_MMAP2, bytes, 1, out);
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->cnt; i++) {
		struct cpu_ring *c = &r->cpu[i];

		if (c->page)
			munmap(c->page, r->page_size + r->data_size);
		if (c->fd >= 0)
			close(c->fd);
		free(c->scratch);
	}
	free(r);
}

size_t ring_cpu_cnt(const struct ring *r)
{
	return r->cnt;
}

int ring_fd(const struct ring *r, size_t cpu)
{
	return r->cpu[cpu].fd;
}

void ring_refresh(struct ring *r)
{
	for (size_t i = 0; i < r->cnt; i++)
		/* pairs with the kernel's release in perf_output_put_handle */
		r->cpu[i].head = __atomic_load_n(&r->cpu[i].page->data_head, __ATOMIC_ACQUIRE);
}

/* Bytes [off, off + len) of the buffer, in one piece: in place, or gathered in the scratch area. NULL: no memory. */
static const void *in_one_piece(struct ring *r, struct cpu_ring *c, uint64_t off, size_t len)
{
	size_t at = off & (r->data_size - 1), first = r->data_size - at;

	if (len <= first)
		return c->data + at;
	if (!c->scratch)
		c->scratch = malloc(SCRATCH_SIZE);
	if (!c->scratch)
		return NULL;
	memcpy(c->scratch, c->data + at, first);
	memcpy(c->scratch + first, c->data, len - first);
	return c->scratch;
}

/* A header is never split: records are multiples of 8 long and so is the buffer. */
static const struct perf_event_header *next_header(struct ring *r, struct cpu_ring *c)
{
	return c->tail < c->head ? (const void *)(c->data + (c->tail & (r->data_size - 1))) : NULL;
}

static void skip_other(struct ring *r, struct cpu_ring *c, const struct perf_event_header *h)
{
	if (h->type == PERF_RECORD_LOST) {
		const struct lost *l = in_one_piece(r, c, c->tail, sizeof(*l));

		c->lost += l ? l->lost : 1;
	}
	c->tail += h->size;
}

/* What follows the header, which for a sample is the size of what BPF sent. */
static const void *body_of(const struct perf_event_header *h, size_t *len)
{
	const struct sample *s = (const void *)h;

	if (h->type != PERF_RECORD_SAMPLE) {
		*len = h->size - sizeof(*h);
		return h + 1;
	}
	*len = s->size < h->size - sizeof(*s) ? s->size : h->size - sizeof(*s);
	return s->raw;
}

const void *ring_peek(struct ring *r, size_t cpu, size_t *len)
{
	struct cpu_ring *c = &r->cpu[cpu];
	const struct perf_event_header *h;

	while ((h = next_header(r, c))) {
		const struct perf_event_header *whole = NULL;

		if (h->type == r->type && h->size > sizeof(struct sample))
			whole = in_one_piece(r, c, c->tail, h->size);
		if (whole) {
			c->peeked = h->size;
			return body_of(whole, len);
		}
		if (h->type == r->type)
			c->lost++;
		skip_other(r, c, h);
	}
	return NULL;
}

void ring_pop(struct ring *r, size_t cpu)
{
	r->cpu[cpu].tail += r->cpu[cpu].peeked;
	r->cpu[cpu].peeked = 0;
}

void ring_commit(struct ring *r)
{
	for (size_t i = 0; i < r->cnt; i++)
		/* after everything read above */
		__atomic_store_n(&r->cpu[i].page->data_tail, r->cpu[i].tail, __ATOMIC_RELEASE);
}

unsigned int ring_fill_percent(const struct ring *r)
{
	uint64_t most = 0;

	for (size_t i = 0; i < r->cnt; i++)
		if (r->cpu[i].head - r->cpu[i].tail > most)
			most = r->cpu[i].head - r->cpu[i].tail;
	return (unsigned int)(most * 100 / r->data_size);
}

uint64_t ring_lost(const struct ring *r)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < r->cnt; i++)
		lost += r->cpu[i].lost;
	return lost;
}

uint64_t ring_lost_on(const struct ring *r, size_t cpu, uint32_t *number)
{
	*number = r->cpu[cpu].cpu;
	return r->cpu[cpu].lost;
}
