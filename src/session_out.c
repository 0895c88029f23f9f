/* SPDX-License-Identifier: BSD-2-Clause */
/* The outputs of a capture: which are open, and what happens when one fails. */
#include "session_int.h"
#include "base/log.h"
#include "out/keylog.h"
#include "out/pcapng.h"
#include "out/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static void add_output(struct session *s, struct sink *sink, const char *to, bool for_reading)
{
	s->outputs[s->output_cnt++] = (struct output){sink, to, for_reading};
}

static int open_pcapng(struct session *s)
{
	const char *path = s->opts->write_path;
	struct pcapng_opts opts = {.snaplen = s->opts->snaplen, .application = "pidtap " PIDTAP_VERSION};
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
		add_output(s, sink, strcmp(path, "-") ? path : "standard output", false);
	return err;
}

static int open_text(struct session *s)
{
	const struct options *o = s->opts;
	struct text_opts opts = {
		.verbose = o->verbose,
		.quiet = o->quiet,
		.no_packets = !o->print && (o->write_path || o->plaintext),
		.plain = o->plaintext,
		.hex = o->hex,
	};
	struct sink *sink = text_open(stdout, &opts);

	if (!sink)
		return -ENOMEM;
	add_output(s, sink, "standard output", true);
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
	err = keylog_open(fd, &sink);
	if (!err)
		add_output(s, sink, path, false);
	return err;
}

int session_open_sinks(struct session *s)
{
	int err = s->opts->write_path ? open_pcapng(s) : 0;

	if (!err && s->opts->keylog_path)
		err = open_keylog(s);

	if (!err && (!s->opts->write_path || s->opts->print || s->opts->plaintext))
		err = open_text(s);
	return err;
}

/* Ends the capture; the other outputs still get their ends. */
static void fail(struct session *s, struct output *o, int err)
{
	s->full = s->stop = true;
	if (err != -EPIPE || !o->for_reading) {
		log_err("cannot write to %s: %s; it holds %" PRIu64 " packets (%" PRIu64
			" bytes) and can be read, later ones are missing",
			o->to, strerror(-err), o->sink->packets, o->sink->bytes);
		s->status = 1;
	}
	o->sink->ops->close(o->sink);
	o->sink = NULL;
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

void session_sink_packet(struct session *s, const struct packet *p)
{
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

void session_sink_ended(struct session *s, const struct conn *c)
{
	for (size_t i = 0; i < s->output_cnt; i++) {
		struct output *o = &s->outputs[i];
		int err = o->sink && o->sink->ops->ended ? o->sink->ops->ended(o->sink, &c->key, c->sock_id) : 0;

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
			s->outputs[i].sink->ops->close(s->outputs[i].sink);
}
