/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pcapng_isb.h"

#include "out/fmt.h"
#include "out/pcapng_block.h"

/* What was received and lost is known for all interfaces together. Of a single one it is therefore known, and
 * of each of several where nothing was lost or filtered: it received what it delivered. */
static void put_counts(struct buf *b, const struct pcapng_isb *isb)
{
	const struct stats *st = isb->stats;
	uint64_t seen = st->kernel[EV_STAT_SEEN];

	if (isb->devices > 1 && seen != st->captured)
		return;
	block_option_u64(b, ISB_IFRECV, isb->devices > 1 ? isb->iface->received : seen);
	/* By the specification our losses are the operating system's. Wireshark shows only ifdrop (its
	 * ui/summary.c), where dumpcap writes the losses of its buffer: one number, told in both places, not
	 * to be added up. */
	block_option_u64(b, ISB_IFDROP, st->lost_ring);
	block_option_u64(b, ISB_OSDROP, st->lost_ring);
}

static void put_totals(struct buf *b, const struct stats *st)
{
	buf_puts(b, "all interfaces: seen=");
	fmt_dec(b, st->kernel[EV_STAT_SEEN]);
	buf_puts(b, " captured=");
	fmt_dec(b, st->captured);
	buf_puts(b, " filtered=");
	fmt_dec(b, st->kernel[EV_STAT_FILTERED] + st->filtered + st->filtered_unknown);
	buf_puts(b, " lost=");
	fmt_dec(b, st->lost_ring);
}

static void put_plain_totals(struct buf *b, const struct stats *st)
{
	buf_puts(b, "plaintext: bytes=");
	fmt_dec(b, st->plain_bytes);
	buf_puts(b, " cut=");
	fmt_dec(b, st->plain_cut);
	buf_puts(b, " lost=");
	fmt_dec(b, st->plain_lost);
}

void pcapng_isb(struct buf *b, struct buf *text, const struct pcapng_isb *isb)
{
	bool plain = isb->iface->plain;
	size_t begin = block_begin(b, BLOCK_ISB);

	buf_u32(b, isb->iface->id);
	block_time(b, isb->end_ns);
	block_option_time(b, ISB_START, isb->start_ns);
	block_option_time(b, ISB_END, isb->end_ns);
	if (!plain)
		put_counts(b, isb);
	block_option_u64(b, ISB_USRDELIV, plain ? isb->plain_frames : isb->iface->received);
	buf_reset(text);
	if (plain)
		put_plain_totals(text, isb->stats);
	else
		put_totals(text, isb->stats);
	block_option(b, OPT_COMMENT, text->data, text->len);
	block_options_end(b);
	block_end(b, begin);
}
