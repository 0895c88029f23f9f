/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "out/pcapng_block.h"

#define FLUSH_BYTES (64 * 1024)
#define BUF_BYTES (256 * 1024) /* FLUSH_BYTES and the largest packet fit: it never grows in a capture */

int pcapng_file_init(struct pcapng_file *f, int fd, const struct patience *patience)
{
	*f = (struct pcapng_file){.buf = BUF_INIT};
	outfd_init(&f->out, fd, patience);
	if (buf_reserve(&f->buf, BUF_BYTES))
		return 0;
	pcapng_file_fini(f);
	return -ENOMEM;
}

void pcapng_file_fini(struct pcapng_file *f)
{
	buf_free(&f->buf);
	close(f->out.fd);
}

/* Bytes of the blocks that lie wholly in the first `done` of the buffer; counts the packets among them. */
static size_t whole_blocks(const struct buf *b, size_t done, uint64_t *packets)
{
	size_t off = 0;

	while (off < b->len) {
		uint32_t len = get_host32(b->data + off + 4);

		if (off + len > done)
			break;
		if (get_host32(b->data + off) == BLOCK_EPB)
			++*packets;
		off += len;
	}
	return off;
}

static void cut_off(int fd, size_t excess)
{
	off_t end = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (!excess || end < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	/* Nothing is left to do for a file that cannot even be shortened: the write's error is reported. */
	if (!ftruncate(fd, end - (off_t)excess))
		lseek(fd, end - (off_t)excess, SEEK_SET);
}

int pcapng_file_flush(struct pcapng_file *f)
{
	size_t done, whole;
	int err = outfd_write(&f->out, f->buf.data, f->buf.len, &done);

	whole = whole_blocks(&f->buf, done, &f->packets);
	f->bytes += whole;
	cut_off(f->out.fd, done - whole);
	buf_reset(&f->buf);
	return err;
}

int pcapng_file_flush_if_full(struct pcapng_file *f)
{
	return f->buf.len >= FLUSH_BYTES ? pcapng_file_flush(f) : 0;
}
