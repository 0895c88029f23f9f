/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/outfile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_BYTES (64 * 1024)
#define BUF_BYTES (256 * 1024) /* FLUSH_BYTES and the largest packet fit: it never grows in a capture */

struct unit {
	size_t end;	  /* in the buffer */
	uint64_t packets; /* since the beginning, with this one */
};

int outfile_init(struct outfile *f, struct sink *sink, int fd, const struct patience *patience)
{
	*f = (struct outfile){.sink = sink, .buf = BUF_INIT, .units = BUF_INIT};
	outfd_init(&f->out, fd, patience);
	if (buf_reserve(&f->buf, BUF_BYTES))
		return 0;
	outfile_fini(f);
	return -ENOMEM;
}

void outfile_fini(struct outfile *f)
{
	buf_free(&f->buf);
	buf_free(&f->units);
	outfd_close(&f->out);
}

/* Bytes of the units that lie wholly in the first `done` of the buffer; their packets are counted. */
static size_t whole_units(struct outfile *f, size_t done)
{
	size_t whole = 0;
	struct unit u;

	for (size_t off = 0; off < f->units.len; off += sizeof(u)) {
		memcpy(&u, f->units.data + off, sizeof(u));
		if (u.end > done)
			break;
		whole = u.end;
		f->sink->packets = u.packets;
	}
	return whole;
}

/* Whether nothing is left of it. */
static bool cut_off(int fd, size_t excess)
{
	off_t end = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (!excess)
		return true;
	/* what others wrote behind it is theirs */
	if (end < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != end || ftruncate(fd, end - (off_t)excess))
		return false;
	lseek(fd, end - (off_t)excess, SEEK_SET);
	return true;
}

int outfile_flush(struct outfile *f)
{
	size_t done, whole;
	int err = outfd_write(&f->out, f->buf.data, f->committed, &done);

	whole = whole_units(f, done);
	f->sink->bytes += whole;
	f->sink->torn |= !cut_off(f->out.fd, done - whole);
	buf_reset(&f->buf);
	buf_reset(&f->units);
	f->committed = 0;
	return err;
}

int outfile_take_back(struct outfile *f)
{
	f->buf.len = f->committed;
	outfile_flush(f);
	return -ENOMEM;
}

int outfile_commit(struct outfile *f)
{
	const struct unit u = {f->buf.len, f->sink->taken};

	if (!buf_error(&f->buf))
		buf_put(&f->units, &u, sizeof(u));
	if (buf_error(&f->buf) || buf_error(&f->units))
		return outfile_take_back(f);
	f->committed = f->buf.len;
	return f->buf.len >= FLUSH_BYTES ? outfile_flush(f) : 0;
}

int outfile_put(struct outfile *f, const struct buf *unit)
{
	if (buf_error(unit))
		return outfile_take_back(f);
	buf_put(&f->buf, unit->data, unit->len);
	return outfile_commit(f);
}
