/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "out/fmt.h"
#include "out/outfile.h"
#include "out/pcapng_block.h"
#include "out/pcapng_comment.h"
#include "out/pcapng_isb.h"
#include "out/pcapng_plain.h"
#include "out/pcapng_proc.h"

#define MAGIC 0x1a2b3c4d
#define LENGTH_UNKNOWN UINT64_MAX /* of the section: it is still being written */
#define LINKTYPE_ETHERNET 1
#define TSRESOL_NS 9	/* 10^-9 s */
#define FILTER_STRING 0 /* first byte of IDB_FILTER: a libpcap expression follows */
#define STREAMS_MAX 16384 /* TLS connections whose plaintext is numbered: about 7 MiB when full */

#define PLAIN_DESCRIPTION                                                                                    \
	"What TLS connections carry, in clear: TCP segments made from it, the outer addresses and the ports are the connection's"

/* epb_flags, bits 0 and 1: 1 inbound, 2 outbound */
_Static_assert(EV_DIR_IN == 1 && EV_DIR_OUT == 2, "ev_packet.dir is written as epb_flags");

struct pcapng {
	struct sink sink;
	struct outfile file;
	struct pcapng_procs *procs;
	struct buf text;   /* of the comment in hand */
	struct buf starts; /* a u64 for each IDB: when it was written */
	uint32_t snaplen;
	const char *filter;
	uint64_t (*now_ns)(void);
	struct pcapng_plain *plain; /* NULL like the next: no plaintext */
	const struct iface *plain_iface;
	uint64_t plain_frames;
};

static uint64_t system_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint32_t iface_cnt(const struct pcapng *f)
{
	return (uint32_t)(f->starts.len / sizeof(uint64_t));
}

/* Ends a call that appended blocks. A block there was no memory for is taken back, what came before it is saved. */
static int commit(struct pcapng *f)
{
	if (buf_error(&f->text) || buf_error(&f->starts))
		return outfile_take_back(&f->file);
	return outfile_commit(&f->file);
}

static void put_section(struct buf *b, const struct pcapng_opts *opts)
{
	size_t begin = block_begin(b, BLOCK_SHB);

	buf_u32(b, MAGIC);
	buf_u16(b, 1); /* version 1.0 */
	buf_u16(b, 0);
	buf_u64(b, LENGTH_UNKNOWN);
	block_option_str(b, SHB_HARDWARE, opts->hardware);
	block_option_str(b, SHB_OS, opts->os);
	block_option_str(b, SHB_APPLICATION, opts->application);
	block_options_end(b);
	block_end(b, begin);
}

static void put_text_option(struct pcapng *f, uint16_t code)
{
	block_option(&f->file.buf, code, f->text.data, f->text.len);
}

static bool take_plain_iface(struct pcapng *f, const struct iface *iface)
{
	f->plain_iface = iface;
	if (!f->plain)
		f->plain = pcapng_plain_new(f->snaplen, STREAMS_MAX);
	return f->plain;
}

static int pcapng_iface(struct sink *s, const struct iface *iface)
{
	struct pcapng *f = (struct pcapng *)s;
	struct buf *b = &f->file.buf;
	const uint8_t resolution = TSRESOL_NS;
	size_t begin;

	if (iface->id != iface_cnt(f))
		return -EINVAL;
	if (iface->plain && !take_plain_iface(f, iface))
		return -ENOMEM;
	begin = block_begin(b, BLOCK_IDB);
	buf_u16(b, LINKTYPE_ETHERNET);
	buf_u16(b, 0);
	buf_u32(b, f->snaplen);
	buf_reset(&f->text);
	fmt_escaped(&f->text, iface->name);
	put_text_option(f, IDB_NAME);
	block_option(b, IDB_TSRESOL, &resolution, sizeof(resolution));
	if (iface->plain)
		block_option_str(b, IDB_DESCRIPTION, PLAIN_DESCRIPTION);
	else if (f->filter) {
		buf_reset(&f->text);
		buf_putc(&f->text, FILTER_STRING);
		buf_puts(&f->text, f->filter);
		put_text_option(f, IDB_FILTER);
	}
	block_options_end(b);
	block_end(b, begin);
	buf_u64(&f->starts, f->now_ns());
	return commit(f);
}

static void put_owner(
	struct pcapng *f, const struct packet *p, const struct pcapng_plain_note *note, const uint32_t *dpib)
{
	const uint32_t ids[] = {p->owner.pid, p->owner.tid};
	struct buf *b = &f->file.buf;

	if (p->owner.pid)
		block_option(b, EPB_PID_TID, ids, sizeof(ids));
	if (dpib)
		block_option_u32(b, EPB_DPIB_INDEX, *dpib);
	buf_reset(&f->text);
	pcapng_comment(&f->text, p);
	if (note)
		pcapng_comment_plain(&f->text, note);
	put_text_option(f, OPT_COMMENT);
}

/* `note`: what plaintext has in its comment besides, or NULL. */
static int put_packet(struct pcapng *f, const struct packet *p, const struct pcapng_plain_note *note)
{
	struct buf *b = &f->file.buf;
	size_t begin;
	const uint32_t *dpib = NULL;
	uint32_t index;

	if (p->owner.pid && pcapng_procs_index(f->procs, &p->owner, b, &index))
		dpib = &index;
	begin = block_begin(b, BLOCK_EPB);
	buf_u32(b, p->iface->id);
	block_time(b, p->ts_ns);
	buf_u32(b, p->caplen);
	buf_u32(b, p->len);
	buf_put(b, p->head, p->head_len);
	buf_put(b, p->body, p->body_len);
	buf_pad(b, 4);
	block_option_u32(b, EPB_FLAGS, p->dir);
	put_owner(f, p, note, dpib);
	block_options_end(b);
	block_end(b, begin);
	f->sink.taken++;
	return commit(f);
}

static int pcapng_packet(struct sink *s, const struct packet *p)
{
	return put_packet((struct pcapng *)s, p, NULL);
}

/* What frames are made of. */
struct chunk {
	struct pcapng *f;
	const struct plain *plain; /* NULL: a connection's end */
};

static int on_plain_frame(void *ctx, const struct plain_frame *frame)
{
	struct chunk *c = ctx;
	const struct pcapng_plain_note note = {c->plain, frame->has_data, frame->missing};
	const uint32_t caplen = frame->len < c->f->snaplen ? frame->len : c->f->snaplen;
	const struct packet p = {
		.ts_ns = frame->ts_ns,
		.iface = c->f->plain_iface,
		.owner = *frame->owner,
		.dir = frame->dir,
		.len = frame->len,
		.caplen = caplen,
		.body = frame->data,
		.body_len = caplen,
	};

	c->f->plain_frames++;
	return put_packet(c->f, &p, &note);
}

static int pcapng_plaintext(struct sink *s, const struct plain *p)
{
	struct pcapng *f = (struct pcapng *)s;
	struct chunk c = {f, p};

	return f->plain_iface ? pcapng_plain_put(f->plain, p, on_plain_frame, &c) : 0;
}

static int pcapng_ended(struct sink *s, const struct plain_end *end)
{
	struct pcapng *f = (struct pcapng *)s;
	struct chunk c = {f, NULL};

	return f->plain_iface ? pcapng_plain_end(f->plain, end, on_plain_frame, &c) : 0;
}

static int pcapng_secret(struct sink *s, const struct secret *secret)
{
	struct pcapng *f = (struct pcapng *)s;
	struct buf *b = &f->file.buf;
	size_t begin = block_begin(b, BLOCK_DSB);
	char line[SECRET_LINE_MAX];
	size_t len = secret_line(secret, line);

	buf_u32(b, DSB_TLS_KEY_LOG);
	buf_u32(b, (uint32_t)len);
	buf_put(b, line, len);
	buf_pad(b, 4);
	block_end(b, begin);
	explicit_bzero(line, sizeof(line));
	return commit(f);
}

static int pcapng_flush(struct sink *s)
{
	return outfile_flush(&((struct pcapng *)s)->file);
}

static int pcapng_finish(struct sink *s, const struct iface_table *ifaces, const struct stats *st)
{
	struct pcapng *f = (struct pcapng *)s;
	uint32_t cnt = iface_cnt(f);
	struct pcapng_isb isb = {
		.end_ns = f->now_ns(),
		.devices = cnt - (f->plain_iface ? 1 : 0),
		.plain_frames = f->plain_frames,
		.stats = st,
	};
	int err;

	for (uint32_t id = 0; id < cnt && id < iface_count(ifaces); id++) {
		isb.iface = iface_at(ifaces, id);
		isb.start_ns = get_host64(f->starts.data + id * sizeof(uint64_t));
		pcapng_isb(&f->file.buf, &f->text, &isb);
	}
	err = commit(f);
	return err ? err : outfile_flush(&f->file);
}

static void pcapng_close(struct sink *s)
{
	struct pcapng *f = (struct pcapng *)s;

	pcapng_plain_free(f->plain);
	pcapng_procs_free(f->procs);
	outfile_fini(&f->file);
	buf_free(&f->text);
	buf_free(&f->starts);
	free(f);
}

static const struct sink_ops pcapng_ops = {
	.name = "pcapng",
	.iface = pcapng_iface,
	.packet = pcapng_packet,
	.plain = pcapng_plaintext,
	.ended = pcapng_ended,
	.secret = pcapng_secret,
	.flush = pcapng_flush,
	.finish = pcapng_finish,
	.close = pcapng_close,
};

int pcapng_open(int fd, const struct pcapng_opts *opts, struct sink **out)
{
	struct pcapng *f = calloc(1, sizeof(*f));
	int err = -ENOMEM;

	if (!f) {
		close(fd);
		return err;
	}
	f->sink.ops = &pcapng_ops;
	f->snaplen = opts->snaplen;
	f->filter = opts->filter;
	f->now_ns = opts->now_ns ? opts->now_ns : system_now_ns;
	err = outfile_init(&f->file, &f->sink, fd, opts->patience);
	if (err) {
		free(f);
		return err;
	}
	f->procs = pcapng_procs_new();
	put_section(&f->file.buf, opts);
	err = f->procs ? commit(f) : -ENOMEM;
	if (!err)
		err = outfile_flush(&f->file);
	if (err)
		pcapng_close(&f->sink);
	else
		*out = &f->sink;
	return err;
}

int pcapng_create(const char *path)
{
	struct stat st;
	int fd;

	if (!strcmp(path, "-"))
		return isatty(STDOUT_FILENO) ? -ENOTTY : outfd_stdout();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* O_CREAT leaves the mode of a file that was there. One that belongs to another user keeps it. */
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid())
		fchmod(fd, 0600);
	return fd;
}
