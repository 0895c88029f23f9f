/* SPDX-License-Identifier: BSD-2-Clause */
/* The outputs of a capture: which are opened, and how long their readers are waited for. */
#include "session_int.h"
#include "base/log.h"
#include "out/json.h"
#include "out/keylog.h"
#include "out/pcapng.h"
#include "out/text.h"

#include <errno.h>
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
