/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes to the outputs of a capture, and what happens when one fails. */
#include "session_int.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool is_last(const struct session *s, const struct output *o)
{
	for (size_t i = 0; i < s->output_cnt; i++)
		if (s->outputs[i].sink && &s->outputs[i] != o)
			return false;
	return true;
}

static void close_output(struct output *o)
{
	o->sink->ops->close(o->sink);
	o->sink = NULL;
}

/* From here packets are not where they were to be. */
static void note_unwritten(struct session *s, const struct sink *sink)
{
	if (!s->unwritable)
		s->stats.unwritten += sink->taken - sink->packets;
	s->unwritable = true;
	s->status = 1;
}

/* What outfd_write says of a reader is no system error. */
static const char *why(int err)
{
	return err == -ECANCELED ? "its reader does not read" : strerror(-err);
}

/* Ends the capture, unless only a key log ends and there are others; these still get what is in the buffers, and their ends. */
static void fail(struct session *s, struct output *o, int err)
{
	if (o->for_keys && !is_last(s, o)) {
		log_err("cannot write keys to %s: %s; later ones are missing there", o->to, why(err));
		s->status = 1;
		close_output(o);
		return;
	}
	s->stop = true;
	if (err == -EPIPE && o->for_reading) {
		s->full = true;
	} else {
		log_err("cannot write to %s: %s; it holds %" PRIu64 " packets (%" PRIu64
			" bytes) and %s, the closing line counts those that are not in it",
			o->to, why(err), o->sink->packets, o->sink->bytes, o->sink->torn ? "part of one more" : "can be read");
		note_unwritten(s, o->sink);
	}
	close_output(o);
}

/* Calls a function of each output that has one and has not failed; `args` in parentheses. */
#define CALL_EACH(s, function, args)                                                                         \
	for (size_t i = 0; i < (s)->output_cnt; i++) {                                                       \
		struct output *o = &(s)->outputs[i];                                                         \
		int err = o->sink && o->sink->ops->function ? o->sink->ops->function args : 0;               \
                                                                                                             \
		if (err)                                                                                     \
			fail(s, o, err);                                                                     \
	}

void session_sink_iface(struct session *s, const struct iface *iface)
{
	CALL_EACH(s, iface, (o->sink, iface))
}

void session_sink_packet(struct session *s, const struct packet *p)
{
	s->stats.unwritten += s->unwritable;
	CALL_EACH(s, packet, (o->sink, p))
}

void session_sink_secret(struct session *s, const struct secret *secret)
{
	CALL_EACH(s, secret, (o->sink, secret))
}

void session_sink_plain(struct session *s, const struct plain *p)
{
	CALL_EACH(s, plain, (o->sink, p))
}

void session_sink_ended(struct session *s, const struct plain_end *end)
{
	CALL_EACH(s, ended, (o->sink, end))
}

void session_flush_sinks(struct session *s)
{
	CALL_EACH(s, flush, (o->sink))
}

void session_finish_sinks(struct session *s)
{
	CALL_EACH(s, finish, (o->sink, s->ifaces, &s->stats))
}

void session_close_sinks(struct session *s)
{
	for (size_t i = 0; i < s->output_cnt; i++)
		if (s->outputs[i].sink)
			close_output(&s->outputs[i]);
}
