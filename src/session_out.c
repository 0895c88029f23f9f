/* SPDX-License-Identifier: BSD-2-Clause */
/* The outputs of a capture: which are open, and what happens when one fails. */
#include "session_int.h"
#include "base/log.h"
#include "out/json.h"
#include "out/keylog.h"
#include "out/pcapng.h"
#include "out/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Who is to end waits no longer for a reader that does not read. */
#define READER_NS (2 * NSEC_PER_SEC)

/* The loop, which reads signals, is what waits. Told to end for a second time, it does at once. */
static bool is_over(void *ctx, uint64_t since_ns)
{
	struct session *s = ctx;

	session_on_signals(s);
	if (!s->ends)
		return false;
	return s->ends > 1 || clock_mono_ns() - (since_ns > s->ended_ns ? since_ns : s->ended_ns) >= READER_NS;
}

static void add_output(struct session *s, const struct output *o)
{
	s->outputs[s->output_cnt++] = *o;
}

static int open_pcapng(struct session *s)
{
	const char *path = s->opts->write_path;
	struct pcapng_opts opts = {.patience = &s->patience, .snaplen = s->opts->snaplen, .application = "pidtap " PIDTAP_VERSION};
	char os[2 * sizeof(((struct utsname *)0)->release)];
	struct utsname uts;
	struct sink *sink;
	int err, fd = pcapng_create(path);

	if (fd == -ENOTTY) {
		log_err("-w -: standard output is a terminal; redirect it or name a file");
		return fd;
	}
	if (fd < 0) {
		log_err("cannot write %s: %s", path, strerror(-fd));
		return fd;
	}
	if (!uname(&uts)) {
		snprintf(os, sizeof(os), "%s %s", uts.sysname, uts.release);
		opts.hardware = uts.machine;
		opts.os = os;
	}
	err = pcapng_open(fd, &opts, &sink);
	if (err)
		log_err("cannot write %s: %s", path, strerror(-err));
	else
		add_output(s, &(struct output){.sink = sink, .to = strcmp(path, "-") ? path : "standard output"});
	return err;
}

static struct sink *open_text(const struct session *s, int fd)
{
	const struct options *o = s->opts;
	struct text_opts opts = {
		.verbose = o->verbose,
		.quiet = o->quiet,
		.no_packets = !o->print && (o->write_path || o->plaintext),
		.plain = o->plaintext,
		.hex = o->hex,
		.patience = &s->patience,
	};

	return text_open(fd, &opts);
}

static struct sink *open_json(struct session *s, int fd)
{
	const struct options *o = s->opts;
	const struct json_opts opts = {
		.verbose = o->verbose,
		.quiet = o->quiet,
		.no_packets = !o->print && o->plaintext,
		.plain = o->plaintext,
		.container = session_container,
		.ctx = s,
		.patience = &s->patience,
	};

	return json_open(fd, &opts);
}

/* What is for reading. With -w: only what was asked for by itself. */
static int open_stdout(struct session *s)
{
	const struct options *o = s->opts;
	struct sink *sink;
	int fd;

	if (o->write_path && !strcmp(o->write_path, "-"))
		return 0;
	if (o->write_path && !o->json && !o->print && !o->plaintext)
		return 0;
	fd = outfd_stdout();
	if (fd < 0) {
		log_err("cannot write to standard output: %s", strerror(-fd));
		return fd;
	}
	sink = o->json ? open_json(s, fd) : open_text(s, fd);
	if (!sink)
		return -ENOMEM;
	add_output(s, &(struct output){.sink = sink, .to = "standard output", .for_reading = true});
	return 0;
}

static int open_keylog(struct session *s)
{
	const char *path = s->opts->keylog_path;
	int err, fd = keylog_create(path);
	struct sink *sink;

	if (fd < 0) {
		log_err("cannot write keys to %s: %s%s", path, strerror(-fd),
			fd == -ELOOP ? " (it is a symbolic link: name the file itself)" : "");
		return fd;
	}
	err = keylog_open(fd, &s->patience, &sink);
	if (!err)
		add_output(s, &(struct output){.sink = sink, .to = path, .for_keys = true});
	return err;
}

int session_open_sinks(struct session *s)
{
	int err;

	s->patience = (struct patience){is_over, s};
	err = s->opts->write_path ? open_pcapng(s) : 0;
	if (!err && s->opts->keylog_path)
		err = open_keylog(s);
	return err ? err : open_stdout(s);
}

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

void session_sink_iface(struct session *s, const struct iface *iface)
{
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->iface ? o->sink->ops->iface(o->sink, iface) : 0;

		if (err)
			fail(s, o, err);
	}
}

/* No device has these numbers. */
int session_add_plain_iface(struct session *s)
{
	struct iface *iface;

	if (!s->opts->plaintext || !s->opts->write_path)
		return 0;
	iface = iface_add(s->ifaces, 0, 0, "tls-plaintext", false);
	if (!iface) {
		log_err("out of memory");
		return -ENOMEM;
	}
	iface->plain = true;
	session_sink_iface(s, iface);
	return 0;
}

void session_sink_packet(struct session *s, const struct packet *p)
{
	s->stats.unwritten += s->unwritable;
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->packet ? o->sink->ops->packet(o->sink, p) : 0;

		if (err)
			fail(s, o, err);
	}
}

void session_sink_secret(struct session *s, const struct secret *secret)
{
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->secret ? o->sink->ops->secret(o->sink, secret) : 0;

		if (err)
			fail(s, o, err);
	}
}

void session_sink_plain(struct session *s, const struct plain *p)
{
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->plain ? o->sink->ops->plain(o->sink, p) : 0;

		if (err)
			fail(s, o, err);
	}
}

void session_sink_ended(struct session *s, const struct plain_end *end)
{
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->ended ? o->sink->ops->ended(o->sink, end) : 0;

		if (err)
			fail(s, o, err);
	}
}

void session_flush_sinks(struct session *s)
{
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->flush ? o->sink->ops->flush(o->sink) : 0;

		if (err)
			fail(s, o, err);
	}
}

void session_finish_sinks(struct session *s)
{
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->finish ? o->sink->ops->finish(o->sink, s->ifaces, &s->stats) : 0;

		if (err)
			fail(s, o, err);
	}
}

void session_close_sinks(struct session *s)
{
	for (size_t i = 0; i < s->output_cnt; i++)
		if (s->outputs[i].sink)
			close_output(&s->outputs[i]);
}
